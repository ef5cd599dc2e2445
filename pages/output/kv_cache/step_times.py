"""A kind of Timing: milliseconds of each step, with the cache and without."""

from dataclasses import replace

import numpy as np

from components.figures.kv_cache.tables import timing_rows
from components.figures.kv_cache.timing import beyond, step_times
from components.inspection.kv_cache.summary import Summary, summarize
from components.inspection.kv_cache.timing import Timing
from components.lesson import Ask, Shown, View
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.timed import facts_of, measured
from pages.output.kv_cache.timing_words import answered, headline


def each_step(ask: Ask) -> Shown:
    found = measured(ask)
    summary = summarize(found)
    return replace(step_by_step(ask, found, summary), figure=step_times(found, summary))


def step_by_step(ask: Ask, found: Timing, summary: Summary) -> Shown:
    """Return all but the figure."""
    points = int(np.isfinite(found.seconds).sum())
    text, prompt, new, repeats = ask.measured
    above, facts = beyond(found, summary), facts_of(found)
    return Shown(
        None,
        alt="Milliseconds of each step against the tokens in the text, with and without a cache"
        + (
            f"; without, it takes {summary.time_ratio:.2f} times as long."
            if np.isfinite(summary.time_ratio)
            else "."
        ),
        told=headline(found, summary) + parts.measured_by(ask, found.at, found.machine),
        checks=found.checks,
        table=lambda: timing_rows(found).assign(
            **{key: str(value) for key, value in facts.items()}
        ),
        code=code.timing_code(
            parts.lines_for(ask, found.machine.dtype), text, prompt, new, repeats
        ),
        read=f"Small marks: all {points:,} steps that ran"
        + (f" ({above} lie above the picture)" if above else "")
        + ". Thick lines: the median over the repeats; band: the middle half. Large open marks: "
        "prefill, which reads the whole prompt. Dotted: the line fitted to the decode steps."
        + parts.machine_line(found.machine),
        predict=answered(found, summary, ask.unasked),
        tries="Prompt 8, then 256: which of the two lines moves, and which only its open mark? "
        "One repeat only: would you trust the line? That is how most published timings are made. "
        "Type in another window while it measures: do you see it in the median or in the points?",
        facts=facts,
    )


EACH_STEP = View("", each_step)
