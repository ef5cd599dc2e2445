"""A model looked at before anything is loaded: what it is and how much it weighs."""

from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Final

from transformers import AutoConfig, PretrainedConfig
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
    MODEL_MAPPING_NAMES,
)

from components.inspection import gguf_file
from components.inspection.configuration import read_config
from components.inspection.errors import InspectionError
from components.inspection.folder import check_folder, check_settings, read_json
from components.inspection.model import Kind, first_number
from components.inspection.offers import SINGLE
from components.inspection.safetensors_header import Shapes, read_shapes

SUFFIX: Final = ".safetensors"
INDEX: Final = "model.safetensors.index.json"
SETTINGS: Final = (
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""What else transformers reads, where it is there."""
DEPTHS: Final = (
    "num_hidden_layers",
    "num_layers",
    "encoder_layers",
    "decoder_layers",
    "num_encoder_layers",
    "num_decoder_layers",
)
"""What families call the number of their layers."""
PICKLED: Final = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.h5", "*.msgpack")


@dataclass(frozen=True, eq=False)
class Weights:
    """What the files of a model say."""

    folder: Path
    config: PretrainedConfig
    kind: Kind
    parameters: int
    """As stored; a matrix that is used twice is stored once."""
    gguf: str = ""
    """The name of the .gguf file in `folder` that holds it; empty for safetensors."""
    quantized: str = ""
    """To what its weights were rounded, in words; empty if they were not."""
    shapes: Shapes = field(default_factory=dict)
    """The size of each stored tensor; none of a .gguf file, which has names of its own."""

    def bytes_in(self, dtype: str) -> int:
        """Return how much memory the weights take as `dtype`."""
        return bytes_in(dtype, self.parameters)


def bytes_in(dtype: str, parameters: int) -> int:
    """Return how much memory so many parameters take as `dtype`.

    >>> bytes_in("float32", 3), bytes_in("bfloat16", 3)
    (12, 6)
    """
    return parameters * {"float32": 4, "bfloat16": 2, "float16": 2}[dtype]


def weigh(place: Path, source: str) -> Weights:
    """Read the configuration and the headers of the weights in a folder, or of a .gguf file.

    Raises:
        InspectionError: a file is missing or broken, the weights are pickled only, the model
            needs code of its own, or is of a kind that Vitrine does not show.
    """
    if place.is_file():
        return _gguf_weights(place, source)
    check_folder(place, source)
    config = read_config(place, source)
    kind = _kind(config, source)
    _check_attention(config, source)
    check_settings(place, source, *SETTINGS)
    shapes: Shapes = {}
    for file in _files(place, source):
        shapes |= read_shapes(file, source)
    _check_depth(config, shapes, source)
    parameters = sum(prod(shape) for shape in shapes.values())
    return Weights(place, config, kind, parameters, shapes=shapes)


def config_of(place: Path, source: str) -> PretrainedConfig:
    """Read the configuration in a folder, or of a .gguf file.

    Raises:
        InspectionError: it is missing, broken, or needs code of its own.
    """
    if not place.is_file():
        return read_config(place, source)
    return _gguf_config(place, source, gguf_file.read(place, source))


def _gguf_config(file: Path, source: str, header: gguf_file.GgufHeader) -> PretrainedConfig:
    try:
        return AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
    except Exception as error:  # any strange value ends in a library's own error
        raise InspectionError(
            f"transformers cannot read '{source}', a GGUF file of the architecture "
            f"'{header.architecture}': {type(error).__name__}: {str(error).splitlines()[0][:200]}."
        ) from error


def _gguf_weights(file: Path, source: str) -> Weights:
    header = gguf_file.read(file, source)
    config = _gguf_config(file, source, header)
    _check_attention(config, source)
    return Weights(
        file.parent, config, _kind(config, source), header.parameters, file.name, header.quantized
    )


def _check_attention(config: PretrainedConfig, source: str) -> None:
    try:
        heads = getattr(config.get_text_config(), "num_attention_heads", None)
    except RuntimeError:  # each layer has its own (Gemma 4)
        heads = True
    if heads is None:
        raise InspectionError(
            f"'{source}' is a {config.model_type}, which has no attention: Vitrine shows "
            "transformers. Choose another model."
        )


def _check_depth(config: PretrainedConfig, shapes: Shapes, source: str) -> None:
    """See that there may be as many layers as are stated, before one is built."""
    text = config.get_text_config()
    for name in DEPTHS:
        layers = first_number(text, name) or 0
        if layers > len(shapes):
            raise InspectionError(
                f"The config.json of '{source}' says {name} = {layers:,}, but its weights are "
                f"{len(shapes):,} tensors, and each layer has at least one of its own: the others "
                "would be random. Fetch the model again, or correct the file."
            )


def _files(folder: Path, source: str) -> list[Path]:
    """Return the files that transformers would load: others beside them are not counted."""
    single, index = folder / SINGLE, folder / INDEX
    if single.exists():
        return [single]
    if not index.exists():
        pickled = sorted(file.name for pattern in PICKLED for file in folder.glob(pattern))
        if pickled:
            raise InspectionError(
                f"'{source}' holds pickled weights only ({', '.join(pickled[:3])}). Opening a "
                "pickle can run any code, so Vitrine does not. Save the model again with "
                "save_pretrained of transformers 5, which writes safetensors, and choose that "
                "folder."
            )
        raise InspectionError(f"'{source}' holds no weights: no {SINGLE} in {folder}.")
    try:
        names = sorted(set((read_json(index) or {})["weight_map"].values()))
        odd = [name for name in names if Path(name).name != name or Path(name).suffix != SUFFIX]
    except (KeyError, TypeError, AttributeError):
        raise InspectionError(f"The {INDEX} of '{source}' is broken. Fetch it again.") from None
    if odd or not names:
        raise InspectionError(
            f"The {INDEX} of '{source}' names {repr(odd[0][:80]) if odd else 'no file'}: Vitrine "
            f"reads {SUFFIX} files beside it, and nothing else. Fetch it again."
        )
    shards = [folder / name for name in names]
    missing = [shard.name for shard in shards if not shard.exists()]
    if missing:
        raise InspectionError(
            f"'{source}' lacks {len(missing)} of its {len(shards)} weights files, {missing[0]} "
            "among them. Fetch it again."
        )
    return shards


def _kind(config: PretrainedConfig, source: str) -> Kind:
    """Say what the model does, from the class it was saved as, else from its family."""
    saved = saved_as(config)
    family, both = config.model_type, config.is_encoder_decoder
    if saved.endswith("ForSequenceClassification"):
        if family in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES and not both:
            return "classifier"
    elif saved and saved in _headless(family) and _reads_text(config):
        tied = getattr(config, "tie_word_embeddings", False)
        writes = family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not both
        # Its output layer is its embedding, which is there; an encoder's has more to it.
        fills = family in MODEL_FOR_MASKED_LM_MAPPING_NAMES
        return "causal" if writes and tied and not fills else "headless"
    elif family in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES and both:
        return "seq2seq"
    elif saved.endswith(("ForCausalLM", "LMHeadModel")):
        # One stack of two alone too (BartForCausalLM).
        if family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not both:
            return "causal"
    elif family in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not both:
        return "masked"
    elif family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not both:
        return "causal"
    raise InspectionError(
        f"'{source}' is a {saved or family}: Vitrine shows language models that continue a text, "
        "fill a mask, translate, classify a text, or give its hidden states."
    )


def saved_as(config: PretrainedConfig) -> str:
    """Return the name of the class that the configuration says it was saved as; "" if none."""
    stated = config.architectures
    return str(stated[0]) if isinstance(stated, list) and stated else ""


def _reads_text(config: PretrainedConfig) -> bool:
    try:
        return isinstance(getattr(config.get_text_config(), "vocab_size", None), int)
    except (RuntimeError, ValueError):  # several texts, or each layer its own
        return False


def _headless(family: str) -> set[str]:
    """Return the names of `family`'s classes that give hidden states and nothing else."""
    plain = MODEL_MAPPING_NAMES.get(family, ())
    encoding = MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES.get(family)
    return {*((plain,) if isinstance(plain, str) else plain), *([encoding] if encoding else [])}
