"""View: BertViz's own head, model and neuron view, fed from our recording, with no network."""

from typing import Final

import streamlit as st

from components import engine
from components.widgets import address
from components.widgets.attention.choices import Reading, choose_head, choose_window
from components.widgets.checks import show_checks

VIEWS: Final = ("head", "model", "neuron")
MOST_TOKENS: Final = {"head": 64, "model": 64, "neuron": 32}
MOST_LINES: Final = 160_000
"""The model view draws a line for each pair of tokens in each head; more take a browser long."""
SAYS: Final = {
    "head": "Lines run from the token that reads (left) to those it reads (right); each colour is "
    "a head. Point at a token for its lines; click a colour to switch a head off, double-click to "
    "see it alone.",
    "model": "Every layer (down) and head (across) as lines. Click one to enlarge it, and again to "
    "go back.",
    "neuron": "Point at a token on the left, then click its ⊕: query and key, number by number, "
    "their product, and its sum. Blue is positive, orange negative.",
}


def bertviz_view(reading: Reading) -> None:
    """Show one of BertViz's three views."""
    from components.inspection.attention.bertviz import bertviz_page

    maps = reading.maps()
    choice_side, head_side = st.columns([2, 3])
    address.warn_unless_one_of("bertviz", VIEWS)
    view = choice_side.segmented_control(
        "BertViz's view", VIEWS, default="head", required=True, key="bertviz", bind="query-params"
    )
    view = view or "head"
    layer, head = maps.numbers[0], 0
    if view != "model":
        with head_side:
            layer, head = choose_head(maps, with_head=view == "neuron")
    most = MOST_TOKENS[view]
    if view == "model":
        most = min(most, max(4, int((MOST_LINES / (maps.layers * maps.heads)) ** 0.5)))
    window = choose_window(
        len(maps.readers), len(maps.read), most, maps.group != "cross", "bertviz"
    )
    st.markdown(SAYS[view])
    page = engine.inspect(
        bertviz_page,
        reading.choice,
        *reading.arguments,
        view,
        layer,
        head,
        window,
        st.context.theme.type == "dark",
    )
    st.iframe(page.html, height=page.height)
    show_checks(page.checks, reading.choice, "BertViz")
    st.caption("Read back out of the page, which keeps four digits.")
    if maps.group == "cross" and view != "model":
        st.caption("The decoder is on the left, the encoder's text on the right.")
    st.download_button(
        "This view (HTML)",
        page.html,
        f"bertviz-{view}.html",
        "text/html",
        on_click="ignore",
        help="A page that works alone, with no network.",
    )
    st.caption(
        "BertViz 1.4 by Jesse Vig (Apache 2.0). Its neuron view was written for three old model "
        "families; here it gets the queries and keys as this model used them, after RoPE, a "
        "shared key repeated for each of its heads."
    )
