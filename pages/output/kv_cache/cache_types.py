"""View: the kinds of cache that transformers offers, in one table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import measuring
from components.widgets.checks import show_checks
from pages.output.kv_cache import code, parts

if TYPE_CHECKING:
    from components.inspection.kv_cache.kinds import KindRow, Kinds

_KEPT: Final = "kv-kinds"
WINDOWS: Final = (4, 8, 16, 32, 64, 128)
GUESSES: Final = ("static", "sliding window", "8-bit")


def kinds_view(choice: ModelChoice, text: str) -> None:
    """Run each kind on the same tokens; show memory, time, and what it changes."""
    from components.inspection.kv_cache.timing import pace

    columns = st.columns(4, gap="medium")
    with columns[1]:
        new = parts.asked_new(parts.room(choice) // 2)
    with columns[0]:
        prompt = parts.asked_prompt(choice, new)
    with columns[2]:
        says = "So many tokens are attended to, the newest among them."
        window = parts.asked_of("Window of the sliding kind", "kv_window", WINDOWS, 32, says)
    with columns[3]:
        repeats = parts.asked_between("Repeats", "kv_repeats", 1, 20, 5)
    guess = st.segmented_control(
        "Predict first: which one changes the logits most?", GUESSES, key="kv-guess-kind"
    )
    asked = (choice, text, prompt, new, repeats, window)
    found = engine.inspect(pace, choice, text, prompt, new)
    button, said = st.columns([1, 3], vertical_alignment="center")
    pressed = button.button("Compare", type="primary", width="stretch")
    once = found.short + new * found.step
    said.caption(
        f"About **{measuring.duration(once * 5 * repeats)}** on this machine, if all kinds can "
        "be had. You can stop at any time and keep what was measured."
    )
    if pressed:
        measuring.measure(_KEPT, _steps(), asked, _told)
    kept = measuring.kept(_KEPT, asked)
    if kept is None:
        st.info("Nothing is compared yet: press Compare.")
        return
    _show(kept[0], kept[1], guess)


def _steps() -> Any:
    from components.inspection.kv_cache.kinds import kinds

    return kinds


def _told(so_far: "Kinds") -> tuple[float, str, bool]:
    running = [row for row in so_far.rows if not row.refused]
    repeats = max((len(row.seconds) for row in running if row.seconds is not None), default=1)
    done, most = sum(row.runs for row in running), len(running) * repeats
    return done / max(1, most), f"{done} of {most} runs", bool(so_far.ran)


def _show(asked: tuple[Any, ...], found: "Kinds", guess: str | None) -> None:
    from components.figures.kv_cache.kinds import memory_and_difference

    choice, text, prompt, new, repeats, window = asked
    ran = found.ran
    figure = memory_and_difference(ran)
    st.plotly_chart(
        figure,
        config=parts.PLAIN,
        key="kv-kinds",
        alt="For each kind of cache: bytes held, milliseconds per step, difference of logits.",
    )
    st.caption(
        f"After {prompt} tokens of prompt and {new} written. All kinds read the same tokens, in "
        f"turn, {repeats} times; each is compared with the dynamic cache at every step."
    )
    table = pd.DataFrame([_row(row) for row in ran])
    if not any(row.elsewhere for row in ran):
        table = table.drop(columns="bytes in the machine's memory")
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        column_config={
            "largest difference of a logit": st.column_config.NumberColumn(format="scientific")
        },
    )
    st.markdown("\n".join(f"- **{row.name}** {row.says}." for row in ran))
    not_here = [
        f"- **{row.name}** {row.says}. *{row.refused}.*" for row in found.rows if row.refused
    ]
    if not_here:
        with st.expander("Not for this model or this machine"):
            st.markdown("\n".join(not_here))
    show_checks(found.checks, choice, "key-value cache, Kinds of cache")
    _asked_back(ran, guess)
    with st.expander("The same in plain transformers"):
        lines = parts.lines_for(choice, found.machine.dtype)
        names = [row.name for row in ran]
        st.code(code.kinds_code(lines, text, prompt, new, window, names), "python")
    facts = {
        "prompt_tokens": prompt,
        "new_tokens": new,
        "repeats": repeats,
        "window": window,
        "not_here": {row.name: row.refused for row in found.rows if row.refused},
        "measured_at": parts.clock(found.at),
    } | asdict(found.machine)
    parts.downloads("kv-cache-kinds", table, facts, figure)
    st.caption(parts.machine_line(found.machine, found.at))


def _row(row: "KindRow") -> dict[str, object]:
    return {
        "kind": row.name,
        "bytes held": row.held,
        "bytes in the machine's memory": row.elsewhere,
        "tokens remembered": row.rows,
        "ms per step (median)": round(row.median * 1e3, 3),
        "middle half (ms)": f"{row.low * 1e3:.2f} to {row.high * 1e3:.2f}",
        "largest difference of a logit": row.difference,
        "same best token": f"{row.same} of {row.steps}",
    }


def _asked_back(ran: tuple["KindRow", ...], guess: str | None) -> None:
    """Answer the guess, and ask what these very numbers suggest."""
    others = [row for row in ran[1:] if any(name in row.name for name in GUESSES)]
    if guess is not None and others:
        most = max(others, key=lambda row: row.difference)
        st.markdown(
            f"{'**Right**' if guess in most.name else '**Not quite**'}: **{most.name}**, by "
            f"{most.difference:.2g}."
        )
    if len(ran) < 2:
        return
    small, *more = sorted(ran, key=lambda row: row.held)
    fast = min(ran, key=lambda row: row.median)
    tries = [
        "A window longer than the whole text: what must the difference be?",
        _smallest(small, more[0]) + " Would it be with a shorter window, or in another format?",
    ]
    rounded = next((row for row in ran if "quantized" in row.name), None)
    if rounded is not None and fast is not rounded:
        tries.append(
            f"Why is **{rounded.name}** not the fastest? *(It is turned back into the model's "
            "format at every step.)*"
        )
    st.markdown(
        "**Try**  \n" + "  \n".join(f"{place}. {each}" for place, each in enumerate(tries, 1))
    )


def _smallest(small: "KindRow", next_: "KindRow") -> str:
    less = f"{1 - small.held / next_.held:.1%} less" if small.held < next_.held else "no less"
    return (
        f"The smallest here is **{small.name}**, {small.held:,} bytes, {less} than "
        f"**{next_.name}**."
    )
