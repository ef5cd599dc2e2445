"""The settings that process a next-token distribution, their ranges and their order: one table.

`Settings` is the table: a field is a row, and all else is derived from it, in the browser too. Only
a step's arithmetic stands elsewhere: here it is `transformers`' own, there `core.js`.

Sources: temperature (Ackley, Hinton and Sejnowski 1985), top-k (Fan, Lewis and Dauphin
2018, arXiv:1805.04833), top-p or nucleus (Holtzman et al. 2019, arXiv:1904.09751), typical
(Meister et al. 2022, arXiv:2202.00666), min-p (Nguyen et al. 2024, arXiv:2407.01082),
repetition penalty (Keskar et al. 2019, arXiv:1909.05858), presence and frequency penalties
(OpenAI's API reference, "Parameter details").
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal

from components.inspection.errors import InspectionError


@dataclass(frozen=True)
class Range:
    """A row: what one setting may be, ends included, and what it does."""

    name: str
    """If there is a processor, also that of `generate`'s argument."""
    label: str
    low: float
    high: float
    step: float
    off: float
    """The value at which it changes nothing."""
    whole: bool
    says: str
    stage: str
    """The step that it sets, most often alone; empty: none."""
    group: str
    """Under which title its control is folded away; empty: always in sight."""
    processor: str
    """The class in `transformers` that follows it; empty: `generate` lacks it."""
    threshold: Literal["", "token", "sum"]
    """With what it is compared, if it is one: a token's probability, or a sum of many. Then a
    rounding may decide about tokens that stand just there."""


def _row(
    label: str, low: float, high: float, step: float, off: float, says: str, **more: str
) -> Any:
    optional = {"stage": "", "group": "", "processor": "", "threshold": ""} | more
    whole = isinstance(step, int)
    row = {"label": label, "low": low, "high": high, "step": step, "off": off, "whole": whole}
    return field(default=off, metadata=row | {"says": says} | optional)


@dataclass(frozen=True)
class Settings:
    """One choice of all settings; the defaults change nothing.

    In the order in which `transformers` applies them; the seed last.

    Raises:
        InspectionError: if a value is not a finite number in its range (`RANGES`).
    """

    repetition_penalty: float = _row(
        "Repetition penalty",
        *(0.5, 3.0, 0.01),
        off=1.0,
        says="divides positive logits, and multiplies negative ones, of tokens already there",
        stage="repetition",
        group="Penalties",
        processor="RepetitionPenaltyLogitsProcessor",
    )
    presence_penalty: float = _row(
        "Presence penalty",
        *(-2.0, 2.0, 0.05),
        off=0.0,
        says="is subtracted once from the logit of every token already there",
        stage="counts",
        group="Penalties",
    )
    frequency_penalty: float = _row(
        "Frequency penalty",
        *(-2.0, 2.0, 0.05),
        off=0.0,
        says="is subtracted from a token's logit once for each time it is already there",
        stage="counts",
        group="Penalties",
    )
    temperature: float = _row(
        "Temperature",
        *(0.0, 5.0, 0.01),
        off=1.0,
        says="divides every logit: below 1 sharpens, above 1 flattens, 0 is greedy",
        stage="temperature",
        processor="TemperatureLogitsWarper",
    )
    top_k: int = _row(
        "Top-k",
        *(0, 1000, 1),
        off=0,
        says="keeps the k likeliest tokens (0: all)",
        stage="top_k",
        processor="TopKLogitsWarper",
    )
    top_p: float = _row(
        "Top-p",
        *(0.0, 1.0, 0.01),
        off=1.0,
        says="keeps the fewest likeliest tokens that together reach p",
        stage="top_p",
        processor="TopPLogitsWarper",
        threshold="sum",
    )
    min_p: float = _row(
        "Min-p",
        *(0.0, 1.0, 0.01),
        off=0.0,
        says="keeps tokens at least this share as likely as the likeliest",
        stage="min_p",
        group="Two more cuts",
        processor="MinPLogitsWarper",
        threshold="token",
    )
    typical_p: float = _row(
        "Typical-p",
        *(0.01, 1.0, 0.01),
        off=1.0,
        says="keeps the tokens whose surprisal is nearest the entropy, until they reach p",
        stage="typical_p",
        group="Two more cuts",
        processor="TypicalLogitsWarper",
        threshold="sum",
    )
    seed: int = _row("Seed", *(0, 2**31 - 1, 1), off=0, says="starts the random numbers")

    def __post_init__(self) -> None:
        for name in RANGES:
            checked(name, getattr(self, name))

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

    def applied(self) -> dict[str, float]:
        """Return of `changed` those that have anything to do: none after a temperature of 0.

        >>> Settings(repetition_penalty=2, top_k=5, temperature=0, seed=1).applied()
        {'repetition_penalty': 2, 'temperature': 0}
        """
        last = list(RANGES).index("temperature") if self.greedy else len(RANGES)
        there = list(RANGES)[: last + 1]
        return {name: value for name, value in self.changed().items() if name in there}


RANGES: Final = {one.name: Range(name=one.name, **one.metadata) for one in fields(Settings)}
"""The rows by name."""

STEPS: Final = ("model", *dict.fromkeys(row.stage for row in RANGES.values() if row.stage))
"""The names of all stages in order; `model` is what the model itself says."""


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
