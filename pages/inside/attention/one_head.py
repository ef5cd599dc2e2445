"""View: one head as a heat map with numbers; or all heads of a layer in one."""

import numpy as np

from components.figures.attention.heat_map import Look, heat_map
from components.inspection.attention.maps import AttentionMaps
from components.lesson import Ask, Predict, Shown, View
from pages.inside.attention import code, formula
from pages.inside.attention.choices import layer_and_head, maps_of, pairs, sharing, window_of
from pages.inside.attention.square import HEAD, LARGEST, MEAN, ROLLOUT, merged, square_of

MOST_TOKENS = 96
WEIGHTS, VALUES = "attention", "attention × value"
SCALES = ("linear", "log")


def drawn(ask: Ask, what: str) -> Shown:
    asked, maps = maps_of(ask)
    layer, head = layer_and_head(ask, maps) if what == HEAD else (ask.layer(maps.numbers), 0)
    weigh = (
        ask.choice_of("Weigh by", "weigh", [WEIGHTS, VALUES], hint=WEIGHING)
        if what != ROLLOUT
        else WEIGHTS
    )
    words = ask.toggle("Merge into words", "words")
    sink = ask.toggle("Hide the first token", "hide_first", hint=SINK)
    log = ask.choice_of("Colours", "scale", SCALES) == "log"
    floor = ask.real("Blank below", "floor", 0, 0.5, 0, hint="Smaller numbers are left blank.")
    square = square_of(ask, asked, maps, (layer, head), what, weigh == VALUES)
    if words:
        square = merged(square)
    readers, read = square.readers, square.read
    window, cropped = window_of(ask, len(readers), len(read), MOST_TOKENS, maps.group != "cross")
    whole = what == HEAD and weigh == WEIGHTS and not sink
    unit = "attention weight" if weigh == WEIGHTS else "share of the head's output"
    look = Look(log, floor, (0,) if sink else (), 1.0 if whole else None, unit)
    latex, symbols = (
        formula.ROLLOUT
        if what == ROLLOUT
        else formula.WEIGHTED
        if weigh == VALUES
        else formula.of_weights(ask, asked)
    )
    place = f"Layer {layer}, head {head}" if what == HEAD else f"Layer {layer}, {what}"
    rest = float(square.numbers[1:, 0].mean()) if len(readers) > 1 else 1.0
    return Shown(
        heat_map(
            square.numbers[window.rows, window.columns],
            readers[window.rows],
            read[window.columns],
            square.visible[window.rows, window.columns],
            look,
            window.first_row,
            window.first_column,
        ),
        alt=f"{place}: a square of {len(readers)} query and {len(read)} key tokens; the largest "
        f"{unit} is {square.numbers.max():.0%}.",
        told=f"{place}: {square.last}.{square.note}"
        + (
            f" Hidden: the first token, which gets **{rest:.0%}** of the attention on average; the "
            "colours now reach from 0 to the largest number left."
            if sink
            else ""
        )
        + cropped,
        checks=square.checks,
        table=lambda: pairs(square.numbers, readers, read, unit),
        read=f"{READ} {sharing(maps)}",
        code=""
        if weigh == VALUES
        else code.weights(asked, ask.facts, layer, head, maps.place_of(layer), what),
        uncoded="No code is shown: every family keeps its values and its output projection in a "
        f"way of its own. That of the weights alone is under “{WEIGHTS}”.",
        formula=latex,
        symbols=symbols,
        predict=question(maps, layer, head if what == HEAD else None),
        tries="Hide the first token and see what else there is; weigh by value: is the first "
        "token's value long or short? Merge into words.",
        facts={"attention": asked.group, "layer": layer, "head": head, "target": asked.target},
    )


def question(maps: AttentionMaps, layer: int, head: int | None) -> Predict | None:
    if maps.group != "decoder" or len(maps.readers) < 2:
        return None
    weight = float(maps.weights[:, :, 1:, 0].mean())
    even = float(np.mean(1 / maps.visible.sum(-1)[:, 1:].clip(1)))
    here = "" if head is None else maps.weights[maps.place_of(layer), head, 1:, 0].mean()
    answer = "more" if weight > even * 1.1 else "about as much" if weight > even * 0.9 else "less"
    return Predict(
        "The first token of the text: do heads give it more than an even share, on average?",
        ("more", "about as much", "less"),
        answer,
        f"All heads together give it **{weight:.0%}**; evenly spread it would be {even:.0%}."
        + (f" This head gives {here:.0%}." if head is not None else ""),
    )


WEIGHING = (
    "× value: the weight times the norm of what the token's value adds through this head. A large "
    "weight on a short value moves little."
)
SINK = (
    "Many heads put most weight on the first token when nothing else is relevant (attention sink). "
    "Hiding it makes the rest visible."
)
READ = (
    "Each **row** is a query token, each **column** a key token; a cell is how much of its "
    "attention the query token gives the key token. What the mask hides is empty. Attention tells "
    "where a head looks, not why the model answers as it does."
)

VIEW = View(
    "",
    kind="Show",
    kinds={
        HEAD: View(
            "One head, in numbers: each row is a query token; its weights over the key tokens "
            "(columns) sum to 1.",
            lambda ask: drawn(ask, HEAD),
        ),
        MEAN: View(
            "All heads of a layer in one: the mean of their weights.",
            lambda ask: drawn(ask, MEAN),
        ),
        LARGEST: View(
            "All heads of a layer in one: for each pair, the largest weight that any head gives.",
            lambda ask: drawn(ask, LARGEST),
        ),
        ROLLOUT: View(
            "Attention rollout: followed from a layer down to the input, each layer half "
            "attention, half residual connection.",
            lambda ask: drawn(ask, ROLLOUT),
        ),
    },
)
