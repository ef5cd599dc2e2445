"""View: every head of the model as a thumbnail, with what kind of head it is.

Takes the whole width: the grid is a live component, with a pane for the head that is pointed at.
"""

from components.figures.attention import tables
from components.inspection.attention.heads import ENOUGH, NAMES, SPREAD
from components.lesson import Ask, Shown, View
from pages.inside.attention import code, grid, questions
from pages.inside.attention.choices import DISPLAY, reading_of
from pages.inside.attention.examples import offer_examples
from pages.inside.attention.measures import PAIR, PLACE, PROBE, PROMPT, WRITTEN, measure, measured


def show(ask: Ask) -> Shown:
    asked = reading_of(ask)
    on = ask.choice_of("Measured on", "measured", [PROMPT, PROBE], hint=ON_RANDOM)
    order = ask.choice_of("Sort by", "sort", [PLACE, *WRITTEN, PAIR])
    found = measured(ask, asked, on)
    rank = grid.ranked(ask, found, order)
    with ask.tucked(DISPLAY):
        log = ask.choice_of("Colours", "scale", ["linear", "log"], hint=LOG) == "log"
        kinds = ask.several("Only these kinds", "kinds", list(NAMES.values()), ())
    offer_examples(ask, asked)
    places = grid.places_of(found, order, rank, kinds)
    cropped = grid.draw(ask, found, order, rank, places, not kinds, log)
    maps, probe = found.maps, found.probe
    return Shown(
        None,
        alt=f"{len(places)} of {maps.layers * maps.heads} heads as squares of {len(maps.readers)} "
        "query tokens.",
        told=found.told + ("" if order == PLACE else SORTED) + cropped,
        checks=maps.checks,
        table=lambda: tables.heads(
            maps.numbers, found.kinds, {name: measure(found.scores, name) for name in WRITTEN}
        ),
        read=READ,
        code=code.previous_token(asked, ask.facts),
        formula=r"H_i = -\sum_j A_{ij} \log_2 A_{ij} \qquad d_i = \sum_j A_{ij}\,(i - j)",
        symbols=SYMBOLS,
        predict=questions.induction(probe) if asked.group == "decoder" and probe else None,
        tries="Sort by first token: how many heads put most of their weight there? Type “lamp "
        "river cake” twice over as the prompt.",
        facts={"attention": asked.group, "target": asked.target, "measured on": on},
    )


ON_RANDOM = (
    "In random tokens nothing can be guessed from meaning: a head that goes back to what followed "
    "last time does so because of the repetition alone."
)
LOG = "Logarithmic: weights down to 0.0001 can be told apart."
SORTED = " Below each square: its layer and head (1.2 is layer 1, head 2), and the number."
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
