"""Settings for tests of sampling, drawn from the table: a new row is tested at once."""

from collections.abc import Iterable

from hypothesis import strategies as st

from components.inspection.sampling.settings import RANGES, Range, Settings

MOST_WHOLE = 60
"""Beyond this many tokens a test's logits do not go."""


def values(row: Range) -> st.SearchStrategy[float]:
    """Return values of one setting: off half of the time, else any on its scale, ends included."""
    low, high = round(row.low / row.step), round(row.high / row.step)
    if row.whole:
        return st.just(row.off) | st.integers(low, min(high, MOST_WHOLE)) | st.just(high)
    on = st.integers(low, high).map(lambda steps: round(steps * row.step, 9))
    return st.just(row.off) | st.sampled_from([row.low, row.high]) | on


def drawn(names: Iterable[str] = tuple(name for name in RANGES if name != "seed")):
    """Return any combination of the settings called `names`; the others stay off."""
    return st.builds(Settings, **{name: values(RANGES[name]) for name in names})
