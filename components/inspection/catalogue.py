"""The models on offer: those that ship with Vitrine, and a short list of the hub's."""

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

BUNDLED_FOLDER: Final = Path(__file__).parents[2] / "assets" / "models"


@dataclass(frozen=True)
class HubModel:
    """One line of the curated list."""

    source: str
    family: str
    does: str
    parameters: str
    """As its card says; the exact count is shown once it is loaded."""

    @property
    def name(self) -> str:
        """Without its owner: what people call it."""
        return self.source.rpartition("/")[2]


SENTIMENT: Final = HubModel(
    "distilbert/distilbert-base-uncased-finetuned-sst-2-english",
    "DistilBERT",
    "classifies sentiment",
    "67M",
)
"""The one that classifies."""
ENCODER: Final = HubModel(
    "sentence-transformers/all-MiniLM-L6-v2", "BERT", "embeds sentences", "22.7M"
)
"""The one that was trained to embed sentences."""
HUB_MODELS: Final = (
    HubModel("openai-community/gpt2", "GPT-2", "continues a text", "124M"),
    HubModel("HuggingFaceTB/SmolLM2-135M", "Llama", "continues a text", "135M"),
    HubModel("TinyLlama/TinyLlama-1.1B-Chat-v1.0", "Llama", "continues a text, chats", "1.1B"),
    HubModel("Qwen/Qwen3-0.6B", "Qwen3", "continues a text, chats", "0.6B"),
    HubModel("EleutherAI/pythia-70m", "GPT-NeoX", "continues a text", "70M"),
    HubModel("facebook/opt-125m", "OPT", "continues a text", "125M"),
    HubModel("microsoft/Phi-3-mini-4k-instruct", "Phi-3", "continues a text, chats", "3.8B"),
    HubModel("google-bert/bert-base-uncased", "BERT", "fills a mask", "110M"),
    SENTIMENT,
    ENCODER,
    HubModel("google/flan-t5-small", "T5", "answers an instruction", "77M"),
    HubModel("facebook/bart-base", "BART", "fills gaps in a text", "139M"),
)


def bundled() -> tuple[str, ...]:
    """Return the names of the models that ship with Vitrine."""
    return tuple(sorted(path.parent.name for path in BUNDLED_FOLDER.glob("*/model.safetensors")))


def seen_from_here(path: Path) -> str:
    """Return how code names `path` that runs where Vitrine was started."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def loadable(source: str) -> str:
    """Return what plain `from_pretrained` takes for `source` where Vitrine was started.

    >>> loadable("openai-community/gpt2")
    'openai-community/gpt2'
    """
    return seen_from_here(BUNDLED_FOLDER / source) if source in bundled() else source


def opening(source: str, revision: str = "main") -> str:
    """Return what stands between the brackets of `from_pretrained` for `source`, as Python.

    >>> opening("openai-community/gpt2", "v1"), opening("models/small.gguf")
    ("'openai-community/gpt2', revision='v1'", "'models', gguf_file='small.gguf'")
    """
    path = Path(loadable(source))
    if path.suffix.lower() == ".gguf":
        return f"{str(path.parent)!r}, gguf_file={path.name!r}"
    return f"{loadable(source)!r}" + (f", revision={revision!r}" if revision != "main" else "")


MOST_OF_A_NAME: Final = 40
"""Characters of a model's name in a sentence or on a figure."""


def short_name(source: str) -> str:
    """Return how a source is called in a sentence: of a path the last part, of all no more than 40.

    >>> short_name("/home/me/models/SmolLM2-135M.Q4_1.gguf"), short_name("openai-community/gpt2")
    ('SmolLM2-135M.Q4_1.gguf', 'openai-community/gpt2')
    >>> short_name("a-very-long/name-of-a-model-that-nobody-would-read-to-its-end")
    'a-very-long/name-of…uld-read-to-its-end'
    """
    source = source.strip()
    place = PurePath(source)
    path = place.is_absolute() or source.startswith((".", "~")) or len(place.parts) > 2
    name = place.name if path and place.name else source
    if len(name) <= MOST_OF_A_NAME:
        return name
    half = (MOST_OF_A_NAME - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
