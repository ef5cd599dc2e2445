"""What a measurement says: medians, slopes, totals, and why the saving is what it is."""

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from components.inspection.kv_cache.arithmetic import positions
from components.inspection.kv_cache.timing import WAYS, Timing


@dataclass(frozen=True, eq=False)
class WaySummary:
    """One way of writing. Everything is taken over the steps measured at least once."""

    way: str
    steps: int
    """Measured steps, prefill included, from the first on without a gap."""
    median: Float64[np.ndarray, " step"]
    """Seconds, over the repeats."""
    low: Float64[np.ndarray, " step"]
    """Lower quartile."""
    high: Float64[np.ndarray, " step"]
    """Upper quartile."""
    first: float
    """Seconds to the first token: prefill."""
    per_token: float
    """Median seconds of the steps after it; NaN where there are none."""
    total: float
    """Seconds for `steps` tokens: the sum of the medians."""
    slope: float
    """Seconds that a step takes longer for each position more (Theil 1950, Sen 1968: the median
    of all slopes between two steps, which outliers do not move)."""
    slope_low: float
    """Lower end of its 95% interval."""
    slope_high: float
    """Upper end."""
    base: float
    """Seconds of the fitted line at position 0."""
    positions: int
    """Positions that the model computed in these steps."""

    @property
    def slope_told(self) -> bool:
        """The slope's interval lies on one side of 0: below that, it may be noise."""
        return self.slope_low > 0 or self.slope_high < 0

    @property
    def rate(self) -> float:
        """Tokens per second over all measured steps."""
        return self.steps / self.total if self.total else float("nan")


@dataclass(frozen=True, eq=False)
class Summary:
    """Both ways, and what follows."""

    ways: tuple[WaySummary, ...]
    """Those with at least one measured step, in the order of `WAYS`."""
    steps: int
    """Steps that both ways have."""
    time_ratio: float
    """Time without a cache over time with it, for these steps; NaN where one way lacks."""
    position_ratio: float
    """The same for the positions computed."""


def summarize(timing: Timing) -> Summary:
    """Take medians over repeats and fit a line through the decode steps of each way."""
    ways = tuple(
        found
        for number, name in enumerate(WAYS)
        if (found := _way(timing, number, name)) is not None
    )
    if len(ways) < 2:
        return Summary(ways, 0, float("nan"), float("nan"))
    steps = min(way.steps for way in ways)
    cached, bare = (way.median[:steps].sum() for way in ways)
    counted = [positions(timing.start, steps, way) for way in WAYS]
    return Summary(ways, steps, float(bare / cached), counted[1] / counted[0])


def _way(timing: Timing, number: int, name: str) -> WaySummary | None:
    seconds = timing.seconds[number]
    measured = np.isfinite(seconds).any(axis=0)
    steps = len(measured) if measured.all() else int(np.argmin(measured))
    if steps == 0:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a repeat that was not reached is NaN
        low, median, high = np.nanpercentile(seconds[:, :steps], [25, 50, 75], axis=0)
    slope, base, slope_low, slope_high = _line(timing.start + np.arange(1, steps), median[1:])
    return WaySummary(
        way=name,
        steps=steps,
        median=median,
        low=low,
        high=high,
        first=float(median[0]),
        per_token=float(np.median(median[1:])) if steps > 1 else float("nan"),
        total=float(median.sum()),
        slope=slope,
        slope_low=slope_low,
        slope_high=slope_high,
        base=base,
        positions=positions(timing.start, steps, name),  # type: ignore[arg-type]
    )


def _line(
    x: Int64[np.ndarray, " step"], y: Float64[np.ndarray, " step"]
) -> tuple[float, float, float, float]:
    """Return slope, value at 0, and the slope's 95% interval; NaN for fewer than three points."""
    if len(x) < 3:
        return (float("nan"),) * 4
    from scipy.stats import theilslopes

    fit = theilslopes(y, x, 0.95, method="joint")
    return float(fit.slope), float(fit.intercept), float(fit.low_slope), float(fit.high_slope)
