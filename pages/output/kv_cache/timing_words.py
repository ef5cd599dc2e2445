"""What is said of a timing: the question, its answer, ratios and slopes."""

import numpy as np

from components.figures.kv_cache.work import positions_grid
from components.inspection.kv_cache.arithmetic import positions
from components.inspection.kv_cache.summary import Summary
from components.inspection.kv_cache.timing import Timing
from components.lesson import Predict
from pages.output.kv_cache import parts

ANSWERS = ("less than 2 times", "2 to 10 times", "more than 10 times")


def question(start: int, new: int) -> str:
    more = positions(start, new, "without") / positions(start, new, "with")
    return (
        f"Without the cache {more:,.0f} times as many positions are computed. How much longer does "
        "it take?"
    )


def answered(found: Timing, summary: Summary, unasked: bool) -> Predict | None:
    """Ask how much time is saved; what was measured unasked waits for the guess."""
    if not np.isfinite(summary.time_ratio):
        return None
    return Predict(
        question(found.start, found.new),
        ANSWERS,
        ANSWERS[int(np.digitize(summary.time_ratio, [2, 10]))],
        f"{summary.time_ratio:.2f} times. *Roofline* shows why it is not as many times as there "
        "are positions.",
        positions_grid(found.start, found.new) if unasked else None,
    )


def headline(found: Timing, summary: Summary) -> str:
    """Return the ratios, the slopes, and whether both ways chose the same tokens."""
    cached, points = summary.ways[0], int(np.isfinite(found.seconds).sum())
    said = (
        ""
        if found.whole
        else f":orange[Stopped after {found.share:.0%}.] Medians are over the repeats that were "
        "reached.  \n"
    )
    if np.isfinite(summary.time_ratio):
        said += (
            f"Without the cache it takes **{summary.time_ratio:.2f} times** as long, for "
            f"**{parts.ratio(summary.position_ratio)} times** as many positions. "
        )
    said += f"With it, the first token comes after **{cached.first * 1e3:.1f} ms**"
    if np.isfinite(cached.per_token):
        said += f", then **{1 / cached.per_token:,.0f} tokens per second**"
    said += (
        ". Both ways chose the **same tokens** at every measured step."
        if not found.different
        else f". At **{found.different}** of {points:,} steps the ways chose **different tokens**: "
        "see *Logits*."
    )
    return f"{said}  \n{slopes(summary)}"


def slopes(summary: Summary) -> str:
    said = []
    for way in summary.ways:
        name = f"{'With' if way.way == 'with' else 'Without'} the cache"
        interval = f"95%: {way.slope_low * 1e6:+,.1f} to {way.slope_high * 1e6:+,.1f} µs"
        if way.slope_told:
            said.append(
                f"{name}: **{way.slope * 1e6:+,.1f} µs** per step for each extra token of context "
                f"({interval})."
            )
        elif np.isfinite(way.slope):
            said.append(
                f"{name}, no slope can be told ({interval} for each extra token, which holds 0): "
                "measure more tokens or repeats."
            )
    return "  \n".join(said)
