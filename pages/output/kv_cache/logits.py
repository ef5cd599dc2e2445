"""View: do both ways give the same answer?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.visible import visible
from components.widgets import address, frame, measuring
from components.widgets.checks import show_checks
from pages.output.kv_cache import code, parts

if TYPE_CHECKING:
    from components.inspection.kv_cache.agreement import Agreement

_KEPT: Final = "kv-same"
FORMATS: Final = ("float32", "bfloat16", "float16")
GUESSES: Final = ("exactly the same", "almost", "clearly different")
NOISE_PASSES: Final = 3
"""Passes over the whole text that tell how far rounding alone moves the logits."""


def agreement_view(choice: ModelChoice, text: str) -> None:
    """Compare logits with and without a cache at each step, in the number format asked for."""
    from components.inspection.kv_cache import asking

    address.warn_unless_one_of("kv_format", FORMATS)
    left, right = st.columns(2)
    with left:
        tokens = engine.inspect(asking.tokens_in, choice, text)
        new = parts.asked_new(parts.room(choice) - tokens)
    own = engine.facts(choice).dtype
    dtype = right.segmented_control(
        "Number format",
        FORMATS,
        default=own,
        required=True,
        key="kv_format",
        bind="query-params",
        persist_state="session",
        help="The model is loaded again in this format, beside the one in the sidebar.",
    )
    guess = st.segmented_control(
        "Predict first: are the logits the same with and without the cache?",
        GUESSES,
        key="kv-guess-same",
    )
    asked = choice if dtype in (None, own) else replace(choice, dtype=dtype)
    found = _compared(asked, text, new)
    if found is not None:
        _show(asked, text, found, guess)


def _compared(choice: ModelChoice, text: str, new: int) -> "Agreement | None":
    """Compare at once where that is quick; else say what it costs and wait for a button."""
    from components.inspection.kv_cache.agreement import agreement, compared
    from components.inspection.kv_cache.timing import pace

    bar = st.empty()
    tell = frame.telling(bar)
    engine.facts(choice, tell)
    found = engine.inspect(pace, choice, text, None, new)
    seconds = found.both(new) + NOISE_PASSES * found.long
    if seconds <= measuring.UNASKED:
        result = engine.inspect(agreement, choice, text, None, new, progress=tell)
        bar.empty()
        return result
    bar.empty()
    asked = (choice, text, None, new)
    button, said = st.columns([1, 3], vertical_alignment="center")
    pressed = button.button("Compare", type="primary", width="stretch", key="kv-same-start")
    said.caption(
        f"About **{measuring.duration(seconds)}** on this machine: {new} steps, each with the "
        "cache and without. You can stop at any time and keep what was compared."
    )
    if pressed:
        measuring.measure(_KEPT, compared, asked, _told)
    kept: Agreement | None = measuring.kept_for(_KEPT, asked)
    return kept


def _told(so_far: "Agreement") -> tuple[float, str, bool]:
    return so_far.share, f"Step {len(so_far.tokens)} of {so_far.new}", True


def _show(choice: ModelChoice, text: str, found: "Agreement", guess: str | None) -> None:
    from components.figures.kv_cache.agreement import differences

    if found.share < 1:
        st.warning(f"Stopped after {len(found.tokens)} of {found.new} steps.")
    figure = differences(found)
    st.plotly_chart(
        figure,
        config=parts.CONFIG,
        key="kv-differences",
        alt=f"Largest difference of a logit at each step, at most {found.worst:.2g}, and the lead "
        "of the best token.",
    )
    st.caption(
        "Orange: by how much any of the logits differs between the two ways (hollow: not at all). "
        "Teal: by how much the best token leads the second. **As long as orange stays well below "
        "teal, the same token is chosen.** The axis is logarithmic."
    )
    _said(found, guess)
    show_checks(found.checks, choice, "key-value cache, The same answer")
    _texts(found)
    st.latex(
        r"\text{difference}_t=\max_v\,\bigl|\,\ell^{\text{with}}_t(v)-"
        r"\ell^{\text{without}}_t(v)\,\bigr|"
    )
    st.caption(
        r"$\ell_t(v)$: the logit of token $v$ at step $t$. What adding in another order may do is "
        "measured on this text, by rounding each block's output once more."
    )
    st.markdown(
        "**Try**  \n1. bfloat16 keeps 8 bits of each number's digits, float16 11, float32 24. In "
        "which do the two ways differ, and in which do you trust the logits most? That need not be "
        "the same one.  \n2. Write 256 tokens: do differences add up from step to step, or do they "
        "stay?"
    )
    with st.expander("The same in plain PyTorch"):
        lines = parts.lines_for(choice, found.dtype)
        st.code(code.agreement_code(lines, text, found.new), "python")
    table = pd.DataFrame(
        {
            "step": np.arange(len(found.difference)),
            "token": found.tokens,
            "largest_difference": found.difference,
            "lead": found.margin,
            "largest_logit": found.largest,
        }
    )
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True, width="stretch", height=260)
    facts = {"model": choice.source, "dtype": found.dtype, "parts_at": found.parts_at}
    parts.downloads("kv-cache-agreement", table, facts, figure)


def _said(found: "Agreement", guess: str | None) -> None:
    roundings = found.worst / (found.rounding * float(found.largest.max()))
    sentence = (
        f"Over {len(found.tokens)} steps no logit differs by more than **{found.worst:.2g}**; the "
        f"largest logit is {found.largest.max():.3g}, so that is {roundings:.2g} times the "
        f"distance from it to the next number of {found.dtype}."
    )
    if guess is not None:
        right = GUESSES[0] if found.worst == 0 else GUESSES[1 if found.same_text else 2]
        sentence = f"**{'Right' if guess == right else 'Not quite'}**, {right}. " + sentence
    st.markdown(sentence)
    if found.worst == 0:
        st.markdown(
            "Both ways computed the same sums, of one row or of many at a time, and the results "
            "are the same to the last bit."
            + (
                f" That does not make {found.dtype} the more exact format: products are summed in "
                "a finer one and then rounded, so coarsely that it swallows what the order of "
                "adding changes. Both ways carry the same, larger, rounding."
                if found.dtype != "float32"
                else ""
            )
        )
        return
    st.markdown(
        "Both compute the same sums, of one row or of many at a time. That changes the order in "
        "which terms are added, and the sum of rounded numbers depends on the order. It is not a "
        "mistake in the cache."
        if all(check.verdict != "fails" for check in found.checks)
        else "That is more than the order of adding can account for."
    )


def _texts(found: "Agreement") -> None:
    written = "".join(found.tokens)
    if found.same_text:
        narrow = int(found.margin.argmin())
        st.markdown("**The same text**, token for token.")
        # As plain text: a token may hold what Markdown would take for a link.
        st.text(
            f"The narrowest choice was step {narrow + 1}, “{visible(found.tokens[narrow])}”, with "
            f"a lead of {found.margin[narrow]:.2g}."
        )
        st.code(written, language=None, wrap_lines=True)
        return
    place = found.parts_at or 0
    st.markdown(
        f":orange[✗] **They part at step {place + 1}**: there the best token leads the one chosen "
        f"with the cache by {found.parting_lead:.2g} only, and the logits differ by "
        f"{found.difference[place]:.2g}. From there on they read different texts."
    )
    left, right = st.columns(2)
    left.caption("with the cache")
    left.code(written, language=None, wrap_lines=True)
    right.caption("without")
    both = "".join(found.tokens[:place]) + "".join(found.other)
    right.code(both, language=None, wrap_lines=True)
