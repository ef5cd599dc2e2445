"""View: where the time goes, and why fewer positions do not save as much time."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import frame, measuring
from components.widgets.checks import show_checks
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.attention_share import shares_of_a_token

if TYPE_CHECKING:
    from components.inspection.kv_cache.roofline import Limit, Roofline, RooflineStep

_KEPT: Final = "kv-roofline"
_LIMITS: "Final[dict[Limit, str]]" = {
    "memory": "moving bytes limits it: it is memory-bound",
    "compute": "computing limits it: it is compute-bound",
    "overhead": "neither bytes nor operations limit it, but what starting many small ones costs",
}


def work_view(choice: ModelChoice, text: str) -> None:
    """Count positions, measure the machine's limits, and say what limits the passes."""
    from components.figures.kv_cache.work import positions_grid
    from components.inspection.kv_cache.arithmetic import positions

    left, right = st.columns(2)
    with right:
        new = parts.asked_new(parts.room(choice) // 2, 100)
    with left:
        prompt = parts.asked_prompt(choice, new, 20)
    start = 1 if engine.facts(choice).kind == "seq2seq" else prompt
    st.plotly_chart(
        positions_grid(start, new),
        config=parts.PLAIN,
        key="kv-grid",
        alt="Which positions are computed at each step, with and without a cache.",
    )
    cached, bare = (positions(start, new, way) for way in ("with", "without"))
    st.markdown(
        f"Each row is a step; solid: computed, pale: looked up in the cache. **{bare:,}** "
        f"positions without, **{cached:,}** with: {bare / cached:.1f} times fewer."
    )
    st.latex(
        rf"\text{{with}}: P+N-1={cached:,}\qquad\text{{without}}: N\,P+\tfrac{{N(N-1)}}{{2}}="
        rf"{bare:,}".replace(",", r"{,}").replace(r"\{,}", r"\,")
    )
    st.caption(f"P = {start:,} tokens before the first step, N = {new:,} new ones.")
    st.subheader("Then why is so much less time saved?", anchor=False)
    with frame.explained():
        found = _measured(choice, text, prompt, new)
        if found is not None:
            _show(found, choice, text)
    _book()
    st.subheader("When is attention the most expensive part?", anchor=False)
    with frame.explained():
        shares_of_a_token(choice, text)


def _measured(choice: ModelChoice, text: str, prompt: int, new: int) -> "Roofline | None":
    """Measure at once where that is quick; else say what it costs and wait for a button."""
    from components.inspection.kv_cache.roofline import expected_seconds, roofline, rooflines
    from components.inspection.kv_cache.timing import pace

    asked = (choice, text, prompt, new)
    seconds = expected_seconds(engine.inspect(pace, choice, text, prompt, new), new)
    button, said = st.columns([1, 3], vertical_alignment="center")
    quick = seconds <= measuring.UNASKED
    label = "Measure again" if quick else "Measure"
    if button.button(label, key="kv-roofline-start", width="stretch"):
        measuring.measure(_KEPT, rooflines, asked, _told)
    kept = measuring.kept_for(_KEPT, asked)
    if kept is not None:
        said.caption(f"Measured at {parts.clock(kept.found.at)}, by you.")
        found: Roofline = kept.found
        return found
    if quick:
        bar = st.empty()
        shared = engine.inspect(roofline, *asked, progress=frame.telling(bar))
        bar.empty()
        said.caption(
            f"Measured at {parts.clock(shared.at)}, by the first who opened this with these "
            "settings, and kept since."
        )
        return shared
    said.caption(
        f"About **{measuring.duration(seconds)}** on this machine. You can stop at any time and "
        "keep what was measured."
    )
    return None


def _told(so_far: "RooflineStep") -> tuple[float, str, bool]:
    rounds = so_far.found.rounds if so_far.found else 0
    says = f"Round {rounds + 1}" if rounds else "Counting operations and warming up"
    return so_far.share, says, so_far.found is not None


def _show(found: "Roofline", choice: ModelChoice, text: str) -> None:
    from components.figures.kv_cache.work import pass_times, roofline_chart

    if found.share < 1:
        st.warning(f"Stopped after {found.share:.0%} of the rounds. Medians are over those.")
    times = pass_times(found)
    roof = roofline_chart(found)
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(
            times,
            config=parts.PLAIN,
            key="kv-passes",
            alt="Milliseconds of a pass against the positions in it.",
        )
        st.caption(
            "A pass over one position already costs much: **the matrices of all layers are read "
            "and every layer is started, however few positions there are**. Further ones in the "
            "pass are cheap."
        )
    with right:
        st.plotly_chart(
            roof,
            config=parts.PLAIN,
            key="kv-roof",
            alt="Operations per second against operations per byte, below the machine's roof.",
        )
        st.caption(
            "The grey roof is what this machine can do: left of its corner (ridge point) moving "
            "bytes limits (memory-bound), right of it computing (compute-bound). How far a mark "
            "lies below is what calling many small operations costs."
        )
    _why(found)
    table = pd.DataFrame([_row(found, number) for number in range(3)])
    st.dataframe(table, hide_index=True, width="stretch")
    _counted(found, choice)
    prompt, new = found.work.prompt, found.work.new
    with st.expander("Count operations in plain PyTorch"):
        lines = parts.lines_for(choice, found.machine.dtype)
        st.code(code.work_code(lines, text, prompt, new), "python")
        if found.work.experts:
            st.caption(
                "torch's counter has no formula for products of experts and leaves them out; "
                "above they are counted: each row meets one matrix."
            )
    facts = {
        "prompt_tokens": prompt,
        "new_tokens": new,
        "matrix_flop_per_s": found.matrix_rate,
        "matrix_side": found.side,
        "copy_byte_per_s": found.copy_rate,
        "copied_bytes": found.copied,
        "pass_lengths": list(found.lengths),
        "pass_seconds": list(found.seconds),
        "measured_at": parts.clock(found.at),
    } | asdict(found.machine)
    parts.downloads("kv-cache-work", table, facts, roof)
    st.caption(parts.machine_line(found.machine, found.at))


def _why(found: "Roofline") -> None:
    step, bare = found.passes[1], found.passes[2]
    more = bare.done.operations / step.done.operations
    slower = bare.seconds / step.seconds
    below = found.roof(step.intensity) / step.rate
    limit = found.limit(step)
    st.markdown(
        f"The last step without the cache does **{more:,.0f} times** the operations of the one "
        f"with it, and takes **{slower:.1f} times** as long. With the cache there are "
        f"{step.intensity:.2g} operations for each byte (arithmetic intensity; the ridge point is "
        f"at {found.ridge:.2g}), and the step reaches 1/{max(below, 1.0):.2g} of what the roof "
        f"allows there: {_LIMITS[limit]}. Without, there are {bare.intensity:.2g} for each byte, "
        f"and {bare.rate / step.rate:.1f} times as many are done each second."
        + (
            " A model this small cannot show what limits a large one."
            if limit == "overhead"
            else ""
        )
    )


def _row(found: "Roofline", number: int) -> dict[str, object]:
    each = found.passes[number]
    return {
        "pass": each.done.name,
        "positions": each.done.positions,
        "MFLOP": round(each.done.operations / 1e6, 2),
        "MB in and out": round(each.done.matrix_bytes / 1e6, 2),
        "of which weights": round(each.done.weight_bytes / 1e6, 2),
        "cache looked up (MB)": round(each.done.cache_bytes / 1e6, 3),
        "FLOP/byte": round(each.intensity, 2),
        "ms": round(each.seconds * 1e3, 2),
        "GFLOP/s": round(each.rate / 1e9, 2),
        "GB/s": round(each.done.matrix_bytes / each.seconds / 1e9, 2),
        "limit": found.limit(each),
    }


def _counted(found: "Roofline", choice: ModelChoice) -> None:
    if found.work.no_formula:
        st.markdown(
            "Operations were counted by torch on the real passes. There is no formula beside them: "
            f"{found.work.no_formula}."
        )
        return
    st.markdown(
        "Operations were counted by torch on the real passes. The formula: 2 × numbers in the "
        "blocks' matrices × positions + 4 × heads × head size × positions × tokens attended to, "
        "over all layers, + 2 × vocabulary × width, since the vocabulary's logits are asked for at "
        "one position only."
    )
    show_checks(found.checks, choice, "key-value cache, Where the time goes")


def _book() -> None:
    from components.inspection.kv_cache.arithmetic import (
        BOOK,
        extra_position_seconds,
        positions,
    )

    start, new, cached, bare = BOOK
    step, more = extra_position_seconds(*BOOK)
    without, with_ = positions(start, new, "without"), positions(start, new, "with")
    with st.expander("The book's 4.8 times, explained"):
        st.markdown(
            f"*Hands-On Large Language Models* times Phi-3-mini on one GPU: {new} tokens in "
            f"**{cached} s** with the cache and **{bare} s** without, {bare / cached:.1f} times, "
            f"although {without / with_:.0f} times fewer positions are computed: its prompt is "
            f"{start} tokens long, by the 25 ids that it prints and the start token before them "
            f"({without:,} positions without, {with_:,} with; GPT-2 cuts the same prompt into 20)."
            f"  \nFrom these numbers: a step with the cache takes {cached / new * 1e3:.0f} ms; a "
            f"step without {bare / new * 1e3:.0f} ms, with {start + (new - 1) / 2 - 1:.1f} more "
            f"positions in it on average. So a further position costs **{more * 1e3:.1f} ms**, the "
            f"first one **{step * 1e3:.0f} ms**: for it alone all 7.6 GB of weights are read. The "
            "cache saves the cheap positions; the expensive one is left. (Published timings vary: "
            "the book's own notebook has 6.66 ± 2.22 s against 21.9 s, without a warm-up.)"
        )
