"""Several short documents in one row of a model's context, and what keeps them apart."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from components.inspection import noise, rounding
from components.inspection.checks import Check, short
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.positions.measured import position_code
from components.inspection.positions.shift_invariance import SEEDS, angles_allowed
from components.inspection.positions.words import sentence
from components.inspection.premises import require
from components.inspection.premises.answers import answer
from components.inspection.premises.inputs import masked_arguments
from components.inspection.progress import Progress, silent

MOST_DOCUMENTS: Final = 200
MOST_READ: Final = 8
LAID: Final = "each document lies in one row, once"
FITS: Final = "no row is longer than its places"
APART: Final = "masked by document, with positions restarted, each is read as if alone"
COUNTED_ON: Final = "with positions continued through the row, each is read as if alone"


@dataclass(frozen=True)
class Packing:
    """Documents laid into rows of equal length."""

    row: int
    rows: tuple[tuple[int, ...], ...]
    """For each row: the documents in it, in order."""
    lengths: tuple[int, ...]
    """Of each document, in tokens."""

    @property
    def used(self) -> float:
        """Share of all places that hold a token, from 0 to 1."""
        return sum(self.lengths) / (self.row * len(self.rows))

    @property
    def used_padded(self) -> float:
        """The same if each document had a row of its own."""
        return sum(self.lengths) / (self.row * len(self.lengths))

    @property
    def checks(self) -> tuple[Check, ...]:
        """That each document lies in one row, once, and no row is longer than it may be."""
        laid = sorted(document for each in self.rows for document in each)
        lost = sum(a != b for a, b in zip(laid, range(len(self.lengths)), strict=False))
        lost += abs(len(laid) - len(self.lengths))
        over = max(sum(self.lengths[each] for each in row) - self.row for row in self.rows)
        return (
            Check(LAID, float(lost), 0, "A document is lost, or laid twice."),
            Check(FITS, float(max(0, over)), 0, "A row holds more tokens than there are places."),
        )


def packed(lengths: tuple[int, ...], row: int) -> Packing:
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
    return Packing(row, tuple(tuple(sorted(each)) for each in rows), lengths)


@dataclass(frozen=True, eq=False)
class PackedReading:
    """Documents read alone, and behind one another in one row."""

    tokens: tuple[str, ...]
    document: tuple[int, ...]
    """Which document each token belongs to."""
    mask: Bool[np.ndarray, "query key"]
    """Which tokens may be attended to: those of the own document, and not ahead."""
    apart: tuple[float, ...]
    """For each document: largest change of a logit against reading it alone; mask by document,
    positions counted anew in each."""
    counted_on: tuple[float, ...]
    """The same if positions are counted on through the row."""
    no_mask: tuple[float, ...]
    """The same if documents may be attended to by those behind, positions counted
    on."""
    checks: tuple[Check, ...]
    """Of `apart` for each model; of `counted_on` for one that tells distances only, else in
    grey."""
    says: str
    """How the model marks positions."""


def passes(documents: int) -> int:
    """Return how many texts `packed_reading` lets be read, at most: single ones, and rows."""
    return documents * 2 + 3 + noise.SEEDS + SEEDS


def packed_reading(
    model: Model, texts: tuple[str, ...], progress: Progress = silent
) -> PackedReading:
    """Let `model` read `texts` one by one and packed into one row.

    Raises:
        InspectionError: the model takes no mask or positions of ours, reads on from document to
            document in other ways than by attention, gives one answer to a whole text, or the
            texts do not fit.
    """
    if model.kind == "classifier":
        raise InspectionError(
            f"'{model.name}' gives one answer to a whole row, not one behind each token: of "
            "several documents in a row it judges one. Choose a model that writes."
        )
    require(model, "own mask", "positions")
    code = position_code(model)
    if code.first.without_attention:
        raise InspectionError(
            f"{sentence(code)} A mask keeps documents apart in attention only, so here they cannot "
            "be: choose a model all of whose layers attend, such as the storyteller."
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
    expected, handed = _alone(model, alone, progress)
    progress(0.7, "Reading them in one row")
    ways = ((mask, own), (mask, on), (causal, on))
    rows = [_read(model, ids, seen, positions) for seen, positions in ways]
    found = [_changes(expected, row, document) for row in rows]
    # What rounding does to all of them, each by itself in the row.
    allowed = noise.allowed(model, lambda: _read(model, ids, mask, own), rows[0])
    _require_own_mask(model, handed, allowed, alone)
    # A row that stands elsewhere is turned by other angles, which are rounded otherwise.
    turning = angles_allowed(
        model, ids, 0, lambda other, row, _shift: _read(other, row, mask, on), rows[1]
    )
    on_bound = allowed + turning
    # Of numbers one of which is NaN, that one: it is within no bound.
    worst_apart, worst_on = (float(np.max(changes)) for changes in found[:2])
    claimed = code.first.by_distance_alone and (model.anatomy.named or worst_on <= on_bound)
    return PackedReading(
        tokens=model.token_texts(ids),
        document=tuple(document.tolist()),
        mask=mask,
        apart=found[0],
        counted_on=found[1],
        no_mask=found[2],
        checks=(
            Check(
                APART,
                worst_apart,
                allowed,
                "Documents are not kept apart: something leaks from one into the next.",
            ),
            Check(
                COUNTED_ON,
                worst_on,
                on_bound if claimed else None,
                "Something in this network tells where a token stands, not only how far from "
                "another.",
            ),
        ),
        says=sentence(code),
    )


def _alone(
    model: Model, documents: list[list[int]], progress: Progress
) -> tuple[Float64[Tensor, "token answer"], list[float]]:
    """Return the logits of each document read alone, and by how much those of each change when it
    is handed a causal mask."""
    read: list[Float64[Tensor, "token answer"]] = []
    changes = []
    for ids in documents:
        progress(0.7 * len(read) / len(documents), "Reading each document alone")
        plain = answer(model, arguments_of(model, inputs_of(model, ids)))[0]
        causal = np.tril(np.ones((len(ids), len(ids)), dtype=bool))
        rounding.require_numbers(plain)
        changes.append(float((_read(model, ids, causal) - plain).abs().max()))
        read.append(plain)
    return torch.cat(read), changes


def _require_own_mask(
    model: Model, changes: list[float], allowed: float, documents: list[list[int]]
) -> None:
    """Go on if each document is read as ever when it is handed a causal mask.

    Raises:
        InspectionError: its own mask is more than causal, as that of a sliding window.
    """
    off, ids = max(zip(changes, documents, strict=True), key=lambda each: each[0])
    if off > allowed:
        raise InspectionError(
            f"'{model.name}' reads a document of {len(ids)} tokens otherwise when it is handed a "
            f"causal mask (a logit changes by {short(off)}, rounding allows {short(allowed)}): its "
            "own mask is another, as that of a sliding window. Write shorter documents."
        )


def _changes(
    expected: Float64[Tensor, "token answer"],
    found: Float64[Tensor, "token answer"],
    document: Int64[np.ndarray, " token"],
) -> tuple[float, ...]:
    worst = (found - expected).abs().amax(-1).cpu().numpy()
    return tuple(float(worst[document == each].max()) for each in range(document.max() + 1))


def _read(
    model: Model,
    ids: list[int],
    seen: Bool[np.ndarray, "token token"],
    positions: Int64[np.ndarray, " token"] | None = None,
) -> Float64[Tensor, "token answer"]:
    """Return the logits of `ids`, each attending to what it may see, at `positions`."""
    given = arguments_of(model, inputs_of(model, ids))
    masked = masked_arguments(model, torch.from_numpy(seen))
    if positions is not None:
        # RoBERTa's first position is not 0 but follows its reserved rows.
        places = torch.from_numpy(positions + model.anatomy.reserved_positions)[None]
        masked["position_ids"] = places.to(model.device)
    return answer(model, given | masked)[0]
