"""Tokens found on a map: by what somebody types, by a search, in a prompt."""

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int32

from components.inspection.embeddings.table import KINDS
from components.inspection.embeddings.token_map import TokenMap
from components.inspection.errors import InspectionError
from components.inspection.model import Model

_ID = re.compile(r"#(\d{1,9})\b")
_WORDS = {KINDS.index("begins a word"), KINDS.index("inside a word")}


def prompt_ids(model: Model, prompt: str) -> tuple[int, ...]:
    """Return the tokens of the prompt; none where it cannot be read."""
    try:
        return tuple(model.ids_of(prompt, special=False))
    except InspectionError:
        return ()


def found_token(found: TokenMap, typed: str) -> int | None:
    """Return the point that `typed` means: "#262", or a token's text with or without the space
    before it, else the first that begins so. None if there is none."""
    number = _ID.match(typed.strip())
    if number:
        places = np.flatnonzero(found.ids == int(number[1]))
        return int(places[0]) if len(places) else None
    wanted = typed.replace("·", " ")
    if not wanted.strip():
        return None
    bare = [token.strip().lower() for token in found.tokens]
    for same in (
        lambda at: found.tokens[at] == wanted,
        lambda at: found.tokens[at] == f" {wanted}",
        lambda at: bare[at] == wanted.strip().lower(),
        lambda at: bare[at].startswith(wanted.strip().lower()),
    ):
        place = next((at for at in range(len(bare)) if same(at)), None)
        if place is not None:
            return place
    return None


def first_token(found: TokenMap, ids: Sequence[int]) -> int:
    """Return the point to begin with: the prompt's longest word, else the first word there is."""
    there = set(ids)
    words = [at for at in range(len(found.ids)) if int(found.kinds[at]) in _WORDS]
    own = [at for at in words if int(found.ids[at]) in there]
    if own:
        return max(own, key=lambda at: (len(found.tokens[at]), at))
    return words[0] if words else 0


def matching(found: TokenMap, searched: str) -> Bool[np.ndarray, " point"]:
    """Return which tokens have `searched` in their text, whatever the size of the letters."""
    wanted = searched.replace("·", " ").lower()
    return np.array([bool(wanted) and wanted in token.lower() for token in found.tokens])


def among(found: TokenMap, ids: Sequence[int]) -> Bool[np.ndarray, " point"]:
    """Return which tokens of the map are among `ids`."""
    return np.isin(found.ids, np.array(sorted(set(ids)), dtype=np.int32))


def lengths(found: TokenMap) -> Int32[np.ndarray, " point"]:
    """Return the characters of each token, without the space before a word; at least 1."""
    return np.array([max(1, len(token.strip())) for token in found.tokens], dtype=np.int32)


def of_map(found: TokenMap, counts: Int32[np.ndarray, " row"]) -> Int32[np.ndarray, " point"]:
    """Return the numbers of a whole table that belong to the points of a map."""
    return counts[found.ids]
