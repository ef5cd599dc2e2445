"""View: where the time goes, and why fewer positions do not save as much time."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import frame
from components.widgets.kv_cache import code, parts

if TYPE_CHECKING:
    from components.inspection.kv_cache.roofline import Roofline
    from components.inspection.kv_cache.shapes import Shape

_AGAIN: Final = "kv-again"
LENGTHS: Final = (512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072)
LOADED: Final = "the model in the sidebar"


def work_view(choice: ModelChoice, text: str) -> None:
    """Count positions, measure the machine's limits, and say what binds."""
    from components.figures.kv_cache.work import positions_grid
    from components.inspection.kv_cache.arithmetic import positions

    prompt, new = parts.asked_lengths(20, 100)
    start = 1 if engine.facts(choice).kind == "seq2seq" else prompt
    st.plotly_chart(
        positions_grid(start, new), config=parts.PLAIN, key="kv-grid",
        alt="Which positions are computed at each step, with and without a cache.",
    )  # fmt: skip
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
        _roofline(choice, text, prompt, new)
    _book()
    st.subheader("When is attention the most expensive part?", anchor=False)
    with frame.explained():
        _shares(choice)


def _roofline(choice: ModelChoice, text: str, prompt: int, new: int) -> None:
    from components.figures.kv_cache.work import pass_times, roofline_chart
    from components.inspection.kv_cache.roofline import roofline

    # How often was it asked for: a measurement that was kept must not be shown as a new one.
    again = st.session_state.get(_AGAIN, 0)
    bar = st.empty()
    found = engine.inspect(
        roofline, choice, text, prompt, new, again,
        progress=frame.telling(bar),
    )  # fmt: skip
    bar.empty()
    times = pass_times(found)
    roof = roofline_chart(found)
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(times, config=parts.PLAIN, key="kv-passes",
                        alt="Milliseconds of a pass against the positions in it.")  # fmt: skip
        st.caption(
            "A pass over one position already costs much: **all weights are read and every layer "
            "is started, however few positions there are**. Further ones in the pass are cheap."
        )
    with right:
        st.plotly_chart(roof, config=parts.PLAIN, key="kv-roof",
                        alt="Operations per second against operations per byte, below the "
                        "machine's roof.")  # fmt: skip
        st.caption(
            "The grey roof is what this machine can do: left of its corner moving bytes binds, "
            "right of it computing. How far a mark lies below is what calling many small "
            "operations costs."
        )
    _why(found)
    table = pd.DataFrame([_row(found, number) for number in range(3)])
    st.dataframe(table, hide_index=True, width="stretch")
    exact = [each.done for each in found.passes if each.done.formula is not None]
    if exact:
        worst = max(abs(one.operations / (one.formula or 1) - 1) for one in exact)
        st.markdown(
            (":green[✓] " if worst < 0.01 else ":orange[✗] ")
            + "Operations were counted by torch on the real passes; the formula 2 × weights × "
            "positions + 4 × heads × size × positions × tokens read "
            + ("says **exactly the same**." if worst == 0 else f"differs by **{worst:.2%}**.")
        )
    st.button("Measure again", key="kv-measure-again", on_click=_once_more)
    with st.expander("Count operations in plain PyTorch"):
        st.code(code.work_code(choice.source, text, found.machine.dtype), "python")
    facts = {
        "matrix_flop_per_s": found.matrix_rate, "copy_byte_per_s": found.copy_rate,
        "copied_bytes": found.copied, "pass_lengths": list(found.lengths),
        "pass_seconds": list(found.seconds),
    } | asdict(found.machine)  # fmt: skip
    parts.downloads("kv-cache-work", table, facts, roof)
    st.caption(parts.machine_line(found.machine))


def _why(found: "Roofline") -> None:
    step, bare = found.passes[1], found.passes[2]
    more = bare.done.operations / step.done.operations
    slower = bare.seconds / step.seconds
    side = "bytes bind" if step.intensity < found.ridge else "operations bind"
    st.markdown(
        f"The last step without the cache does **{more:,.0f} times** the operations of the one "
        f"with it, and takes **{slower:.1f} times** as long. With the cache there are "
        f"{step.intensity:.2g} operations for each byte ({side}: the corner is at "
        f"{found.ridge:.2g}); without, {bare.intensity:.2g}, and {bare.rate / step.rate:.1f} times "
        "as many operations are done each second."
    )


