"""When attention is the most expensive part of a block, by the formula."""

from typing import Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.catalogue import short_name
from components.widgets.markup import literal
from pages.output.kv_cache import parts

LENGTHS: Final = (512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072)
LOADED: Final = "the model in the sidebar"


def shares_of_a_token(choice: ModelChoice, text: str) -> None:
    """Ask for a model and a length; show a token's operations in one block up to there."""
    from components.figures.kv_cache.work import share_areas
    from components.inspection.kv_cache.arithmetic import shares
    from components.inspection.kv_cache.described import loaded_shape
    from components.inspection.kv_cache.published import PUBLISHED
    from components.inspection.kv_cache.work import counted_shares

    left, right = st.columns(2)
    name = left.selectbox(
        "Model",
        [LOADED, *PUBLISHED],
        index=list(PUBLISHED).index("Phi-3-mini") + 1,
        key="kv_shares",
        bind="query-params",
    )
    with right:
        longest = parts.asked_of("Up to a length of", "kv_longest", LENGTHS, 32_768)
    if name in (None, LOADED):
        found = engine.inspect(counted_shares, choice, text, longest)
        shape = engine.inspect(loaded_shape, choice)
    else:
        shape = PUBLISHED[name]
        found = shares(shape, longest)
    st.plotly_chart(
        share_areas(found),
        config=parts.PLAIN,
        key="kv-shares",
        alt="Operations of one token in one block against the text's length.",
    )
    st.markdown(
        f"For one token in one block of **{literal(short_name(shape.name))}**: projections "
        f"{found.projections / 1e6:,.1f} MFLOP and MLP {found.mlp / 1e6:,.1f}, whatever the "
        "length; mixing (attention scores, and the weighted sum of values) "
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
