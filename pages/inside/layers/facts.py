"""View: switch off each attention and each MLP; which does the answer depend on?"""

from components.figures.layers.fact import fact_bars, fact_table
from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.attribution.question import likeliest_answers
from components.inspection.layers.fact import Off, ablated, passes
from components.lesson import Ask, Shown, View
from components.widgets import running
from components.widgets.presets import examples
from pages.inside.layers import fact_code
from pages.inside.layers.fact_words import ASKS, MEAN, READ, TYPED, choices, named, question, told

LIKELIEST = "likeliest"
EXAMPLES = {
    f"The capital of {country}": {"prompt": f"The capital of {country} is"}
    for country in ("France", "Japan", "Egypt", "Peru")
} | {"Rain and an umbrella": {"prompt": "Once upon a time there was a"}}
WHAT: dict[Off, str] = {"zero": "zero", "mean": "its mean"}


def show(ask: Ask) -> Shown:
    likely = ask.inspect(likeliest_answers, ask.prompt)
    names = {visible(name): n for name, n in zip(likely.answers, likely.answer_ids, strict=True)}
    options = [LIKELIEST, *names]
    picked = (
        ask.choice_of("Answer", "fact_answer", options)
        if likely.asked not in ("next token", "masked token")
        else ask.one_of_or_typed("Answer token", "fact_answer", options, LIKELIEST, hint=TYPED)
    )
    answer = "" if picked == LIKELIEST else names.get(picked, picked)
    what: Off = ask.choice_of("Output put to", "put", list(WHAT), says=WHAT, hint=MEAN)
    examples(ask, EXAMPLES)
    parts = 3 if ask.facts.kind == "seq2seq" else 2
    asks = ASKS, choices(ask.facts.layers, parts)
    cost = running.over_prompt(ask, passes(ask.facts.layers, parts))
    found = running.inspected(ask, ablated, ask.prompt, answer, what, cost=cost, asks=asks)
    row, layer = found.costliest
    return Shown(
        fact_bars(found),
        alt=f"The answer's probability with each part switched off; least, "
        f"{percent(float(found.off.min()))}, without {named(found, row, layer)}.",
        told=told(found),
        checks=found.checks,
        table=lambda: fact_table(found),
        code=fact_code.switched_off(ask.choice, ask.facts, found),
        uncoded=fact_code.UNCODED,
        read=READ,
        predict=question(found),
        tries="Take another capital: do the same parts matter? A part that every text needs is not "
        "where *this* fact sits. Put the outputs to their mean instead of zero: which bars change?",
    )


VIEW = View(
    "Is the **MLP** the memory of the model, as books say? Switch each attention and each MLP off, "
    "one at a time, and see whether the answer survives.",
    show,
)
