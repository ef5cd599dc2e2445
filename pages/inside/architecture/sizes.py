"""View: choose the sizes of a decoder; what becomes of its parameters, cache and work?"""

from dataclasses import asdict

from components.figures.architecture.sizes import sizes_bars, sizes_table
from components.inspection.architecture import sizes as known
from components.inspection.architecture.sizes import KNOWN, Sizes, weighed
from components.lesson import Ask, Shown, View
from components.widgets.presets import examples
from pages.inside.architecture.sizes_words import CODE, FORMULA, READ, SYMBOLS, question, told

BESIDE = "Llama-3-8B"
FIRST = KNOWN["Llama-2-7B"]
TIED = "The head is the embedding table: its matrix is kept once."


def show(ask: Ask) -> Shown:
    beside = ask.choice_of("Beside", "beside", list(KNOWN), BESIDE)
    examples(ask, {name: asdict(one) for name, one in KNOWN.items()})
    behind = ask.number("Tokens before", "behind", 0, 1_000_000, 4_096)
    mine, other = asked(ask), KNOWN[beside]
    found = tuple(ask.compute(weighed, each, behind) for each in (other, mine))
    names = (beside, "yours")
    return Shown(
        sizes_bars(names, found),
        alt=f"Yours has {found[1].total:,} parameters, {beside} {found[0].total:,}.",
        told=told(beside, *found),
        checks=tuple(check for one in found for check in one.checks),
        table=lambda: sizes_table(names, (other, mine), found),
        code=CODE.replace("CONFIG", repr(mine.config())),
        read=READ,
        formula=FORMULA,
        symbols=SYMBOLS,
        predict=question(ask, beside),
        tries="Double the width: which parts grow four times, which twice? Then 8 experts, of "
        "which a token meets 2: what grows, and what does not? Then one key-value head.",
    )


def asked(ask: Ask) -> Sizes:
    return Sizes(
        layers=ask.number("Layers", "layers", 1, known.MOST_LAYERS, FIRST.layers),
        width=ask.number("Width", "width", 2, known.MOST_WIDTH, FIRST.width, step=64),
        heads=ask.number("Query heads", "heads", 1, known.MOST_HEADS, FIRST.heads),
        kv_heads=ask.number("KV heads", "kv_heads", 1, known.MOST_HEADS, FIRST.kv_heads),
        mlp=ask.number("MLP width", "mlp", 1, known.MOST_MLP, FIRST.mlp, step=64),
        vocabulary=ask.number(
            "Vocabulary", "vocabulary", 1, known.MOST_VOCABULARY, FIRST.vocabulary, step=1_000
        ),
        experts=ask.number("Experts", "experts", 1, known.MOST_EXPERTS, FIRST.experts),
        met=ask.number("Experts met", "met", 1, known.MOST_EXPERTS, FIRST.met),
        tied=ask.toggle("Tied head", "tied", hint=TIED),
    )


VIEW = View(
    "A decoder's costs follow from a few numbers. Change them, and see what its weights, its cache "
    "and its work become, beside a model that there is.",
    show,
)
