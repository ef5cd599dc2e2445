"""The logit lens: what a model would answer at each token if it stopped after each block.

Every state of the residual stream is given to what stands behind the last block (the final norm,
once, the head, and whatever it scales or caps), and the answers are looked at. Earlier blocks were
not trained for that: what they seem to say is a reading, not a belief.

Source: nostalgebraist, "interpreting GPT: the logit lens" (2020). The divergence is that of
Belrose et al., "Eliciting Latent Predictions from Transformers with the Tuned Lens" (2023), (9).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float32

from components.inspection import noise, rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.layers.logit_lens_read import Cells, cells_of
from components.inspection.layers.logit_lens_states import (
    Boundary,
    States,
    states_of,
)
from components.inspection.layers.tail import Tail
from components.inspection.layers.translators import Translator
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

MOST_COLUMNS: Final = 512
MOST_CELLS: Final = 2**30
"""Probabilities that are computed for one grid: about a quarter of a minute on two cores."""
LAST_ROW: Final = "the top row tells the probabilities of the model's own output"


@dataclass(frozen=True)
class Way:
    """What the states were given to, for code that does the same."""

    blocks: str
    """Where the base model keeps its blocks."""
    modules: tuple[tuple[str, float], ...]
    """Path, and what its input is multiplied with; empty where the text was read again instead."""
    factor: float
    divisor: float
    cap: float | None
    bias: bool


@dataclass(frozen=True, eq=False)
class LogitLens:
    """Answers at each boundary and token; `column` counts the tokens that are shown."""

    text: str
    stack: StackName
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    """All that the stack reads."""
    place: int
    """Where the model is asked: its last token, or the mask."""
    first: int
    """The token of column 0."""
    boundaries: tuple[Boundary, ...]
    cells: Cells
    texts: Mapping[int, str]
    """How the tokens are written whose ids are in `cells`."""
    choices: int
    """The size of the vocabulary."""
    way: Way
    without_between: str
    """Why the states after attention are not shown, though they were asked for; or empty."""
    checks: tuple[Check, ...]

    @property
    def columns(self) -> range:
        """Which tokens are shown."""
        return range(self.first, self.first + self.cells.rank.shape[1])

    def leads_from(self, place: int) -> int:
        """Return from which boundary on the final answer at `place` stays the likeliest."""
        second = self.cells.rank[:, place - self.first] > 1
        return int(len(second) - second[::-1].argmax()) if second.any() else 0

    def first_lead(self, place: int) -> int:
        """Return the boundary at which the final answer at `place` is the likeliest first."""
        return int((self.cells.rank[:, place - self.first] == 1).argmax())


def logit_lens(
    model: Model,
    text: str,
    target: str | Sequence[int] | None = None,
    first: int = 0,
    columns: int = MOST_COLUMNS,
    between: bool = False,
    translators: Sequence[Translator | None] | None = None,
    progress: Progress = silent,
) -> LogitLens:
    """Let `model` read `text` and read its stream at `columns` tokens from `first` on.

    With `between`, also after each attention and before the MLP, where there is such a state.
    `translators`: for each boundary what its states are mapped with first, as in the tuned lens.

    Raises:
        InspectionError: as `states_of`, there is no such token, more was asked for than is
            computed here, or what is read are no numbers.
    """
    states = states_of(model, text, target, between)
    shown = _shown(states, first, columns)
    translated = translate(states.rows[:, shown], translators)
    cells = cells_of(states.behind, translated, states.own[shown], progress)
    checks = [states.behind.check(states.rows[-1], states.own)]
    if translators is None or translators[-1] is None:
        own = torch.log_softmax(torch.from_numpy(states.own[shown]).double(), -1).numpy()
        final = own[np.arange(len(own)), cells.final]
        checks.append(
            rounding.compared(
                LAST_ROW,
                cells.log_final[-1],
                final,
                allowed_logs(model, states, shown),
                "The rows were mixed up on the way to the figure, or what stands behind the last "
                "block reads more than one place.",
            )
        )
    known = np.unique(np.concatenate([cells.top.reshape(-1), cells.final])).tolist()
    return LogitLens(
        text=states.text,
        stack=states.stack,
        ids=states.ids,
        tokens=states.tokens,
        place=states.place,
        first=first,
        boundaries=states.boundaries,
        cells=cells,
        texts=dict(zip(known, model.token_texts(known), strict=True)),
        choices=states.own.shape[1],
        way=_way(model, states),
        without_between=states.without_between,
        checks=tuple(checks),
    )


def _shown(states: States, first: int, columns: int) -> slice:
    count, (boundaries, _, _) = len(states.ids), states.rows.shape
    if not 0 <= first < count:
        raise InspectionError(
            f"The first column was to be token {first}, but this text has {count} tokens: choose "
            f"one from 0 to {count - 1}."
        )
    columns = min(columns, count - first)
    most = MOST_CELLS // (boundaries * states.own.shape[1])
    if not 1 <= columns <= min(MOST_COLUMNS, most):
        raise InspectionError(
            f"{columns:,} columns were asked for: with {boundaries} rows and a vocabulary of "
            f"{states.own.shape[1]:,} tokens, 1 to {min(MOST_COLUMNS, most):,} are computed here. "
            "Choose fewer columns, or a shorter text."
        )
    return slice(first, first + columns)


def translate(
    rows: Float32[np.ndarray, "boundary column width"],
    translators: Sequence[Translator | None] | None,
) -> Float32[np.ndarray, "boundary column width"]:
    """Return the states, those of each boundary mapped by its translator, if it has one.

    Raises:
        InspectionError: there are not as many translators as boundaries, or of another width.
    """
    if translators is None:
        return rows
    if len(translators) != len(rows):
        raise InspectionError(
            f"{len(translators)} translators were given for {len(rows)} boundaries: give one, or "
            "None, for each."
        )
    found = rows.copy()
    for boundary, translator in enumerate(translators):
        if translator is None:
            continue
        matrix, bias, width = translator.matrix, translator.bias, rows.shape[-1]
        if matrix.shape != (width, width) or bias.shape != (width,):
            raise InspectionError(
                f"The translator of boundary {boundary} maps {matrix.shape} and adds {bias.shape}; "
                f"the stream is {width} numbers wide: give ({width}, {width}) and ({width},)."
            )
        found[boundary] = rows[boundary] @ matrix.T + bias
    return found


def allowed_logs(model: Model, states: States, shown: slice) -> Float[np.ndarray, " column"]:
    """Return by how much logarithms of probabilities may differ from those of the model's own
    logits, computed with other rows beside them: as far as a rounding of the last stream moves the
    logits, as measured, and what the logarithm itself rounds."""
    last, own = torch.from_numpy(states.rows[-1, shown]), torch.from_numpy(states.own[shown])
    moved = torch.zeros(len(own), dtype=torch.float64)
    for seed in range(noise.SEEDS):
        drawn = torch.rand(last.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        step = 1 + torch.finfo(model.dtype).eps * drawn
        logits = states.behind.logits(last * step).cpu()
        differ = torch.where(logits == own, 0.0, (logits - own).abs())
        moved = torch.maximum(moved, differ.nan_to_num(0.0).amax(-1).double())
    finite = own.masked_fill(~own.isfinite(), float("nan")).numpy()
    size = float(np.nanmax(finite) - np.nanmin(finite))
    found: Float[np.ndarray, " column"] = 2 * noise.ROUNDINGS * moved.numpy()
    return found + 2 * rounding.of_log_softmax(own.shape[1], size)


def _way(model: Model, states: States) -> Way:
    blocks, behind = model.anatomy.stacks[states.stack].blocks, states.behind
    if not isinstance(behind, Tail):
        return Way(blocks, (), 1.0, 1.0, None, False)
    modules = tuple((link.path, link.factor) for link in behind.links)
    end = behind.end
    return Way(blocks, modules, end.factor, end.divisor, end.cap, end.bias is not None)
