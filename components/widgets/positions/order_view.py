"""View: shuffle the words; whose output changes?"""

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import address
from components.widgets.positions import asked


def order_view(choice: ModelChoice, text: str) -> None:
    """Shuffle the tokens of `text` with positions on and off, with and without the mask."""
    from components.figures.positions.schemes import condition_name, order_map
    from components.inspection.positions.order import shuffled

    address.warn_unless_between("shuffle", 0, 99, 1)
    left, _ = st.columns([1, 2])
    seed = left.number_input(
        "Shuffle number (0 turns the text around)", 0, 99, 1, key="shuffle", bind="query-params",
        persist_state="session",
    )  # fmt: skip
    asked.guess(
        "Predict first: switch off the positions **and** the causal mask, then shuffle. Which "
        "tokens get another output?",
        ["all", "those that moved", "none"],
        "none",
        "guess-order",
        "Without both, attention sees a set: each token's output is the same wherever it stands. A "
        "causal mask alone already tells order, since a token sees only those before it.",
    )
    bar = st.empty()
    found = engine.inspect(
        shuffled, choice, text, int(seed),
        progress=lambda share, said: (bar.progress(share, said), None)[1],
    )  # fmt: skip
    bar.empty()
    mixed = "".join(found.tokens[place] for place in found.order)
    st.code(mixed[:400], language=None, wrap_lines=True)
    figure = order_map(found)
    st.plotly_chart(
        figure, config={"displayModeBar": False}, key="order",
        alt="How much each token's last vector changed, by condition.",
    )  # fmt: skip
    st.caption(
        "The change of a token's last vector, as a share of its length, against the same token in "
        "the text as written. Special tokens stay where they are."
    )
    least = found.change[-1]
    if len(found.conditions) == 4 or found.conditions[-1].mask is None:
        st.success(
            f"Checked: with “{condition_name(found.conditions[-1])}” no vector changes by more "
            f"than **{least.max():.1e}** of its length: a bag of words.",
            icon=None,
        )
    else:
        st.info(
            f"{choice.source} is of a family whose mask cannot be taken off here; so order is "
            "still told by the mask in the last row."
        )
    table = pd.DataFrame(
        found.change.T, columns=[condition_name(each) for each in found.conditions]
    )
    table.insert(0, "token", list(found.tokens))
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True)
    asked.downloads(table, "word-order", asked.alone(figure))
