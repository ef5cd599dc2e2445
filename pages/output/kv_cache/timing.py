"""View: writing with the cache and without, timed step by step; to be stopped at any time."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from components.figures.kv_cache.timing import beyond, running_totals, step_times
from components.figures.kv_cache.work import positions_grid
from components.inspection.kv_cache import timing
from components.inspection.kv_cache.arithmetic import positions
from components.inspection.kv_cache.asking import MOST_REPEATS
from components.inspection.kv_cache.summary import Summary, WaySummary, summarize
from components.inspection.kv_cache.timing import Timing
from components.lesson import Ask, Predict, Shown, View
from components.widgets.measuring import duration
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.positions_computed import COUNTED

ANSWERS = ("less than 2 times", "2 to 10 times", "more than 10 times")


def lengths(ask: Ask) -> tuple[int, int]:
    new = parts.asked_new(ask, ask.facts.context // 2, 32)
    return parts.asked_prompt(ask, new), new


def measured(ask: Ask) -> Timing:
    prompt, new = lengths(ask)
    hint = "Each writes the text both ways."
    repeats = ask.number("Repeats", "repeats", 1, MOST_REPEATS, 5, hint=hint)
    once = ask.inspect(timing.pace, ask.prompt, prompt, new).both(new)
    return ask.measure(
        timing.measure,
        ask.prompt,
        prompt,
        new,
        repeats,
        label="Measure",
        cost=f"About **{duration(once * (repeats + 0.5))}** on this machine: one run to warm up, "
        f"then {repeats} × {2 * new} steps. You can stop at any time and keep what was measured.",
        told=told,
        asks=(question(parts.start(ask, prompt), new), ANSWERS),
        seconds=once * (repeats + 0.5),
        older=True,
    )


def told(so_far: Timing) -> tuple[float, str, bool]:
    if not so_far.tokens:
        return 0.0, f"Warming up: {so_far.warm:.0%}", False
    left = so_far.estimate * (1 - so_far.share)
    says = f"{so_far.share:.0%} · about {duration(left)} to go"
    return so_far.share, says, so_far.share > 0


def question(start: int, new: int) -> str:
    more = positions(start, new, "without") / positions(start, new, "with")
    return (
        f"Without the cache {more:,.0f} times as many positions are computed. How much longer does "
        "it take?"
    )


def each_step(ask: Ask) -> Shown:
    return step_by_step(ask, measured(ask))


def step_by_step(ask: Ask, found: Timing) -> Shown:
    summary, points = summarize(found), int(np.isfinite(found.seconds).sum())
    text, prompt, new, repeats = ask.measured
    above = beyond(found, summary)
    facts = {
        "prompt_tokens": found.prompt,
        "new_tokens": found.new,
        "repeats": found.repeats,
        "measured_share": round(found.share, 4),
        "same_tokens": not found.different,
        "measured_at": parts.clock(found.at),
    } | asdict(found.machine)
    return Shown(
        step_times(found, summary),
        alt="Milliseconds of each step against the tokens in the text, with and without a cache"
        + (
            f"; without, it takes {summary.time_ratio:.2f} times as long."
            if np.isfinite(summary.time_ratio)
            else "."
        ),
        told=headline(found, summary) + parts.measured_by(ask, found.at),
        checks=found.checks,
        table=lambda: rows(found).assign(**{key: str(value) for key, value in facts.items()}),
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
            f"**{summary.position_ratio:.3g} times** as many positions. "
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


def in_all(ask: Ask) -> Shown:
    found = measured(ask)
    summary = summarize(found)
    ends = [f"{way.total:.2f} s {way.way}" for way in summary.ways]
    return replace(
        step_by_step(ask, found),
        figure=running_totals(found, summary),
        alt=f"Seconds until each token was there: in all {', '.join(ends)} the cache.",
        table=lambda: totals(summary),
        read="A line's height is the time since the start at which a token was there: the sum of "
        "the medians so far. Nobody waits for the end if each token is shown at once: then what "
        "counts is the time to the **first** token, and that the next ones come faster than one "
        "reads." + parts.machine_line(found.machine),
    )


def totals(summary: Summary) -> pd.DataFrame:
    def row(way: WaySummary) -> dict[str, object]:
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


def rows(found: Timing) -> pd.DataFrame:
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


VIEW = View(
    "To write a token, a model needs the **keys** and **values** of all tokens before it. It can "
    "compute them anew each time, or keep them: the key-value cache. Here both are measured.",
    kind="Time",
    kinds={"Each step": View("", each_step), "In all": View("", in_all)},
    further={"Positions computed": COUNTED},
)
