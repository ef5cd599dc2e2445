"""Which tokens are scored together: each alone, by words, or by sentences."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import regex
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.model import Model

Unit = Literal["token", "word", "sentence"]
UNITS: Final[tuple[Unit, ...]] = ("token", "word", "sentence")

_PIECE: Final[dict[Unit, regex.Pattern[str]]] = {
    "word": regex.compile(r"\w+(?:['’\-]\w+)*|[^\w\s]+"),
    "sentence": regex.compile(r"\S.*?(?:[.!?…。！？]+[\"'”’)\]]*(?=\s|$)|\n|$)", regex.S),
}


@dataclass(frozen=True)
class Units:
    """A text in pieces, each of one or more tokens, in reading order."""

    tokens: tuple[str, ...]
    of_token: tuple[int, ...]
    """The piece that each token belongs to."""
    texts: tuple[str, ...]
    """What each piece says."""
    held: tuple[bool, ...]
    """Pieces that stay as they are and get no score: what the tokenizer put around the text
    ([CLS], a start token), and the mask that asks the question."""

    @property
    def free(self) -> NDArray[np.intp]:
        """The pieces that are scored."""
        return np.flatnonzero(~np.array(self.held))

    def summed(self, per_token: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum [..., token] to [..., unit]."""
        sums = np.zeros((*per_token.shape[:-1], len(self.texts)), np.float32)
        for token, unit in enumerate(self.of_token):
            sums[..., unit] += per_token[..., token]
        return sums


def units_of(model: Model, text: str, unit: Unit) -> tuple[list[int], Units]:
    """Return the ids of `text` and its pieces.

    A token belongs to the word or sentence of its last letter, so a leading space goes with
    what follows; tokens of spaces alone go with the next piece.

    Raises:
        InspectionError: the text is empty or too long, or has no token of its own.
    """
    if unit not in UNITS:
        raise InspectionError(f"There is no unit '{unit}'; there is: {', '.join(UNITS)}.")
    ids = model.encode(text)
    tokens = model.token_texts(ids)
    special = set(model.tokenizer.all_special_ids)
    fixed = [token in special for token in ids]
    if all(fixed):
        raise InspectionError(
            "This text has only tokens that the tokenizer itself puts there. Type a word or two."
        )
    encoding = model.tokenizer.backend_tokenizer.encode(text, add_special_tokens=True)
    keys = [
        (place,) if fixed[place] or unit == "token" else _piece(text, span, unit)
        for place, span in enumerate(encoding.offsets)
    ]
    of_token, held, parts = _joined(keys, fixed)
    texts = tuple(
        "".join(tokens[place] for place in part)
        if unit == "token" or held[number]
        else text[encoding.offsets[part[0]][0] : encoding.offsets[part[-1]][1]].strip() or " "
        for number, part in enumerate(parts)
    )
    return ids, Units(tokens, tuple(of_token), texts, tuple(held))


def _piece(text: str, span: tuple[int, int], unit: Unit) -> tuple[int, ...]:
    """Return a key of the piece in which the token's last letter stands; spaces have none."""
    start, end = span
    letters = text[start:end].rstrip()
    if not letters:
        return ()
    last = start + len(letters) - 1
    for found in _PIECE[unit].finditer(text):
        if found.start() <= last < found.end():
            return (-1, found.start())
    return (-1, last)


def _joined(
    keys: list[tuple[int, ...]], fixed: list[bool]
) -> tuple[list[int], list[bool], list[list[int]]]:
    of_token: list[int] = []
    held: list[bool] = []
    parts: list[list[int]] = []
    last: tuple[int, ...] | None = None
    for place, key in enumerate(keys):
        # A token of spaces waits for the next piece, or ends the last one.
        if not key:
            after = next((at for at in range(place, len(keys)) if keys[at]), None)
            if after is not None and not fixed[after]:
                key = keys[after]
            else:
                key = last if last is not None and not fixed[place - 1] else (place,)
        if key != last or fixed[place]:
            held.append(fixed[place])
            parts.append([])
        parts[-1].append(place)
        of_token.append(len(parts) - 1)
        last = key
    return of_token, held, parts
