"""The question, asked alike by all views: which answer, against which, compared with what."""

from typing import Final

from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.attribution.baselines import BASELINES, Baseline, available
from components.inspection.attribution.catalogue import (
    BY_TITLE,
    MOST,
    USUAL,
    MethodName,
    MethodSettings,
)
from components.inspection.attribution.features import UNITS
from components.inspection.attribution.question import Question, Reading, read
from components.inspection.attribution.shapley import EXACT, FEWEST_ORDERS
from components.inspection.catalogue import HUB_MODELS
from components.lesson import Ask
from components.widgets.frame import SAMPLES
from components.widgets.markup import coded
from components.widgets.presets import examples

LIKELIEST: Final = "the likeliest"
RUNNER_UP: Final = "the runner-up"
NOTHING: Final = "none"
DRINK: Final = SAMPLES["Who gets the drink?"]
OPENING: Final = {DRINK: "·Mary"}
"""The contrast of the prompt that the app opens on: who else could get the drink."""
EXAMPLES: Final = {
    "Who gets the drink? John, not Mary": (DRINK, "·John", "·Mary"),
    "The keys ... are, not is": ("The keys near the castle", "·are", "·is"),
    "A capital": ("The capital of France is", "·Paris", RUNNER_UP),
    "Who is tired?": ("The dog chased the squirrel because it", LIKELIEST, RUNNER_UP),
    "A feeling": ("This restaurant is awesome.", LIKELIEST, RUNNER_UP),
}
"""Questions to begin with: a prompt, the answer to explain, and its contrast."""
JUDGE: Final = next(model.source for model in HUB_MODELS if model.does.startswith("judges"))


def question_of(ask: Ask) -> tuple[Question, Reading]:
    """Ask for the question; return it, and what the model says to it.

    Raises:
        InspectionError: the model cannot be asked this.
    """
    likely = ask.inspect(read, Question(ask.prompt))
    # By number, since what an answer looks like may be written with other tokens.
    names = {
        visible(name): number
        for name, number in zip(likely.answers, likely.answer_ids, strict=True)
    }
    typed = likely.asked in ("next token", "masked token")
    hint = "The answer whose logit is shared out among the words of the prompt."
    answer = answer_of(ask, "Answer", [LIKELIEST, *names], LIKELIEST, typed, hint)
    opens = OPENING.get(ask.prompt, RUNNER_UP)
    other = answer_of(
        ask,
        "Contrast",
        [RUNNER_UP, NOTHING, *names],
        opens if opens in names else RUNNER_UP,
        typed,
        "With a contrast the target is the difference of the two logits: what supports "
        f"the answer rather than this one. {RUNNER_UP.capitalize()} is the likeliest of the "
        "others. A logit alone also holds all that speaks for any answer.",
    )
    against: str | int | None = "" if other == RUNNER_UP else names.get(other, other)
    offered = ask.inspect(available)
    baseline: Baseline = ask.choice_of(
        "Baseline",
        "baseline",
        offered,
        hint="What stands where a piece of the text is taken away. "
        + "; ".join(f"**{name}**: {BASELINES[name]}" for name in offered)
        + f". The first, **{offered[0]}**, is neutral: what says nothing to this model, by rule, "
        "is the mask of a model that fills in masks, else a padding token of its own, else the "
        "token that ends a text. A score is a difference, so it depends on this.",
    )
    question = Question(
        ask.prompt,
        answer="" if answer == LIKELIEST else names.get(answer, answer),
        rather_than=None if other == NOTHING else against,
        # Left open where it is the neutral one, so that a question is known again.
        baseline="" if baseline == offered[0] else baseline,
        unit=ask.choice_of(
            "Score per",
            "unit",
            UNITS,
            hint="Score the tokens of a word or a sentence together, or each token alone.",
        ),
    )
    offer_examples(ask)
    return question, ask.inspect(read, question)


def answer_of(
    ask: Ask, label: str, options: list[str], default: str, typed: bool, hint: str
) -> str:
    """Ask for a token, which may be typed, or for a class."""
    if typed:
        hint += " Type any other token; · is a space."
        return ask.one_of_or_typed(f"{label} token", label.lower(), options, default, hint=hint)
    return ask.choice_of(f"{label} class", label.lower(), options, default, hint=hint)


