"""View: do both ways give the same answer?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.figures.theme import visible
from components.widgets import address, frame
from components.widgets.kv_cache import code, parts

if TYPE_CHECKING:
    from components.inspection.kv_cache.agreement import Agreement

FORMATS: Final = ("float32", "bfloat16", "float16")
GUESSES: Final = ("exactly the same", "almost", "clearly different")


def agreement_view(choice: ModelChoice, text: str) -> None:
    """Compare logits with and without a cache at each step, in the number format asked for."""
    from components.inspection.kv_cache.agreement import agreement

    address.warn_unless_one_of("kv_format", FORMATS)
    left, right = st.columns(2)
    with left:
        new = parts.asked_new()
    own = engine.facts(choice).dtype
    dtype = right.segmented_control(
        "Number format", FORMATS, default=own, required=True, key="kv_format",
        bind="query-params", persist_state="session",
        help="The model is loaded again in this format, beside the one in the sidebar.",
    )  # fmt: skip
    guess = st.segmented_control(
        "Predict first: are the logits the same with and without the cache?", GUESSES,
        key="kv-guess-same",
    )  # fmt: skip
    asked = choice if dtype in (None, own) else replace(choice, dtype=dtype)
    bar = st.empty()
    tell = frame.telling(bar)
    engine.facts(asked, tell)
    found = engine.inspect(agreement, asked, text, None, new, progress=tell)
    bar.empty()
    from components.figures.kv_cache.agreement import differences

    figure = differences(found)
    st.plotly_chart(
        figure, config=parts.CONFIG, key="kv-differences",
        alt=f"Largest difference of a logit at each step, at most {found.worst:.2g}, and the lead "
        "of the best token.",
    )  # fmt: skip
    st.caption(
        "Orange: by how much any of the logits differs between the two ways (hollow: not at all). "
        "Teal: by how much the best token leads the second. **As long as orange stays well below "
        "teal, the same token is chosen.** The axis is logarithmic."
    )
    _check(found, guess)
    _texts(found)
    st.latex(
        r"\text{difference}_t=\max_v\,\bigl|\,\ell^{\text{with}}_t(v)-"
        r"\ell^{\text{without}}_t(v)\,\bigr|"
    )
    st.caption(r"$\ell_t(v)$: the logit of token $v$ at step $t$.")
    st.markdown(
        "**Try**  \n1. bfloat16 keeps 8 bits of each number's digits, float16 11, float32 24. "
        "Which differs most, and where does the text part?  \n2. Write 256 tokens: do differences "
        "add up from step to step, or do they stay?"
    )
    with st.expander("The same in plain PyTorch"):
        st.code(code.agreement_code(choice.source, text, found.dtype, new), "python")
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


def _check(found: "Agreement", guess: str | None) -> None:
    roundings = found.worst / (found.rounding * float(found.largest.max()))
    sentence = (
        f"Over {len(found.tokens)} steps no logit differs by more than **{found.worst:.2g}**; the "
        f"largest logit is {found.largest.max():.3g}, so that is {roundings:.2g} times the "
        f"rounding of {found.dtype} ({found.rounding:.2g})."
    )
    if found.dtype == "float32":
        good = found.worst <= found.tolerance
        sentence = (":green[✓] " if good else ":red[✗] ") + sentence
        sentence += f" Allowed: {found.tolerance:.2g}."
    if guess is not None:
        right = GUESSES[0] if found.worst == 0 else GUESSES[1 if found.same_text else 2]
        sentence = f"**{'Yes' if guess == right else 'Not quite'}**, {right}. " + sentence
    st.markdown(sentence)
    st.markdown(
        "Both compute the same sums, of one row or of many at a time. That changes the order in "
        "which terms are added, and the sum of rounded numbers depends on the order. It is not a "
        "mistake in the cache."
    )


def _texts(found: "Agreement") -> None:
    written = "".join(found.tokens)
    if found.same_text:
        narrow = int(found.margin.argmin())
        st.markdown(
            f":green[✓] **The same text**, token for token. The narrowest choice was step "
            f"{narrow + 1}, “{visible(found.tokens[narrow])}”, with a lead of "
            f"{found.margin[narrow]:.2g}."
        )
        st.code(written, language=None, wrap_lines=True)
        return
    place = found.parts_at or 0
    st.markdown(
        f":orange[✗] **They part at step {place + 1}**: there the best token leads the second by "
        f"{found.margin[place]:.2g} only, and the logits differ by {found.difference[place]:.2g}. "
        "From there on they read different texts."
    )
    left, right = st.columns(2)
    left.caption("with the cache")
    left.code(written, language=None, wrap_lines=True)
    right.caption("without")
    both = "".join(found.tokens[:place]) + "".join(found.other)
    right.code(both, language=None, wrap_lines=True)
