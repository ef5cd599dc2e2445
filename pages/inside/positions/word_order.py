"""View: shuffle the words; whose output changes?"""

from dataclasses import replace

from components.figures.positions.schemes import order_map
from components.figures.positions.tables import order_table
from components.inspection.positions.order import PASSES, WordOrder, shuffled
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import literal
from components.widgets.presets import examples

EXAMPLES = {
    "Who bit whom? Turned around": {"prompt": "The dog bit the man", "shuffle": 0},
    "The same words twice": {"prompt": "red blue green red blue green", "shuffle": 1},
}
ANSWERS = ("all", "those that moved", "none")


def show(ask: Ask) -> Shown:
    hint = "0: reversed order."
    seed = ask.number("Shuffle seed", "shuffle", 0, 99, 1, hint=hint)
    examples(ask, EXAMPLES)
    cost = running.over_prompt(ask, PASSES)
    found = running.inspected(ask, shuffled, ask.prompt, seed, cost=cost)
    mixed = "".join(found.tokens[place] for place in found.order)
    right = answer(found)
    return Shown(
        order_map(found),
        alt="How much each token's last hidden state changed, by condition.",
        told=f"Shuffled: {literal(mixed[:300])}"
        + (f"  \n{literal(found.said)}" if found.said else ""),
        checks=found.checks,
        unchecked="A causal mask is left on, and it alone tells order: nothing is promised to stay "
        "as it is.",
        table=lambda: order_table(found),
        code=CODE,
        read="A row for each token, a column for each condition. A cell says how much the token's "
        "last hidden state (before the final norm) changed when the words were shuffled, as a "
        "share of its length. Special tokens stay where they are.",
        formula=r"\frac{\lVert h'_t - h_t \rVert}{\lVert h_t \rVert}",
        symbols="h is the last hidden state of token t in the text as written, h' in the shuffled.",
        predict=Predict(
            "Take away the positions"
            + (" **and** the causal mask" if found.conditions[-1].mask is False else "")
            + ", then shuffle. Which tokens get another output?",
            ANSWERS,
            right,
            (
                "Attention alone sees a set: each token's output is the same wherever it stands. "
                if right == "none"
                else "Something else tells order in this model: see below the figure. "
            )
            + "A causal mask alone already tells order, since a token sees only those before it.",
            before=order_map(
                replace(found, conditions=found.conditions[:-1], change=found.change[:-1])
            ),
        )
        if right
        else None,
        tries="Shuffle seed 0. With positions, which token changes least, and why?",
    )


def answer(found: WordOrder) -> str:
    """Return which of `ANSWERS` is right of the last condition; empty if none, or a mask is on."""
    changed = {place for place, by in enumerate(found.change[-1]) if by > found.rounding}
    moved = {token for place, token in enumerate(found.order) if place != token}
    if found.conditions[-1].mask:
        return ""
    if not changed:
        return "none"
    if len(changed) == len(found.tokens):
        return "all"
    return "those that moved" if changed == moved else ""


CODE = """import torch

# Attention by itself, on five vectors: permute the rows, and the outputs are permuted alike.
torch.manual_seed(0)
x, order = torch.randn(5, 8), torch.tensor([4, 2, 0, 1, 3])
attention = lambda x: torch.softmax(x @ x.T / 8**0.5, -1) @ x
print((attention(x[order]) - attention(x)[order]).abs().max())
"""

VIEW = View(
    "Attention by itself sees a **set** of words. Shuffle them and see whose output changes: with "
    "positions and without, with a causal mask and without.",
    show,
)
