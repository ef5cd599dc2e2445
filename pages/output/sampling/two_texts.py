"""A fold of Perplexity: two texts on one scale."""

import math

import pandas as pd

from components.figures.sampling_surprisal import FEW, two_texts
from components.figures.sampling_tables import surprisal_table
from components.inspection.sampling.perplexity import surprisals
from components.lesson import Ask, Predict, Shown, View
from components.widgets.apparatus import told as answered
from pages.output.sampling.perplexity_asked import scored
from pages.output.sampling.perplexity_words import SURPRISING, number

ANSWERS = ("the first", "the second", "equal")


def show(ask: Ask) -> Shown:
    first, _, source, start = scored(ask)
    other = ask.text("The second text", "other", SURPRISING, lines=2, most=1500)
    second = ask.inspect(surprisals, other, source, start)
    pair = {"first": first, "second": second}
    said = [
        f"The {name} text: perplexity **{number(each.perplexity)}**, "
        f"{math.log2(each.perplexity):.2f} bits for each of its {len(each.tokens)} tokens."
        for name, each in pair.items()
    ]
    longest = max(len(each.tokens) for each in pair.values())
    drawn = [f"Of each text the first {FEW} tokens are drawn."] if longest > FEW else []
    higher = second.perplexity > first.perplexity
    right = ANSWERS[2] if first.perplexity == second.perplexity else ANSWERS[higher]
    return Shown(
        two_texts(first, second),
        alt=f"The surprisal of each token of two texts, with perplexity "
        f"{number(first.perplexity)} and {number(second.perplexity)}.",
        told="  \n".join(drawn + (said if answered(ask.key) else [])),
        checks=(*first.checks, *second.checks),
        unchecked="Of longer texts the probabilities are not computed a second time.",
        table=lambda: pd.concat(
            {name: surprisal_table(each) for name, each in pair.items()}, names=["text"]
        ).reset_index(level=0),
        read="Above the text of this view, below the second; the dotted lines are their means. "
        "Both have one scale, so a bar as high is a surprise as great. Where two sentences differ "
        "in one word, the bars are the same up to it.",
        predict=Predict("Which text has the higher perplexity?", ANSWERS, right, "  \n".join(said)),
        tries="Change one word of a sentence: which bars change, only its own?",
    )


TWO = View("One scale for two texts: the one that the model knows, and the other.", show)