def _row(found: "Roofline", number: int) -> dict[str, object]:
    each = found.passes[number]
    return {
        "pass": each.done.name,
        "positions": each.done.positions,
        "MFLOP": round(each.done.operations / 1e6, 2),
        "MB in and out": round(each.done.matrix_bytes / 1e6, 2),
        "of which weights": round(each.done.weight_bytes / 1e6, 2),
        "of which cache": round(each.done.cache_bytes / 1e6, 3),
        "FLOP/byte": round(each.intensity, 2),
        "ms": round(each.seconds * 1e3, 2),
        "GFLOP/s": round(each.rate / 1e9, 2),
        "GB/s": round(each.done.matrix_bytes / each.seconds / 1e9, 2),
    }


def _once_more() -> None:
    st.session_state[_AGAIN] = st.session_state.get(_AGAIN, 0) + 1


def _book() -> None:
    from components.inspection.kv_cache.arithmetic import (
        BOOK,
        extra_position_seconds,
        positions,
    )

    start, new, cached, bare = BOOK
    step, more = extra_position_seconds(*BOOK)
    ratio = positions(start, new, "without") / positions(start, new, "with")
    with st.expander("The book's 4.8 times, explained"):
        st.markdown(
            f"*Hands-On Large Language Models* times Phi-3-mini on one GPU: {new} tokens in "
            f"**{cached} s** with the cache and **{bare} s** without, {bare / cached:.1f} times, "
            f"although {ratio:.0f} times fewer positions are computed.  \n"
            f"From its own numbers: a step with the cache takes {cached / new * 1e3:.0f} ms; a "
            f"step without {bare / new * 1e3:.0f} ms, with {start + (new - 1) / 2 - 1:.1f} more "
            f"positions in it on average. So a further position costs **{more * 1e3:.1f} ms**, the "
            f"first one **{step * 1e3:.0f} ms**: for it alone all 7.6 GB of weights are read. The "
            "cache saves the cheap positions; the expensive one is left. (Published timings vary: "
            "the book's own notebook has 6.66 ± 2.22 s against 21.9 s, without a warm-up.)"
        )


def _shares(choice: ModelChoice) -> None:
    from components.figures.kv_cache.work import share_areas
    from components.inspection.kv_cache.arithmetic import shares
    from components.inspection.kv_cache.planner import loaded_shape
    from components.inspection.kv_cache.published import PUBLISHED

    left, right = st.columns(2)
    name = left.selectbox(
        "Model", [LOADED, *PUBLISHED], index=list(PUBLISHED).index("Phi-3-mini") + 1,
        key="kv_shares", bind="query-params",
    )  # fmt: skip
    with right:
        longest = parts.asked_of("Up to a length of", "kv_longest", LENGTHS, 32_768)
    shape: Shape = (
        engine.inspect(loaded_shape, choice) if name in (None, LOADED) else PUBLISHED[name]
    )
    found = shares(shape, longest)
    st.plotly_chart(
        share_areas(found), config=parts.PLAIN, key="kv-shares",
        alt="Operations of one token in one block against the text's length.",
    )  # fmt: skip
    st.markdown(
        f"For one token in one block of **{shape.name}**: projections "
        f"{found.projections / 1e6:,.1f} MFLOP and MLP {found.mlp / 1e6:,.1f}, whatever the "
        "length; mixing (scores, and the weighted sum of values) "
        f"{4 * shape.heads * shape.head_size:,} operations for each token before it. It equals the "
        f"projections at **{found.equals_projections:,.0f}** tokens and all weights at "
        f"**{found.equals_weights:,.0f}**. Before that, “attention is the expensive part” is not "
        "true of the operations."
    )
    st.caption(
        "Scores of one head, if they are written out in 16 bit: "
        + ", ".join(f"{n:,} tokens {parts.size(2 * n * n)}" for n in (512, 2_048, 8_192, 32_768))
        + ". Four times as much for twice the length."
    )
