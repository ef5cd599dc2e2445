"""A kind of Timing: when each token was there, with the cache and without."""

from dataclasses import replace

from components.figures.kv_cache.tables import timing_totals
from components.figures.kv_cache.timing import running_totals
from components.inspection.kv_cache.summary import summarize
from components.lesson import Ask, Shown, View
from pages.output.kv_cache import parts
from pages.output.kv_cache.step_times import step_by_step
from pages.output.kv_cache.timed import measured


def in_all(ask: Ask) -> Shown:
    found = measured(ask)
    summary = summarize(found)
    ends = [f"{way.total:.2f} s {way.way}" for way in summary.ways]
    return replace(
        step_by_step(ask, found, summary),
        figure=running_totals(found, summary),
        alt=f"Seconds until each token was there: in all {', '.join(ends)} the cache.",
        table=lambda: timing_totals(summary),
        read="A line's height is the time since the start at which a token was there: the sum of "
        "the medians so far. Nobody waits for the end if each token is shown at once: then what "
        "counts is the time to the **first** token, and that the next ones come faster than one "
        "reads." + parts.machine_line(found.machine),
    )


IN_ALL = View("", in_all)