def offer_examples(ask: Ask) -> None:
    """Offer questions to begin with; a model that judges has no token to explain."""
    judges = ask.facts.kind == "classifier"
    examples(
        ask,
        {
            name: {
                "prompt": prompt,
                "answer": LIKELIEST if judges else answer,
                "contrast": RUNNER_UP if judges else contrast,
            }
            for name, (prompt, answer, contrast) in EXAMPLES.items()
        },
        ""
        if judges
        else "“A feeling” is a text to be judged. This model has no classes, so the token that "
        "it expects next is explained. To explain a class, choose a model that judges "
        f"texts (sequence classification), such as {coded(JUDGE)}.",
    )


def method_of(ask: Ask) -> MethodName:
    """Ask for a method; links name it by its title."""
    return BY_TITLE[ask.choice_of("Attribution method", "method", list(BY_TITLE))]


def with_attention(ask: Ask) -> bool:
    """Ask whether rankings by attention shall stand beside those of methods."""
    return ask.toggle(
        "Attention as a ranking too",
        "with_attention",
        hint="The pieces in the order of the attention that the answering token pays to them.",
    )


def effort_of(ask: Ask, attention: bool = False) -> MethodSettings:
    """Ask for the settings that methods have; `attention`: among them for rankings by it."""
    with ask.tucked("Method settings"):
        steps = ask.number(
            "Steps of integrated gradients",
            "steps",
            1,
            MOST.steps,
            USUAL.steps,
            hint="Gradient SHAP takes as many random points.",
        )
        orders = ask.number(
            "Orders of Shapley values",
            "orders",
            FEWEST_ORDERS,
            MOST.samples,
            USUAL.samples,
            hint=f"For more than {EXACT} pieces; up to {EXACT} all orders count, and nothing is "
            "drawn. Half are drawn, half are their reverses. Four times as many halve the standard "
            "error.",
        )
        window = ask.number("Window of occlusion", "window", 1, MOST.window, USUAL.window)
        hint = "Of all random orders and points."
        seed = ask.number("Seed", "seed", 0, 9999, USUAL.seed, hint=hint)
        if attention:
            with_attention(ask)
    return MethodSettings(steps, orders, window, seed)


def summary(reading: Reading) -> str:
    """Return in a line what the model says and how much there is to attribute."""
    name = coded(visible(reading.answer))
    sure = "" if reading.probability is None else f" **{percent(reading.probability)}**"
    if reading.rather_than is not None:
        against = coded(visible(reading.rather_than))
        if reading.other_probability is not None:
            against += f" {percent(reading.other_probability)}"
        said = f"{name}{sure}, {against}: their logits differ by **{reading.at_input:+.3f}**"
    elif sure:
        said = f"The {reading.asked} {name} has{sure} and the logit **{reading.at_input:.3f}**"
    else:
        said = f"The {reading.asked} {name} is **{reading.at_input:.3f}**"
    return (
        f"{said}; with the baseline in place of the words {reading.at_baseline:+.3f}. Total to "
        f"attribute: **{reading.change:+.3f}**"
        + (", less than the baseline keeps: **little is left**." if reading.little_left else ".")
    )


def neutrality(reading: Reading) -> str:
    """Return in a line what the baseline is, and how far it is from saying nothing."""
    stands = f" {coded(visible(reading.stand_in))}" if reading.stand_in else ""
    stays = f"{abs(reading.at_baseline):.3g} of {abs(reading.at_input):.3g} logits stay"
    if reading.at_baseline * reading.at_input < 0:
        stays = f"nothing of {reading.at_input:+.3g} logits stays: it is {reading.at_baseline:+.3g}"
    said = (
        f"Baseline **{reading.baseline}**{stands}: {BASELINES[reading.baseline]}. With it in place "
        f"of the words {stays}"
    )
    if reading.little_left:
        said += ", more than the words change: **little is left to attribute**"
    if reading.baseline_probability is not None:
        said += (
            f"; the model then holds {coded(visible(reading.baseline_answer))} likeliest, with "
            f"{percent(reading.baseline_probability)}"
        )
    said += f". Its vector is {reading.baseline_length:.2f} times as long as a token's on average"
    if reading.baseline in ("mean", "zero"):
        said += ", and no token's: the model has never read such a text"
    return f"{said}."
