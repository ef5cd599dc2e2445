"""View: the kinds of cache that transformers offers, in one table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets.kv_cache import code, parts

if TYPE_CHECKING:
    from components.inspection.kv_cache.kinds import KindRow

_KEPT: Final = "kv-kinds"
WINDOWS: Final = (4, 8, 16, 32, 64, 128)
GUESSES: Final = ("static", "sliding window", "8-bit")


def kinds_view(choice: ModelChoice, text: str) -> None:
    """Run each kind on the same tokens; show memory, time, and what it changes."""
    columns = st.columns(4, gap="medium")
    with columns[0]:
        prompt = parts.asked_prompt()
    with columns[1]:
        new = parts.asked_new()
    with columns[2]:
        window = parts.asked_of("Window of the sliding kind", "kv_window", WINDOWS, 32)
    with columns[3]:
        repeats = parts.asked_between("Repeats", "kv_repeats", 1, 20, 5)
    guess = st.segmented_control(
        "Predict first: which one changes the logits most?", GUESSES, key="kv-guess-kind"
    )
    asked = (choice, text, prompt, new, repeats, window)
    if st.button("Compare", type="primary"):
        _measure(asked)
    kept = st.session_state.get(_KEPT)
    if kept is None:
        st.info("Nothing is compared yet: press Compare. It takes some seconds.")
        return
    if kept[0] != asked:
        st.caption(":orange[Below is the last comparison, with other settings than those above.]")
    _show(kept[0], kept[1], kept[2], guess)


def _measure(asked: tuple[Any, ...]) -> None:
    from components.inspection.kv_cache.kinds import kinds
    from components.inspection.kv_cache.machine import machine_of

    choice, *inputs = asked
    machine = engine.inspect(machine_of, choice)
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, "Warming up")
        st.button("Stop and keep what is measured", key="kv-stop-kinds")
    for table in engine.stream(kinds, choice, *inputs):
        # As in the timing view: no widget's value, and too slow to be made at each rerun.
        st.session_state[_KEPT] = (asked, table, machine)
        running = [row for row in table if not row.refused]
        done = sum(row.runs for row in running)
        share = done / max(1, len(running) * inputs[3])
        bar.progress(min(share, 1.0), f"{done} of {len(running) * inputs[3]} runs")
    place.empty()


def _show(
    asked: tuple[Any, ...], found: tuple["KindRow", ...], machine: Any, guess: str | None
) -> None:
    from components.figures.kv_cache.kinds import memory_and_difference

    choice, text, prompt, new, repeats, window = asked
    ran = [row for row in found if not row.refused and row.runs]
    figure = memory_and_difference(ran)
    st.plotly_chart(
        figure, config=parts.PLAIN, key="kv-kinds",
        alt="For each kind of cache: bytes held, milliseconds per step, difference of logits.",
    )  # fmt: skip
    st.caption(
        f"After {prompt} tokens of prompt and {new} written. All kinds read the same tokens, in "
        f"turn, {repeats} times; each is compared with the dynamic cache at every step."
    )
    table = pd.DataFrame([_row(row) for row in ran])
    st.dataframe(
        table, hide_index=True, width="stretch",
        column_config={"largest difference of a logit": st.column_config.NumberColumn(
            format="scientific")},
    )  # fmt: skip
    st.markdown("\n".join(f"- **{row.name}** {row.says}." for row in ran))
    not_here = [f"- **{row.name}** {row.says}. *{row.refused}.*" for row in found if row.refused]
    if not_here:
        with st.expander("Not for this model or this machine"):
            st.markdown("\n".join(not_here))
    _check(ran, guess)
    with st.expander("The same in plain transformers"):
        st.code(code.kinds_code(choice.source, text, machine.dtype, new), "python")
    facts = {
        "prompt_tokens": prompt, "new_tokens": new, "repeats": repeats, "window": window,
        "not_here": {row.name: row.refused for row in found if row.refused},
    } | asdict(machine)  # fmt: skip
    parts.downloads("kv-cache-kinds", table, facts, figure)
    st.caption(parts.machine_line(machine))


def _row(row: "KindRow") -> dict[str, object]:
    return {
        "kind": row.name,
        "bytes held": row.held,
        "tokens remembered": row.rows,
        "ms per step (median)": round(row.median * 1e3, 3),
        "middle half (ms)": f"{row.low * 1e3:.2f} to {row.high * 1e3:.2f}",
        "largest difference of a logit": row.difference,
        "same best token": f"{row.same} of {row.steps}",
    }


def _check(ran: list["KindRow"], guess: str | None) -> None:
    if not ran:
        return
    plain = ran[0]
    st.markdown(
        ":green[✓] The dynamic cache, run again, differs from itself by "
        f"**{plain.difference:.2g}**, and holds {plain.held:,} bytes."
        if plain.difference == 0
        else f":orange[!] The dynamic cache, run again, differs from itself by "
        f"{plain.difference:.2g}: this device does not add in the same order each time."
    )
    others = [row for row in ran[1:] if any(name in row.name for name in GUESSES)]
    if guess is not None and others:
        most = max(others, key=lambda row: row.difference)
        st.markdown(
            f"{'**Yes**' if guess in most.name else '**No**'}: **{most.name}**, by "
            f"{most.difference:.2g}."
        )
    st.markdown(
        "**Try**  \n1. A window longer than the whole text: what must the difference be?  \n"
        "2. Why is the 8-bit cache the smallest, and not the fastest? *(It is turned back into "
        "the model's format at every step.)*"
    )
