"""The settings that reshape a next-token distribution, their ranges and their order.

Sources: temperature (Ackley, Hinton and Sejnowski 1985), top-k (Fan, Lewis and Dauphin
2018, arXiv:1805.04833), top-p or nucleus (Holtzman et al. 2019, arXiv:1904.09751), typical
(Meister et al. 2022, arXiv:2202.00666), min-p (Nguyen et al. 2024, arXiv:2407.01082),
repetition penalty (Keskar et al. 2019, arXiv:1909.05858), presence and frequency penalties
(OpenAI's API reference, "Parameter details").
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from components.inspection.errors import InspectionError

STEPS: Final = (
    "model",
    "repetition",
    "counts",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
)
"""The names of all stages in order; `model` is what the model itself says."""


@dataclass(frozen=True)
class Range:
    """What one setting may be, ends included, and the value at which it changes nothing."""

    name: str
    label: str
    low: float
    high: float
    step: float
    off: float
    whole: bool
    says: str


RANGES: Final = {
    row.name: row
    for row in (
        Range(
            "repetition_penalty",
            "Repetition penalty",
            0.5,
            3.0,
            0.01,
            1.0,
            False,
            "divides positive logits, and multiplies negative ones, of tokens already there",
        ),
        Range(
            "presence_penalty",
            "Presence penalty",
            -2.0,
            2.0,
            0.05,
            0.0,
            False,
            "is subtracted once from the logit of every token already there",
        ),
        Range(
            "frequency_penalty",
            "Frequency penalty",
            -2.0,
            2.0,
            0.05,
            0.0,
            False,
            "is subtracted from a token's logit once for each time it is already there",
        ),
        Range(
            "temperature",
            "Temperature",
            0.0,
            5.0,
            0.01,
            1.0,
            False,
            "divides every logit: below 1 sharpens, above 1 flattens, 0 is greedy",
        ),
        Range("top_k", "Top-k", 0, 1000, 1, 0, True, "keeps the k likeliest tokens (0: all)"),
        Range(
            "top_p",
            "Top-p",
            0.0,
            1.0,
            0.01,
            1.0,
            False,
            "keeps the fewest likeliest tokens that together reach p",
        ),
        Range(
            "min_p",
            "Min-p",
            0.0,
            1.0,
            0.01,
            0.0,
            False,
            "keeps tokens at least this share as likely as the likeliest",
        ),
        Range(
            "typical_p",
            "Typical-p",
            0.01,
            1.0,
            0.01,
            1.0,
            False,
            "keeps the tokens whose surprise is nearest the average, until they reach this mass",
        ),
        Range("seed", "Seed", 0, 2**31 - 1, 1, 0, True, "starts the random numbers"),
    )
}
"""Every setting by name, in the order in which `transformers` applies them; the seed last."""


@dataclass(frozen=True)
class Settings:
    """One choice of all settings; the defaults change nothing.

    Raises:
        InspectionError: if a value is not a finite number in its range (`RANGES`).
    """

    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            checked(field.name, getattr(self, field.name))

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is always taken and no random number is used."""
        return self.temperature == 0

    def changed(self) -> dict[str, float]:
        """Return the settings that are not off, by name, in the order of application.

        >>> Settings(top_k=5, temperature=0.7).changed()
        {'temperature': 0.7, 'top_k': 5}
        """
        values = {name: getattr(self, name) for name in RANGES}
        return {name: value for name, value in values.items() if value != RANGES[name].off}


def checked(name: str, value: object) -> float:
    """Return `value` as the number that setting `name` takes.

    Raises:
        InspectionError: naming the setting, what was got, and what is accepted.
    """
    row = RANGES[name]
    kind = "a whole number" if row.whole else "a number"
    wanted = f"{kind} from {row.low:g} to {row.high:g}"
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not row.low <= number <= row.high or (row.whole and number != int(number)):
        raise InspectionError(
            f"{row.label} is {value!r:.40}, but must be {wanted}: "
            f"choose {wanted}, or leave it out for {row.off:g}."
        )
    return int(number) if row.whole else number


def from_text(values: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """Read settings from text, as in the address of a page; what cannot be read stays off.

    Returns the settings, and a sentence for each value that was not accepted.

    >>> from_text({"top_k": "5", "temperature": "hot"})[0].changed()
    {'top_k': 5}
    """
    accepted: dict[str, float] = {}
    refused = []
    for name in RANGES.keys() & values.keys():
        try:
            accepted[name] = checked(name, values[name])
        except InspectionError as error:
            refused.append(f"{error} It is {RANGES[name].off:g} now.")
    return Settings(**accepted), tuple(sorted(refused))  # type: ignore[arg-type]
