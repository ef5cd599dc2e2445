"""Which tokenizers there are, and which of them are on this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from components.inspection import gguf_file, hub, sources
from components.inspection.errors import InspectionError
from components.inspection.tokenizer import mistral

ASSETS: Final = Path(__file__).parents[3] / "assets"
SUFFIXES: Final = (".json", gguf_file.SUFFIX)
"""How a single file ends that holds a tokenizer."""
LONGEST: Final = 100
"""Characters of the name of a bundled tokenizer."""
Origin = Literal["bundled", "package", "hub"]


@dataclass(frozen=True)
class TokenizerEntry:
    """One line of the list of tokenizers."""

    source: str
    """What `opening.ready` takes: a name, or a hub id."""
    title: str
    origin: Origin
    says: str
    """What it is known for, in a few words."""


KNOWN: Final = (
    TokenizerEntry("gpt2", "GPT-2", "bundled", "bytes, 2019, English web pages"),
    TokenizerEntry("wordpiece", "WordPiece (bundled)", "bundled", "small, as BERT's"),
    TokenizerEntry("unigram", "Unigram (bundled)", "bundled", "small, as T5's"),
    TokenizerEntry("mistral-v1", "Mistral 7B (v1)", "package", "SentencePiece, 32 thousand"),
    TokenizerEntry("mistral-v3", "Mistral 7B (v3)", "package", "v1 and control tokens"),
    TokenizerEntry("mistral-tekken", "Mistral NeMo (tekken)", "package", "bytes, 131 thousand"),
    TokenizerEntry(
        "google-bert/bert-base-uncased", "BERT uncased", "hub", "WordPiece, no capital letters"
    ),
    TokenizerEntry("google-bert/bert-base-cased", "BERT cased", "hub", "WordPiece"),
    TokenizerEntry("google/flan-t5-small", "Flan-T5", "hub", "Unigram"),
    TokenizerEntry("Xenova/gpt-4", "GPT-4", "hub", "bytes, 100 thousand"),
    TokenizerEntry("bigcode/starcoder2-15b", "StarCoder2", "hub", "bytes, for code"),
    TokenizerEntry("facebook/galactica-1.3b", "Galactica", "hub", "bytes, for science"),
    TokenizerEntry("microsoft/Phi-3-mini-4k-instruct", "Phi-3", "hub", "Llama 2's, and chat"),
)
"""The bundled ones, Mistral's, and those that "Hands-On Large Language Models" (2024) compares."""


def tokenizers() -> tuple[TokenizerEntry, ...]:
    """Return `KNOWN` after the tokenizers of the bundled models."""
    models = sorted(path.parent.name for path in (ASSETS / "models").glob("*/tokenizer.json"))
    own = (
        TokenizerEntry(name, name.capitalize(), "bundled", "trained for this app")
        for name in models
    )
    return (*own, *KNOWN)


def title(source: str) -> str:
    """Return how `source` is called on screen."""
    return next((entry.title for entry in tokenizers() if entry.source == source), source)


def bundled_folder(source: str) -> Path | None:
    """Return the folder of a tokenizer that ships with Vitrine, or None."""
    if not source.isprintable() or Path(source).name != source or len(source) > LONGEST:
        return None
    folders = (ASSETS / kind / source for kind in ("tokenizers", "models"))
    return next((folder for folder in folders if (folder / "tokenizer.json").exists()), None)


def on_this_machine(source: str) -> bool:
    """Say whether `source` can be opened with no network."""
    if bundled_folder(source) is not None or sources.local(source, SUFFIXES) is not None:
        return True
    if sources.is_path(source):
        return False
    if source in mistral.FILES:
        return mistral.available(source)
    try:
        return hub.cached(source, patterns=hub.TOKENIZER_FILES) is not None
    except InspectionError:
        return False


def is_path(source: str) -> bool:
    """Say whether `source` is meant as a file or folder, and not as a hub id."""
    return sources.is_path(source) or sources.local(source, SUFFIXES) is not None
