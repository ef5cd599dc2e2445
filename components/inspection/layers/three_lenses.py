"""One state of the stream read in three ways: as it is, and as two fitted lenses translate it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float32, Float64, Int64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.layers.logit_lens import logit_lens
from components.inspection.layers.logit_lens_states import Boundary
from components.inspection.layers.translators import TITLES, fitted_lens
from components.inspection.model import Model

Lens = Literal["logit", "tuned", "jacobian"]
LENSES: Final[Mapping[Lens, str]] = {
    "logit": "logit lens",
    "tuned": TITLES["tuned"],
    "jacobian": TITLES["jacobian"],
}
"""What each is called."""
AGREE: Final = "in the last row, which none translates, all three lenses read the same"


@dataclass(frozen=True, eq=False)
class ThreeLenses:
    """What the lenses read at one place, in the order of `LENSES`."""

    tokens: tuple[str, ...]
    place: int
    answer: str
    """What the model says there in the end."""
    boundaries: tuple[Boundary, ...]
    answers: tuple[tuple[str, ...], ...]
    """[lens][boundary]: the likeliest token."""
    probabilities: Float32[np.ndarray, "lens boundary"]
    """Theirs, 0 to 1."""
    of_answer: Float32[np.ndarray, "lens boundary"]
    """0 to 1: the probability of `answer`."""
    rank: Int64[np.ndarray, "lens boundary"]
    """Of `answer`: 1 is the likeliest."""
    divergence: Float32[np.ndarray, "lens boundary"]
    """Of the model's output from what is read, in bits; 0 is the same."""
    held_out: Float64[np.ndarray, "lens boundary"]
    """The same, as the mean over the tokens of texts that no lens was fitted to."""
    held_out_tokens: int
    checks: tuple[Check, ...]

    def first_lead(self, lens: int) -> int:
        """Return the boundary at which `answer` is the likeliest first, as one lens reads."""
        return int((self.rank[lens] == 1).argmax())


def three_lenses(
    model: Model, text: str, target: str | Sequence[int] | None, place: int
) -> ThreeLenses:
    """Let `model` read `text`, and read its stream at `place` with all three lenses.

    Raises:
        InspectionError: no lenses were fitted to this model, or as `logit_lens`.
    """
    fitted = {name: fitted_lens(model, name) for name in TITLES}
    plain = logit_lens(model, text, target, place, 1)
    grids = [plain] + [
        logit_lens(model, text, target, place, 1, translators=one.translators)
        for one in fitted.values()
    ]
    cells = [grid.cells for grid in grids]
    logs = np.stack([one.log_final[:, 0] for one in cells])
    first = next(iter(fitted.values()))
    return ThreeLenses(
        tokens=plain.tokens,
        place=place,
        answer=plain.texts[int(plain.cells.final[0])],
        boundaries=plain.boundaries,
        answers=tuple(
            tuple(grid.texts[int(token)] for token in grid.cells.top[:, 0, 0]) for grid in grids
        ),
        probabilities=np.stack([one.probabilities[:, 0, 0] for one in cells]),
        of_answer=np.exp(logs),
        rank=np.stack([one.rank[:, 0] for one in cells]),
        divergence=np.stack([one.divergence[:, 0] for one in cells]),
        held_out=np.stack([first.bits_untranslated, *(one.bits for one in fitted.values())]),
        held_out_tokens=first.tokens,
        checks=(
            *plain.checks,
            *first.checks,
            rounding.compared(
                AGREE,
                logs[:, -1],
                np.broadcast_to(logs[0, -1], 3),
                0.0,
                "A lens translates the last stream too, or another stream was read.",
            ),
        ),
    )
