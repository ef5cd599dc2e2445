"""View: every head of the model as a thumbnail, with what kind of head it is.

Takes the whole width: the grid is a live component, with a pane for the head that is pointed at.
"""

from functools import partial

import numpy as np

from components.figures import theme
from components.inspection.attention.heads import (
    ENOUGH,
    NAMES,
    SPREAD,
    HeadScores,
    ProbeResult,
    head_scores,
    probe_heads,
)
from components.inspection.attention.maps import AttentionMaps, attention_maps
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets.ground import dark
from components.widgets.head_grid import head_grid
from components.widgets.head_grid.opening import chosen, open_head
from pages.inside.attention import code
from pages.inside.attention.choices import Reading, reading_of, window_of
from pages.inside.attention.measures import COLOURS_OF, WRITTEN, as_table, cell, measure, named

MOST_TOKENS = 128
PROMPT, PROBE = "this prompt", "random tokens, twice over"
PLACE, PAIR = "layer and head", "weight of one pair"


def show(ask: Ask) -> Shown:
    asked = reading_of(ask)
    on = ask.choice_of("Measured on", "measured", [PROMPT, PROBE], hint=ON_RANDOM)
    order = ask.choice_of("Sort by", "sort", [PLACE, *WRITTEN, PAIR])
    maps, scores, told = measured(ask, asked, on)
    rank, written = ranked(ask, maps, scores, order)
    log = ask.choice_of("Colours", "scale", ["linear", "log"], hint=LOG) == "log"
    kept = ask.several("Only these kinds", "kinds", list(NAMES.values()), ())
    probe, kinds, unnamed = named(ask, asked, scores)
    same = maps.group != "cross"
    window, cropped = window_of(ask, len(maps.readers), len(maps.read), MOST_TOKENS, same)
    every = [(layer, head) for layer in range(maps.layers) for head in range(maps.heads)]
    places = [place for place in every if not kept or kinds[place[0]][place[1]] in kept]
    if not places:
        raise InspectionError("No head is of these kinds here: choose others as well, or none.")
    if order != PLACE:
        places.sort(key=lambda place: -np.nan_to_num(rank[place], nan=-np.inf))
    with ask.stage.container():
        head_grid(
            maps.weights[:, :, window.rows, window.columns],
            maps.visible[:, window.rows, window.columns],
            (list(maps.readers)[window.rows], list(maps.read)[window.columns]),
            [
                cell(maps, scores, kinds, place, written.format(rank[place]) if written else "")
                for place in places
            ],
            columns=maps.heads if order == PLACE and not kept else None,
            scale=theme.ATTENTION_DARK if dark() else theme.ATTENTION,
            log=log,
            selected=chosen(maps.numbers, range(maps.heads)),
            key=f"heads-{ask.key}",
            on_open=partial(open_head, "One head"),
            kinds=COLOURS_OF,
        )
    return Shown(
        None,
        alt=f"{len(places)} of {len(every)} heads as squares of {len(maps.readers)} query tokens.",
        told=told + unnamed + cropped,
        checks=maps.checks,
        table=lambda: as_table(maps, scores, kinds),
        read=READ,
        code=code.previous_token(asked, ask.facts),
        formula=r"H_i = -\sum_j A_{ij} \log_2 A_{ij} \qquad d_i = \sum_j A_{ij}\,(i - j)",
        symbols=SYMBOLS,
        predict=question(probe) if asked.group == "decoder" and probe is not None else None,
        tries="Sort by first token: how many heads rest there when they have nothing to do? Type "
        "“lamp river cake” twice over as the prompt.",
        facts={"attention": asked.group, "target": asked.target, "measured on": on},
    )


def measured(ask: Ask, asked: Reading, on: str) -> tuple[AttentionMaps, HeadScores, str]:
    """Return the weights on the text they are measured on, the heads' scores, and the words."""
    if on == PROBE:
        probe = ask.inspect(probe_heads, asked.group)
        maps, scores = probe.maps, probe.scores
        told = (
            f"{len(maps.readers)} tokens: random ones, twice over. In the second half, every token "
            "has been there before: that is what duplicate-token and induction heads react to. A "
            "click opens the head on the prompt, where its stripe need not be. "
        )
    else:
        maps = ask.inspect(attention_maps, *asked.arguments)
        scores, told = head_scores(maps), ""
    for name in ("previous token", "first token"):
        weights = measure(scores, name)
        if np.isfinite(weights).any():
            place, head = np.unravel_index(int(np.nanargmax(weights)), weights.shape)
            told += (
                f"Layer {maps.numbers[place]}, head {head} gives the {name} most, "
                f"**{weights[place, head]:.0%}** on average. "
            )
    return maps, scores, told.strip()


def ranked(ask: Ask, maps: AttentionMaps, scores: HeadScores, order: str) -> tuple[np.ndarray, str]:
    """Return [layer, head] numbers to sort by, and how each is written below its thumbnail."""
    if order == PAIR:
        query = ask.token("Query token", "query", maps.readers, -1)
        key = ask.token("Key token", "key", maps.read, 0)
        return maps.weights[:, :, query, key], "{:.0%}"
    return (scores.entropy, "") if order == PLACE else (measure(scores, order), WRITTEN[order])


def question(probe: ProbeResult) -> Predict:
    weights = np.nan_to_num(probe.scores.shares["induction"])
    place, head = np.unravel_index(int(weights.argmax()), weights.shape)
    best = float(weights.max())
    return Predict(
        "The model reads random tokens, twice over. Is there a head that looks back at what came "
        "next the first time?",
        ("yes", "no"),
        "yes" if best >= ENOUGH else "no",
        f"The strongest is layer {probe.maps.numbers[place]}, head {head}: in the second half it "
        f"gives **{best:.0%}** of its attention to the token that followed last time. Set "
        "*Measured on* to random tokens and look for its stripe.",
    )


ON_RANDOM = (
    "In random tokens nothing can be guessed from meaning: a head that goes back to what followed "
    "last time does so because of the repetition alone."
)
LOG = "Logarithmic: weights down to 0.0001 can be told apart."
READ = (
    "In each square, a row is a query token, a column a key token; darker (on a dark page: "
    "lighter) is more attention. Above the diagonal a decoder cannot look: that half is empty. "
    "Point at a square for its numbers and tokens, click it to open the head.\n\n"
    "A head is **named by what it does on random tokens said twice over**, whatever is drawn: on "
    "one sentence, names would be those of the sentence. It is named after the place that gets at "
    f"least **{ENOUGH:.0%}** of its attention there on average: *induction* (the token that came "
    "right after an earlier copy of the query token), *duplicate token* (an earlier copy itself), "
    "*previous token*, *first-token sink* (attention sink), or *itself*. Failing that it is "
    f"*diffuse* if its entropy reaches **{SPREAD:.0%}** of what the mask allows, else *mixed*. A "
    "name says where the head looks, not what it is for."
)
SYMBOLS = (
    "A is the attention weight from query token i to key token j, H the entropy in bits, d the "
    "mean distance in tokens. Means over the query tokens that could attend to more than one; for "
    "duplicate token and induction, over those whose token had been there before: so shares need "
    "not sum to 1, and the number beside one says over how many tokens it is a mean."
)

VIEW = View(
    "Each **head** spreads 100% of its attention. Which attend to the previous token, the first "
    "(an attention sink), an earlier copy?",
    show,
    wide=True,
)
