"""View: BertViz's own head, model and neuron view, fed from our recording, with no network.

Takes the whole width: the package draws an HTML page, which stands in a frame on `ask.stage`.
"""

from components.figures.attention import tables
from components.inspection.attention import bertviz, framing
from components.lesson import Ask, Shown, View
from components.widgets.ground import dark
from components.widgets.page_frame import page_frame
from pages.inside.attention import questions
from pages.inside.attention.choices import layer_and_head, maps_of, window_of
from pages.inside.attention.examples import offer_examples

MOST_TOKENS: dict[bertviz.View, int] = {"head": 64, "model": 64, "neuron": 32}
MOST_LINES = 160_000
"""The model view draws a line for each pair of tokens in each head; more take a browser long."""
HIGHEST = 440
"""Pixels of the frame; saved as a file, the page is as high as it is."""


def drawn(ask: Ask, view: bertviz.View) -> Shown:
    asked, maps = maps_of(ask)
    layer, head = maps.numbers[0], 0
    if view == "neuron":
        layer, head = layer_and_head(ask, maps)
    elif view == "head":
        layer = ask.layer(maps.numbers)
    offer_examples(ask, asked)
    most = MOST_TOKENS[view]
    if view == "model":
        most = min(most, max(4, int((MOST_LINES / (maps.layers * maps.heads)) ** 0.5)))
    same = maps.group != "cross"
    window, cropped = window_of(ask, len(maps.readers), len(maps.read), most, same)
    page = ask.inspect(bertviz.bertviz_page, *asked.arguments, view, layer, head, window, dark())
    # A taller page scrolls in its frame: what is told of it stays on the screen.
    with ask.stage:
        height = round(ask.scale * min(page.height, HIGHEST))
        title = f"BertViz's {view} view"
        page_frame(page.framed, framing.FIXED, height, title, key=f"frame-{ask.key}")
    at = maps.place_of(layer)
    return Shown(
        None,
        alt=f"BertViz's {view} view of {maps.layers} layers of {maps.heads} heads, "
        f"{window.last_row - window.first_row} query tokens.",
        told=SAYS[view]
        + ("" if same or view == "model" else " The decoder is left, the encoder's text right.")
        + cropped,
        checks=page.checks,
        table=lambda: tables.pairs(
            maps.weights[at, head], maps.readers, maps.read, "attention weight"
        ),
        read=READ,
        uncoded="The code of the weights is under **One head**; BertViz's own functions take them "
        "as they are, but for the neuron view.",
        predict=questions.thickest_line(maps, None if view == "model" else layer),
        tries="Point at a word that refers back. Which head draws the line to what it refers to?",
        facts={"attention": asked.group, "layer": layer, "head": head, "target": asked.target},
        page=page.html,
    )


SAYS: dict[bertviz.View, str] = {
    "head": "Lines run from the query token (left) to its key tokens (right); each colour is a "
    "head. Point at a token for its lines; click a colour to switch a head off, double-click to "
    "see it alone.",
    "model": "Every layer (down) and head (across) as lines. Click one to enlarge it, and again to "
    "go back.",
    "neuron": "Point at a token on the left, then click its ⊕: query and key, number by number, "
    "their product, and its sum. Blue is positive, orange negative.",
}
READ = (
    "Its checks read the numbers back out of the page, which keeps four digits; the table holds "
    "those of the chosen layer and head. The page among the *Files* works alone, and has BertViz's "
    "own lists of layers and heads.\n\nBertViz 1.4 by Jesse Vig (Apache 2.0). Its neuron view was "
    "written for three old model families; here it gets the queries and keys as this model used "
    "them, after RoPE, a shared key repeated for each "
    "of its heads."
)

VIEW = View(
    "The same weights as lines between tokens, as the BertViz package draws them.",
    kind="BertViz view",
    kinds={
        "head": View("", lambda ask: drawn(ask, "head")),
        "model": View("", lambda ask: drawn(ask, "model")),
        "neuron": View("", lambda ask: drawn(ask, "neuron")),
    },
    wide=True,
)
