"""View: one head as a heat map with numbers; or all heads of a layer in one."""

from functools import partial

from components.figures.attention import tables
from components.figures.attention.heat_map import Look, heat_map
from components.lesson import Ask, Shown, View
from pages.inside.attention import code, formula, questions, square
from pages.inside.attention.choices import DISPLAY, layer_and_head, maps_of, sharing, window_of
from pages.inside.attention.examples import offer_examples

MOST_TOKENS = 96


def drawn(ask: Ask, what: str) -> Shown:
    asked, maps = maps_of(ask)
    layer, head = layer_and_head(ask, maps) if what == square.HEAD else (ask.layer(maps.numbers), 0)
    weigh = square.WEIGHTS
    with ask.tucked(DISPLAY):
        if what != square.ROLLOUT:
            weigh = ask.choice_of("Weigh by", "weigh", list(square.UNITS), hint=WEIGHING)
        sink = ask.toggle("Hide the first token", "hide_first", hint=SINK)
        words = ask.toggle("Merge into words", "words")
        log = ask.choice_of("Colours", "scale", ("linear", "log")) == "log"
        floor = ask.real("Blank below", "floor", 0, 0.5, 0, hint="Smaller numbers are left blank.")
    offer_examples(ask, asked)
    found = square.square_of(ask, asked, maps, (layer, head), what, weigh == square.VALUES)
    if words:
        found = square.merged(found)
    sizes = len(found.readers), len(found.read)
    window, cropped = window_of(ask, *sizes, MOST_TOKENS, maps.group != "cross")
    whole, unit = what == square.HEAD and weigh == square.WEIGHTS and not sink, square.UNITS[weigh]
    latex, symbols = formula.of_square(ask, asked, what == square.ROLLOUT, weigh == square.VALUES)
    place = f"Layer {layer}, head {head}" if what == square.HEAD else f"Layer {layer}, {what}"
    rest = float(found.numbers[1:, 0].mean()) if sizes[0] > 1 else 1.0
    return Shown(
        heat_map(
            found.numbers[window.rows, window.columns],
            found.readers[window.rows],
            found.read[window.columns],
            found.visible[window.rows, window.columns],
            Look(log, floor, (0,) if sink else (), 1.0 if whole else None, unit),
            window.first_row,
            window.first_column,
        ),
        alt=f"{place}: a square of {sizes[0]} query and {sizes[1]} key tokens; the largest {unit} "
        f"is {found.numbers.max():.0%}.",
        told=f"{place}: {found.last}.{found.note}"
        + (HIDDEN.format(rest) if sink else "")
        + cropped,
        checks=found.checks,
        table=lambda: tables.pairs(found.numbers, found.readers, found.read, unit),
        read=f"{READ} {sharing(maps)}",
        code=""
        if weigh == square.VALUES
        else code.weights(asked, ask.facts, layer, head, maps.place_of(layer), what),
        uncoded=UNCODED,
        formula=latex,
        symbols=symbols,
        predict=questions.first_token(maps, layer, head if what == square.HEAD else None),
        tries="Under *Display*: hide the first token and see what else there is. Weigh by value: "
        "is the first token's value long or short?",
        facts={"attention": asked.group, "layer": layer, "head": head, "target": asked.target},
    )


WEIGHING = (
    "× value: the weight times the norm of what the token's value adds through this head. A large "
    "weight on a short value moves little."
)
SINK = (
    "Many heads put most weight on the first token when nothing else is relevant (attention sink). "
    "Hiding it makes the rest visible."
)
HIDDEN = (
    " Hidden: the first token, which gets **{:.0%}** of the attention on average; the colours now "
    "reach from 0 to the largest number left."
)
READ = (
    "Each **row** is a query token, each **column** a key token; a cell is how much of its "
    "attention the query token gives the key token. What the mask hides is empty. Attention tells "
    "where a head looks, not why the model answers as it does."
)
UNCODED = (
    "No code is shown: every family keeps its values and its output projection in a way of its "
    f"own. That of the weights alone is under “{square.WEIGHTS}”."
)

VIEW = View(
    "",
    kind="Show",
    kinds={what: View(words, partial(drawn, what=what)) for what, words in square.SAYS.items()},
)
