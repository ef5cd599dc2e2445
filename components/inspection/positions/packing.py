"""Several short documents in one row of a model's context, and what keeps them apart."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.rope import inputs_of

MOST_DOCUMENTS: Final = 200
MOST_READ: Final = 8


@dataclass(frozen=True)
class Packed:
    """Documents laid into rows of equal length."""

    row: int
    rows: tuple[tuple[int, ...], ...]
    """[row]: the documents in it, in order."""
    lengths: tuple[int, ...]
    """[document]: in tokens."""

    @property
    def used(self) -> float:
        """Share of all places that hold a token, from 0 to 1."""
        return sum(self.lengths) / (self.row * len(self.rows))

    @property
    def used_padded(self) -> float:
        """The same if each document had a row of its own."""
        return sum(self.lengths) / (self.row * len(self.lengths))


def packed(lengths: tuple[int, ...], row: int) -> Packed:
    """Lay documents into as few rows as first-fit decreasing finds.

    Never more than 11/9 of the fewest, plus one (Johnson, 1973).

    >>> packed((6, 5, 4, 3, 2), 10).rows
    ((0, 2), (1, 3, 4))

    Raises:
        InspectionError: there is no document, too many, or one that fits no row.
    """
    if not 0 < len(lengths) <= MOST_DOCUMENTS or not all(0 < each <= row for each in lengths):
        raise InspectionError(
            f"Give 1 to {MOST_DOCUMENTS} lengths, each from 1 to the row's {row:,} tokens."
        )
    rows: list[list[int]] = []
    room: list[int] = []
    for document in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        fits = next((r for r, left in enumerate(room) if left >= lengths[document]), None)
        if fits is None:
            rows.append([])
            room.append(row)
            fits = len(rows) - 1
        rows[fits].append(document)
        room[fits] -= lengths[document]
    return Packed(row, tuple(tuple(sorted(each)) for each in rows), lengths)


@dataclass(frozen=True, eq=False)
class PackedReading:
    """Documents read alone, and behind one another in one row."""

    tokens: tuple[str, ...]
    document: tuple[int, ...]
    """[token]: which document it belongs to."""
    mask: NDArray[np.bool_]
    """[reader, read]: may be read; within its own document, and not ahead."""
    apart: tuple[float, ...]
    """[document]: largest change of a logit against reading it alone; mask by document, positions
    counted anew in each."""
    counted_on: tuple[float, ...]
    """[document]: the same if positions are counted on through the row."""
    no_mask: tuple[float, ...]
    """[document]: the same if documents may be read by those behind, positions counted on."""


def packed_reading(model: Model, texts: tuple[str, ...]) -> PackedReading:
    """Let `model` read `texts` one by one and packed into one row.

    Raises:
        InspectionError: the model takes no mask or positions of ours, or the texts do not fit.
    """
    takes = model.kind == "causal" and model.watched
    if not takes or model.anatomy.position not in ("rope", "learned"):
        raise InspectionError(
            f"{model.source} takes no mask by document: choose a decoder such as the storyteller."
        )
    texts = tuple(text for text in texts if text)[:MOST_READ]
    alone = [model.encode(text) for text in texts]
    if not alone:
        raise InspectionError("There is no document to read. Write one a line.")
    ids = model.checked([token for each in alone for token in each])
    document = np.repeat(np.arange(len(alone)), [len(each) for each in alone])
    own = np.concatenate([np.arange(len(each)) for each in alone])
    on = np.arange(len(ids))
    mask = (document[:, None] == document) & (on[:, None] >= on)
    causal = on[:, None] >= on
    with torch.no_grad():
        separately = [model.network(**inputs_of(model, each)).logits[0] for each in alone]
    expected = torch.cat(separately)
    changes = []
    for seen, positions in ((mask, own), (mask, on), (causal, on)):
        found = _read(model, ids, seen, positions)
        worst = (found - expected).abs().amax(-1).float().cpu().numpy()
        changes.append(tuple(float(worst[document == d].max()) for d in range(len(alone))))
    return PackedReading(
        tokens=model.token_texts(ids),
        document=tuple(document.tolist()),
        mask=mask,
        apart=changes[0],
        counted_on=changes[1],
        no_mask=changes[2],
    )


def _read(
    model: Model, ids: list[int], seen: NDArray[np.bool_], positions: NDArray[np.int64]
) -> torch.Tensor:
    hidden = torch.zeros(seen.shape, dtype=model.dtype)
    hidden[~torch.from_numpy(seen)] = torch.finfo(model.dtype).min
    with torch.no_grad():
        return model.network(
            input_ids=torch.tensor([ids], device=model.device),
            attention_mask=hidden[None, None].to(model.device),
            position_ids=torch.from_numpy(positions)[None].to(model.device),
            use_cache=False,
        ).logits[0]
