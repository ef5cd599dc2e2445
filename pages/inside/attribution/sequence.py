"""View: a generated sequence. Which token of the prompt made which token of it likely?"""

from typing import Final

from components.figures import attribution_tables as tables
from components.figures.attribution_grids import phrase_table
from components.inspection.attribution import phrase as inspection
from components.inspection.attribution.baselines import stand_ins
from components.inspection.attribution.catalogue import MOST, USUAL
from components.inspection.attribution.phrase import PhraseAttribution
from components.inspection.attribution.phrase_ways import PhraseMethod, phrase_cost
from components.inspection.attribution.shapley import EXACT, FEWEST_ORDERS
from components.inspection.decoding import require_writing
from components.lesson import Ask, Shown, View
from components.widgets import running
from pages.inside.attribution import code, questions
from pages.inside.attribution.examples import offer_examples
from pages.inside.attribution.says import sequence_sums, wrote
from pages.inside.attribution.sequence_code import sequence_code

METHODS: Final[dict[str, PhraseMethod]] = {
    "Feature ablation": "ablation",
    "Integrated gradients": "integrated_gradients",
    "Shapley values": "shapley",
}
USUAL_TOKENS = 6


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
        told=f"{wrote(found, given)} {sequence_sums(found)}",
        checks=found.checks,
        table=lambda: tables.sequence(found),
        code=sequence_code(code.setting(ask), ask.prompt, found, orders),
        read="One row is one token of the sequence, one column one token of the prompt. Blue made "
        "the written token **likelier**, orange less likely, in nats: +0.69 doubles its "
        "probability. Before each row the model has read the prompt and the sequence so far.\n\n"
        f"{running.told(ask, ahead)} {found.forwards:,} texts were read.",
        formula=r"F_j(x) = \ln p(y_j \mid x, y_1 \dots y_{j-1})",
        symbols="x is the prompt, y the sequence. The target is that of Captum's `LLMAttribution` "
        "(Miglani et al. 2023). Each text with holes is read once, and tells the log-probability "
        "of every token of the sequence.",
        predict=questions.most(found),
        tries="A sequence that the model would not have written. Which token speaks most against "
        "it?",
        facts={
            "method": found.method,
            "replacement": found.stand_in,
            "sequence": list(found.phrase),
        },
    )


VIEW = View(
    "Let the model write on, and see for each token it wrote which token of the prompt made it "
    "likely: **attribution of a generated sequence**.",
    show,
)
