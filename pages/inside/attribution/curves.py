"""The curves of Faithfulness, one for each ranking: by methods, and by attention where asked."""

import numpy as np

from components.inspection.attribution import faithfulness
from components.inspection.attribution.attention_rows import attention_rows
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.faithfulness import Curves, ranking
from components.inspection.attribution.question import Question
from components.inspection.errors import InspectionError
from components.lesson import Ask
from components.widgets import running
from components.widgets.markup import literal
from pages.inside.attribution.attributed import Scored, by_methods, waiting
from pages.inside.attribution.question import with_attention
from pages.inside.attribution.questions import FALLS

LAST_LAYER = "Attention, last layer"
ROLLOUT = "Attention rollout"


def curves_of(ask: Ask) -> tuple[Scored, Curves, list[tuple[int, ...]], str]:
    """Return what was asked, the curves of all rankings, the rankings, and what else is to say."""
    asked = by_methods(ask, attention=True)
    rankings = {METHODS[each.method].title: ranking(each.scores) for each in asked.found}
    said = ""
    if with_attention(ask):
        try:
            rankings |= of_attention(ask, asked.question)
        except InspectionError as error:
            said = literal(str(error))
    names, orders = list(rankings), list(rankings.values())
    features = asked.reading.features
    texts = faithfulness.cost(len(features.free), len(names))
    ahead = running.Cost(texts, 0, len(features.tokens))
    asks, words = (FALLS, tuple(names)), waiting(asked.reading)
    what = (asked.question, tuple(names), tuple(orders))
    with running.started(ask, ahead, *what, words=words, asks=asks) as inspect:
        curves: Curves = inspect(faithfulness.curves, asked.question, names, orders, 0)
    return asked, curves, orders, said


def of_attention(ask: Ask, question: Question) -> dict[str, tuple[int, ...]]:
    """Return two rankings by attention."""
    rows = ask.inspect(attention_rows, question.text, question.unit)
    fixed = np.array(rows.features.fixed)
    return {
        LAST_LAYER: ranking(np.where(fixed, np.nan, rows.raw[-1])),
        ROLLOUT: ranking(np.where(fixed, np.nan, rows.rollout)),
    }
