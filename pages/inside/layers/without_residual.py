"""A fold of Residual stream: what the model says without its residual connections."""

from components.figures.layers.residual_stream import short, without_lines, without_table
from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.layers.without_residual import passes, without_residual
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import coded
from pages.inside.layers import fact_code

ANSWERS = ("yes, and as surely", "yes, but less surely", "no")
ASKS = "Without any residual connection: is the answer still the same?"


def show(ask: Ask) -> Shown:
    parts = 3 if ask.facts.kind == "seq2seq" else 2
    cost = running.over_prompt(ask, passes(ask.facts.layers, parts))
    found = running.inspected(ask, without_residual, ask.prompt, cost=cost, asks=(ASKS, ANSWERS))
    token = ask.token("Token", "answering", found.tokens, -1)
    same = found.says_without == found.answer
    sure = found.probability_without >= 0.9 * found.probability
    ends = (float(norms[-1, token]) for norms in (found.norms, found.norms_without))
    with_end, without_end = map(short, ends)
    return Shown(
        without_lines(found, token),
        alt=f"The stream's norm with and without residual connections: at the end {with_end} and "
        f"{without_end}.",
        told=f"With them the model says {coded(visible(found.answer))} with a probability of "
        f"**{percent(found.probability)}**; without, that has "
        f"**{percent(found.probability_without)}**, and it says "
        f"{coded(visible(found.says_without))} ({percent(found.said_without)}).",
        checks=found.checks,
        table=lambda: without_table(found),
        code=fact_code.unconnected(ask.choice, ask.facts, found),
        uncoded="Of three parts a block, or one block in all layers, this takes more than a few "
        "lines.",
        read="Grey: the norm of the chosen token's stream at each boundary. Vermilion: what is "
        "there when each attention's and each MLP's output **replaces** the stream instead of "
        "being added to it. The model was trained with its connections: this shows how it uses "
        "them, not what a model trained without could do.",
        formula=r"x \to \mathrm{MLP}(\mathrm{attention}(x)) \quad\text{instead of}\quad "
        r"x \to x' + \mathrm{MLP}(x'),\; x' = x + \mathrm{attention}(x)",
        symbols="x is the stream that enters a block; each part norms what it reads as ever.",
        predict=Predict(
            ASKS,
            ANSWERS,
            ANSWERS[2] if not same else ANSWERS[0] if sure else ANSWERS[1],
            "The embedding of the token, and all that earlier layers found out, reach the end "
            "only along these connections, or through every part in between.",
            before=without_lines(found, token, False),
        ),
        tries="Is what is there instead shorter than the stream, or as long? So is it the length "
        "that is lost, or what the vector says?",
    )


WITHOUT_RESIDUAL = View(
    "Take the **residual connections** away: each part's output is all that the next one gets.",
    show,
)
