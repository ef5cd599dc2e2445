"""View: a generated sequence. Which token of the prompt made which token of it likely?"""

from typing import Final

import numpy as np
import pandas as pd

from components.figures.attribution_tables import phrase_table
from components.figures.visible import visible
from components.inspection.attribution import phrase as inspection
from components.inspection.attribution.baselines import stand_ins
from components.inspection.attribution.catalogue import MOST, USUAL
from components.inspection.attribution.digits import written
from components.inspection.attribution.phrase import PhraseAttribution
from components.inspection.attribution.phrase_ways import PhraseMethod, phrase_cost
from components.inspection.attribution.shapley import EXACT, FEWEST_ORDERS
from components.inspection.decoding import require_writing
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import coded, literal
from pages.inside.attribution import code
from pages.inside.attribution.question import offer_examples
from pages.inside.attribution.sequence_code import sequence_code

METHODS: Final[dict[str, PhraseMethod]] = {
    "Feature ablation": "ablation",
    "Integrated gradients": "integrated_gradients",
    "Shapley values": "shapley",
}
MOST_ANSWERS = 6


def show(ask: Ask) -> Shown:
    ask.inspect(require_writing)
    offered = ask.inspect(stand_ins)
    given = ask.text("Sequence (empty: what the model writes)", "sequence", "", most=300)
    new = USUAL_TOKENS if given else ask.number("Tokens", "tokens", 1, inspection.MOST_PHRASE, 6)
    method = METHODS[ask.choice_of("Attribution method", "sequence_method", list(METHODS))]
    # The first is the neutral one of this model, which another model may not have.
    hint = "The token put where one is taken away."
    replacement = ask.choice_of("Replacement token", "replacement", offered, hint=hint)
    tokens, said = ask.inspect(inspection.lengths, ask.prompt, given)
    orders = USUAL.samples
    if method == "shapley" and tokens > EXACT:
        orders = ask.number(
            "Orders",
            "sequence_orders",
            FEWEST_ORDERS,
            MOST.samples,
            orders,
            hint="Random orders of Shapley values, for more than eight tokens; up to eight all "
            "count. Four times as many halve the standard error.",
        )
    offer_examples(ask)
    asked = (ask.prompt, given, new, method, replacement, orders)
    ahead = running.Cost(*phrase_cost(method, tokens, said or new, orders), tokens + (said or new))
    with running.started(ask, ahead, *asked) as inspect:
        found: PhraseAttribution = inspect(inspection.attribute_phrase, *asked)
    return Shown(
        phrase_table(found),
        alt=f"Scores of {len(found.tokens)} tokens for {len(found.phrase)} written tokens.",
        told=f"{wrote(found, given)} {sums(found)}",
        checks=found.checks,
        table=lambda: as_table(found),
        code=sequence_code(code.setting(ask), ask.prompt, found, orders),
        read="One row is one token of the sequence, one column one token of the prompt. Blue made "
        "the written token **likelier**, orange less likely, in nats: +0.69 doubles its "
        "probability. Before each row the model has read the prompt and the sequence so far.\n\n"
        f"{running.told(ask, ahead)} {found.forwards:,} texts were read.",
        formula=r"F_j(x) = \ln p(y_j \mid x, y_1 \dots y_{j-1})",
        symbols="x is the prompt, y the sequence. The target is that of Captum's `LLMAttribution` "
        "(Miglani et al. 2023). Each text with holes is read once, and tells the log-probability "
        "of every token of the sequence.",
        predict=most(found),
        tries="A sequence that the model would not have written. Which token speaks most against "
        "it?",
        facts={
            "method": found.method,
            "replacement": found.stand_in,
            "sequence": list(found.phrase),
        },
    )


USUAL_TOKENS = 6


def wrote(found: PhraseAttribution, given: str) -> str:
    """Return in a sentence what is explained, and how a typed sequence was read."""
    written_so = "".join(found.phrase)
    said = (
        f"{'The model writes' if found.generated else 'The sequence'}: "
        f"**{coded(visible(written_so))}** (probability "
        f"{np.exp(found.log_probabilities.sum()):.2%} as a whole)."
    )
    if not found.generated and written_so != given:
        said += (
            f" What was typed, {coded(visible(given))}, is read as {coded(visible(written_so))}: "
            "behind a word, a word begins with a space (`·`)."
        )
    return said


def sums(found: PhraseAttribution) -> str:
    """Return in a sentence whether the scores add up, and how sure they are."""
    change = found.log_probabilities - found.baseline_log_probabilities
    worst = int(np.abs(found.gaps).argmax())
    sure = (
        ""
        if found.errors is None
        else f" Standard errors are at most **{float(found.errors.max()):.2g}** nats; as many "
        "digits are written as are known."
    )
    return (
        f"From a text of {coded(found.stand_in)} to the prompt its log-probability changes by "
        f"**{change.sum():+.3f}** nats; the scores sum to **{found.scores.sum():+.3f}**. The row "
        f"that is furthest off is {coded(visible(found.phrase[worst]))}, by "
        f"{written(float(found.gaps[worst]))}.{sure}"
    )


def as_table(found: PhraseAttribution) -> pd.DataFrame:
    table = pd.DataFrame({"token": found.tokens})
    for place, token in enumerate(found.phrase):
        table[f"{place} {token}"] = found.scores[place].astype(float)
        if found.errors is not None:
            table[f"{place} {token}, standard error"] = found.errors[place].astype(float)
    table["whole sequence"] = found.whole.astype(float)
    return table


def most(found: PhraseAttribution) -> Predict:
    """Ask which token counts most for the whole; on offer are those that count most."""
    ranked = np.argsort(-np.abs(found.whole), kind="stable")[:MOST_ANSWERS]
    names = {int(at): f"{at}: {literal(visible(found.tokens[at]))}" for at in sorted(ranked)}
    best = int(ranked[0])
    return Predict(
        "Which token of the prompt counts most for the sequence **as a whole**, the sum over its "
        "column?",
        tuple(names.values()),
        names[best],
        f"It counts {found.whole[best]:+.2f} nats.",
    )


VIEW = View(
    "Let the model write on, and see for each token it wrote which token of the prompt made it "
    "likely: **attribution of a generated sequence**.",
    show,
)
