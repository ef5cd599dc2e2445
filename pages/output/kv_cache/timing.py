"""View: both ways measured, step by step; to be stopped at any time."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import measuring
from components.widgets.checks import show_checks
from pages.output.kv_cache import code, parts

if TYPE_CHECKING:
    from components.inspection.kv_cache.summary import Summary, WaySummary
    from components.inspection.kv_cache.timing import Timing

_KEPT: Final = "kv-timing"
GUESSES: Final = ("less than 2 times", "2 to 10 times", "more than 10 times")


def timing_view(choice: ModelChoice, text: str) -> None:
    """Ask for lengths, measure on demand, show what was measured."""
    from components.inspection.kv_cache import arithmetic, asking, timing

    first, second, third = st.columns(3, gap="medium")
    with second:
        new = parts.asked_new(parts.room(choice) // 2)
    with first:
        prompt = parts.asked_prompt(choice, new)
    with third:
        repeats = parts.asked_between(
            "Repeats", "kv_repeats", 1, asking.MOST_REPEATS, 5, "Each writes the text both ways."
        )
    asked = (choice, text, prompt, new, repeats)
    pace = engine.inspect(timing.pace, choice, text, prompt, new)
    start = 1 if engine.facts(choice).kind == "seq2seq" else prompt
    more = arithmetic.positions(start, new, "without") / arithmetic.positions(start, new, "with")
    guess = st.segmented_control(
        f"Predict first: without the cache {more:,.0f} times as many positions are computed. How "
        "much longer does it take?",
        GUESSES,
        key="kv-guess-time",
    )
    button, said = st.columns([1, 3], vertical_alignment="center")
    pressed = button.button("Measure", type="primary", width="stretch")
    once = pace.both(new)
    said.caption(
        f"About **{measuring.duration(once * (repeats + 0.5))}** on this machine: one run to "
        f"warm up, then {repeats} × {2 * new} steps. You can stop at any time and keep what was "
        "measured."
    )
    if pressed:
        measuring.measure(_KEPT, timing.measure, asked, _told)
    kept = measuring.kept(_KEPT, asked)
    if kept is None:
        _what_is_compared(start, new)
        return
    _show(kept[0], kept[1], guess)


def _told(so_far: "Timing") -> tuple[float, str, bool]:
    if not so_far.tokens:
        return 0.0, f"Warming up: {so_far.warm:.0%}", False
    left = so_far.estimate * (1 - so_far.share)
    says = f"{so_far.share:.0%} · about {measuring.duration(left)} to go"
    return so_far.share, says, so_far.share > 0


def _what_is_compared(start: int, new: int) -> None:
    from components.figures.kv_cache.work import positions_grid

    st.plotly_chart(
        positions_grid(start, new),
        config=parts.PLAIN,
        key="kv-ahead",
        alt="Which positions are computed at each step, with and without a cache.",
    )
    st.caption(
        "What is going to be compared: each row is a step, each column a position in the text. "
        "Solid: computed; pale: looked up in the cache. Nothing is measured yet."
    )


def _show(asked: tuple[Any, ...], found: "Timing", guess: str | None) -> None:
    from components.figures.kv_cache.timing import beyond, running_totals, step_times
    from components.inspection.kv_cache.summary import summarize

    choice, text, prompt, new, repeats = asked
    summary = summarize(found)
    if not found.whole:
        st.warning(
            f"Stopped after {found.share:.0%}. Medians are over the repeats that were reached."
        )
    _headline(summary, guess)
    figure = step_times(found, summary)
    points = int(np.isfinite(found.seconds).sum())
    st.plotly_chart(
        figure,
        config=parts.CONFIG,
        key="kv-steps",
        alt="Milliseconds of each step against the tokens in the text, with and without a cache.",
    )
    above = beyond(found, summary)
    st.caption(
        f"Small marks: all {points:,} steps that ran"
        + (f" ({above} lie above the picture)" if above else "")
        + ". Thick lines: the median over the repeats; band: the middle half. Large open marks: "
        "prefill, which reads the whole prompt. Dotted: the line fitted to the decode steps."
    )
    st.markdown(
        "Both ways chose the **same tokens** at every measured step."
        if not found.different
        else f"At **{found.different}** of {points:,} steps the ways chose **different tokens**: "
        "see *The same answer*."
    )
    show_checks(found.checks, choice, "key-value cache, Measured")
    st.markdown(_slopes(summary))
    st.dataframe(_table(summary), hide_index=True, width="stretch")
    st.plotly_chart(
        running_totals(found, summary),
        config=parts.PLAIN,
        key="kv-totals",
        alt="Seconds until each token was there, with and without a cache.",
    )
    st.caption(
        "Nobody waits for the end if each token is shown at once: then what counts is the time to "
        "the **first** token, and that the next ones come faster than one reads."
    )
    _try()
    with st.expander("The same in plain PyTorch"):
        lines = parts.lines_for(choice, found.machine.dtype)
        st.code(code.timing_code(lines, text, prompt, new, repeats), "python")
    facts = {
        "prompt_tokens": found.prompt,
        "new_tokens": found.new,
        "repeats": found.repeats,
        "measured_share": round(found.share, 4),
        "same_tokens": not found.different,
        "measured_at": parts.clock(found.at),
    } | asdict(found.machine)
    parts.downloads("kv-cache-timing", rows(found), facts, figure)
    st.caption(parts.machine_line(found.machine, found.at))


def _headline(summary: "Summary", guess: str | None) -> None:
    cached = summary.ways[0]
    columns = st.columns(4)
    if np.isfinite(summary.time_ratio):
        columns[0].metric("Time without / with", f"{summary.time_ratio:.2f} ×")
        columns[1].metric("Positions without / with", f"{summary.position_ratio:.3g} ×")
    columns[2].metric("First token after", f"{cached.first * 1e3:.1f} ms")
    columns[3].metric(
        "Then, with the cache",
        f"{1 / cached.per_token:,.0f} tokens/s" if np.isfinite(cached.per_token) else "…",
    )
    if guess is None or not np.isfinite(summary.time_ratio):
        return
    right = GUESSES[int(np.digitize(summary.time_ratio, [2, 10]))]
    st.markdown(
        f"{'**Right**' if guess == right else '**Not quite**'}: {summary.time_ratio:.2f} times. "
        "*Where the time goes* shows why it is not as many times as there are positions."
    )


def _slopes(summary: "Summary") -> str:
    said = []
    for way in summary.ways:
        name = "With" if way.way == "with" else "Without"
        interval = f"95%: {way.slope_low * 1e6:+,.1f} to {way.slope_high * 1e6:+,.1f} µs"
        if way.slope_told:
            said.append(
                f"{name}, a step takes **{way.slope * 1e6:+,.1f} µs** for each token more "
                f"({interval})."
            )
        elif np.isfinite(way.slope):
            said.append(
                f"{name}, no slope can be told ({interval} for each token more, which holds 0): "
                "measure more tokens or repeats."
            )
    return "  \n".join(said)


def _table(summary: "Summary") -> pd.DataFrame:
    def row(way: "WaySummary") -> dict[str, object]:
        return {
            "": "with the cache" if way.way == "with" else "without",
            "first token (ms)": round(way.first * 1e3, 2),
            "each further (ms, median)": round(way.per_token * 1e3, 3),
            "middle half (ms)": f"{np.median(way.low[1:]) * 1e3:.2f} to "
            f"{np.median(way.high[1:]) * 1e3:.2f}"
            if way.steps > 1
            else "",
            "tokens": way.steps,
            "in all (s)": round(way.total, 3),
            "tokens per second": round(way.rate, 1),
            "positions computed": way.positions,
        }

    return pd.DataFrame([row(way) for way in summary.ways])


def rows(found: "Timing") -> pd.DataFrame:
    """Return every measured step as a row."""
    way, repeat, step = np.nonzero(np.isfinite(found.seconds))
    return pd.DataFrame(
        {
            "way": np.array(["with", "without"])[way],
            "repeat": repeat,
            "step": step,
            "phase": np.where(step == 0, "prefill", "decode"),
            "tokens_in_text": found.start + step,
            "seconds": found.seconds[way, repeat, step],
        }
    )


def _try() -> None:
    st.markdown(
        "**Try**  \n"
        "1. Prompt 8, then 256: which of the two lines moves, and which only its open mark?  \n"
        "2. One repeat only: would you trust the line? That is how most published timings are "
        "made.  \n"
        "3. Type in another window while it measures. Where do you see it: in the median or in the "
        "points?"
    )
