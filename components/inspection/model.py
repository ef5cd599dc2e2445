"""A loaded model and what every inspection needs to know of it."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from components.inspection.anatomy import Anatomy
from components.inspection.catalogue import short_name
from components.inspection.computed_once import computed_once
from components.inspection.errors import InspectionError
from components.inspection.token_texts import TokenTexts
from components.inspection.tokenizer.backend import checked_text as checked_text
from components.inspection.tokenizer.backend import encoded, unlimited

Kind = Literal["causal", "masked", "seq2seq", "classifier", "headless"]
"""What the model answers with; "headless": with its hidden states only (sentence encoders)."""


@dataclass(frozen=True)
class ModelFacts:
    """What the frame tells of a model, in plain values."""

    source: str
    family: str
    kind: Kind
    parameters: int
    weight_bytes: int
    """Bytes that the weights take in memory, in `dtype`."""
    device: str
    """Where its weights are; "cuda" if they are spread over several GPUs."""
    dtype: str
    context: int
    """Most tokens the model reads at once."""
    vocabulary: int
    layers: int
    heads: int
    kv_heads: int
    width: int
    quantized: str = ""
    """To what its weights were rounded before they were loaded; empty if they were not."""


@dataclass(frozen=True, eq=False)
class Model:
    """A network in eval mode with its tokenizer, on one device. Shared by all readers."""

    source: str
    revision: str
    kind: Kind
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    anatomy: Anatomy
    context: int
    quantized: str = ""
    """To what the weights were rounded before they were loaded, as its file says ("Q4_1"); empty
    if they were not."""
    known: dict[str, Any] = field(default_factory=dict)
    """What was measured on the network (`premises`), kept as long as it is loaded."""

    @property
    def name(self) -> str:
        """What it is called in a sentence: the last part of a path."""
        return short_name(self.source)

    @property
    def device(self) -> torch.device:
        """Where inputs go."""
        return self.network.device

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self.network.dtype

    @property
    def decoder_start(self) -> int:
        """The id an encoder-decoder's decoder begins with.

        Raises:
            InspectionError: neither its configuration nor that of its generation states one.
        """
        config, written = self.network.config, getattr(self.network, "generation_config", None)
        stated = (
            getattr(config, "decoder_start_token_id", None),
            getattr(written, "decoder_start_token_id", None),
            getattr(config, "bos_token_id", None),
            getattr(config, "pad_token_id", None),
        )
        start = next((token for token in stated if isinstance(token, int)), None)
        if start is None:
            raise InspectionError(
                f"'{self.name}' does not say with which token its decoder begins: its "
                "config.json and generation_config.json lack 'decoder_start_token_id'. Add it."
            )
        return start

    @computed_once
    def facts(self) -> ModelFacts:
        """Describe this model in plain values."""
        config = self.network.config.get_text_config()
        parameters = list(self.network.parameters())
        heads = first_number(config, "num_attention_heads", "encoder_attention_heads") or 1
        return ModelFacts(
            source=self.source,
            family=config.model_type,
            kind=self.kind,
            parameters=sum(weight.numel() for weight in parameters),
            weight_bytes=sum(weight.numel() * weight.element_size() for weight in parameters),
            device="cuda" if len({one.device for one in parameters}) > 1 else str(self.device),
            dtype=str(self.dtype).removeprefix("torch."),
            context=self.context,
            vocabulary=first_number(config, "vocab_size") or self.rows_of_embedding,
            layers=first_number(config, "num_hidden_layers", "num_layers") or 0,
            heads=heads,
            kv_heads=count_kv_heads(config),
            width=first_number(config, "hidden_size", "d_model") or 1,
            quantized=self.quantized,
        )

    @computed_once
    def backend(self) -> Tokenizer:
        """The tokenizer proper, which neither pads nor truncates, whatever its file asks for.

        A copy, because transformers sets truncation and padding on its own while it works.
        """
        return unlimited(self.tokenizer.backend_tokenizer.to_str())

    @property
    def rows_of_embedding(self) -> int:
        """How many tokens the network has a vector for.

        Raises:
            InspectionError: it looks none up (Canine makes them out of characters).
        """
        try:
            table = self.network.get_input_embeddings()
        except NotImplementedError as error:
            raise InspectionError(
                f"'{self.name}' ({type(self.network).__name__}) has no table with a vector for "
                "each token: there is nothing that its tokens are looked up in. Choose another "
                "model."
            ) from error
        return len(cast(torch.Tensor, table.weight))

    def takes(self, argument: str) -> bool:
        """Say whether the network can be called with `argument`."""
        return argument in self._parameters

    @computed_once
    def _parameters(self) -> frozenset[str]:
        return frozenset(inspect.signature(self.network.forward).parameters)

    def embeddings(self) -> list[nn.Module]:
        """Return the modules that turn ids into vectors, of the encoder first.

        An encoder-decoder calls its stacks' own tables, never the one that they share; one stack of
        two alone keeps that shared one too, before its own.
        """
        if len(self.anatomy.stacks) == 1:
            table = self.network.get_input_embeddings()
            weight = getattr(table, "weight", None)
            alike: list[nn.Module] = [
                module
                for module in self.network.modules()
                if isinstance(module, nn.Embedding) and module.weight is weight
            ]
            return alike[-1:] or [table]
        found = [
            getattr(stack, "embed_tokens", None) or stack.get_input_embeddings()
            for stack in (self.network.get_encoder(), self.network.get_decoder())
        ]
        return list(dict.fromkeys(found))

    def encode(self, text: str) -> list[int]:
        """Return the token ids of `text`, with the special tokens the model was trained with.

        Raises:
            InspectionError: the text is empty, not writable as UTF-8, or too long.
        """
        if not text:
            raise InspectionError("There is no text to read. Type a few words into the prompt.")
        return self.checked(self.ids_of(text))

    def encode_target(self, text: str) -> list[int]:
        """Return the ids of what a decoder is to say: without special tokens, not checked empty.

        Raises:
            InspectionError: the text is not writable as UTF-8, or too long.
        """
        return self.checked(self.ids_of(text, special=False)) if text else []

    def checked(self, ids: Sequence[int]) -> list[int]:
        """Return `ids` as a list, if the model can read them.

        Raises:
            InspectionError: there are none, too many, or some that the vocabulary lacks.
        """
        if not ids:
            raise InspectionError(
                "The tokenizer makes no token of this text. Type a few letters into the prompt."
            )
        if len(ids) > self.context:
            raise InspectionError(
                f"The text is {len(ids):,} tokens long, but this model reads at most "
                f"{self.context:,}: shorten it by {len(ids) - self.context:,} tokens."
            )
        size = self.rows_of_embedding
        strange = [token for token in ids if not 0 <= token < size]
        if strange:
            raise InspectionError(
                f"Token id {strange[0]} does not exist: the vocabulary has ids 0 to {size - 1}."
            )
        return list(ids)

    def ids_of(self, text: str, special: bool = True) -> list[int]:
        """Return the ids of `text`, however many: with or without special tokens around it.

        Raises:
            InspectionError: the text holds half a surrogate pair, which UTF-8 cannot write.
        """
        return list(self.encoding_of(text, special).ids)

    def encoding_of(self, text: str, special: bool = True) -> Any:
        """Return the whole `tokenizers.Encoding`, which also knows each token's place in `text`.

        Raises:
            InspectionError: as `ids_of`, or the tokenizer itself fails.
        """
        return encoded(self.backend, text, special)

    def token_texts(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Return for each id what it stands for, with its leading space.

        Bytes that are not a character by themselves are written as ⟨F0⟩⟨9F⟩, and an id that the
        network has but the tokenizer lacks as ⟨id 151936⟩.
        """
        return self._texts.of(ids)

    @computed_once
    def _texts(self) -> TokenTexts:
        return TokenTexts(self.tokenizer)


def count_kv_heads(config: PretrainedConfig) -> int:
    """Return how many heads have keys and values of their own, by the model's configuration."""
    heads = first_number(config, "num_attention_heads", "encoder_attention_heads") or 1
    if getattr(config, "multi_query", False) and not getattr(
        config, "new_decoder_architecture", False
    ):
        return 1  # Falcon and StarCoder, which state no number then
    return first_number(config, "num_key_value_heads", "num_kv_heads") or heads


def first_number(config: PretrainedConfig, *names: str) -> int | None:
    """Return the first of the named settings that is a number above 0, of layers that differ the
    largest."""
    for name in names:
        try:
            stated = getattr(config, name, None)
        except (AttributeError, RuntimeError):  # each layer has its own (Gemma 4)
            stated = None
        if isinstance(stated, (list, tuple)):
            stated = max((each for each in stated if isinstance(each, int)), default=None)
        if isinstance(stated, int) and not isinstance(stated, bool) and stated > 0:
            return stated
    return None
