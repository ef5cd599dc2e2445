"""The table of a model's vectors, one row for each token, and what kind of token each is."""

import re
from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Float, Int8
from torch import Tensor

from components.inspection.errors import InspectionError
from components.inspection.model import Model

Which = Literal["input", "output"]
"""The table that tokens are looked up in, or that of the last layer, which gives their logits."""
KINDS: Final = (
    "begins a word",
    "inside a word",
    "digits",
    "punctuation",
    "white space",
    "bytes",
    "special",
    "unused",
)
"""Kinds of tokens; "bytes": part of a character, "unused": a row that the tokenizer never names."""
_BYTE: Final = re.compile("(⟨[0-9A-F]{2}⟩)+")
_NO_NAME: Final = re.compile(r"⟨id \d+⟩")


def table_of(model: Model, which: Which = "input") -> Float[Tensor, "row width"]:
    """Return the embeddings or the unembeddings, on the model's device and not copied.

    Of two stacks with tables of their own, the input is the encoder's.

    Raises:
        InspectionError: the model has no such table.
    """
    if which == "input":
        rows = model.rows_of_embedding  # which says why there is none
        weight = getattr(model.embeddings()[0], "weight", None)
        if not isinstance(weight, Tensor) or weight.ndim != 2 or len(weight) != rows:
            raise InspectionError(
                f"The embeddings of '{model.name}' are no table with one row for each token."
            )
        return weight.detach()
    weight = getattr(_head(model), "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim != 2:
        raise InspectionError(
            f"'{model.name}' answers with no token, so it has no table of unembeddings. Choose the "
            "embeddings, or a model that writes or fills in words."
        )
    return weight.detach()


def _head(model: Model) -> Any:
    try:
        return model.network.get_output_embeddings()
    except (AttributeError, NotImplementedError):
        return None


def tied(model: Model) -> bool:
    """Say whether embeddings and unembeddings are the same numbers, by looking at them.

    A model without unembeddings has one table, and no choice either.
    """
    try:
        before, after = table_of(model, "input"), table_of(model, "output")
    except InspectionError:
        return True
    if before.shape != after.shape:
        return False
    return before.data_ptr() == after.data_ptr() or torch.equal(before, after.to(before.device))


def token_kinds(model: Model, rows: int) -> Int8[np.ndarray, " row"]:
    """Return the kind of each of the first `rows` tokens, as its place in `KINDS`."""
    backend = model.backend
    prefix = getattr(backend.model, "continuing_subword_prefix", None) or ""
    pieces = prefix if type(backend.model).__name__ == "WordPiece" else ""
    special = set(model.tokenizer.all_special_ids)
    special |= {at for at, one in backend.get_added_tokens_decoder().items() if one.special}
    texts = model.token_texts(range(rows))
    kinds = ["special" if at in special else kind_of(text, pieces) for at, text in enumerate(texts)]
    return np.array([KINDS.index(kind) for kind in kinds], dtype=np.int8)


def kind_of(text: str, prefix: str = "") -> str:
    """Return the kind of a token by its text. WordPiece writes `prefix` before what goes on.

    >>> kind_of(" the"), kind_of("the"), kind_of(" 12"), kind_of(", "), kind_of("⟨F0⟩")
    ('begins a word', 'inside a word', 'digits', 'punctuation', 'bytes')
    >>> kind_of("the", "##"), kind_of("##ing", "##"), kind_of("  "), kind_of("⟨id 7⟩")
    ('begins a word', 'inside a word', 'white space', 'unused')
    """
    if _NO_NAME.fullmatch(text):
        return "unused"
    if _BYTE.fullmatch(text):
        return "bytes"
    letters = text.removeprefix(prefix) if prefix else text
    if any(char.isalpha() for char in letters):
        begins = letters == text if prefix else text.startswith(" ")
        return "begins a word" if begins else "inside a word"
    if any(char.isdigit() for char in letters):
        return "digits"
    return "punctuation" if letters.strip() else "white space"
