"""What is said of written tokens: why each was taken, and a question on writing again."""

from dataclasses import replace

from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.sampling.generation import Step, twice
from components.inspection.sampling.settings import Settings
from components.lesson import Ask, Predict
from components.widgets.markup import coded, literal
from components.widgets.writing import Generation

TRIED = 4
"""Tokens that are written twice when the view is opened."""
ANSWERS = {
    (True, True): "at 0, and at 1 with one seed",
    (True, False): "at 0 only",
    (False, True): "at 1 with one seed only",
    (False, False): "never",
}

READ = (
    "On top, the tokens that the settings leave lie end to end from 0 to 1, each as long as its "
    "probability; the random number falls on the one that is taken (orange). Below, the likeliest "
    "tokens: grey is the probability by the model, teal after the settings. Above the figure, "
    "every token written: the stronger its tint, the likelier it was; one taken by hand is "
    "underlined. **Click any token** to see why it was taken; take another one instead, and go on "
    "from there.\n\nThe code draws with `torch.multinomial`, as `generate` does: the same "
    "distribution, other random numbers, so where it draws, its text is another. Its seed is the "
    "whole process's; here each text has a generator of its own, so that readers side by side "
    "cannot change each other's text."
)


def told(written: Generation, step: Step) -> str:
    said = f"{literal(written.said)}  \n" if written.said else ""
    if written.step is None:
        number = "The first token" if not written.tree.nodes else "Click a token. The first one"
        return f"{said}{number} would be {why(step)}"
    return f"{said}Token {len(written.tree.path(written.node))} is {why(step)}"


def why(step: Step) -> str:
    chosen = step.chosen
    name = coded(visible(chosen.text))
    if step.taken == "by hand":
        return (
            f"{name}: you took it. The model gave it {percent(chosen.before)}, rank "
            f"{chosen.rank:,}; after the settings it had {percent(chosen.after)}."
        )
    if step.number is None:
        return (
            f"{name}: the likeliest after the penalties ({percent(chosen.before)} by the model), "
            "and temperature 0 always takes the likeliest. No random number is used."
        )
    return (
        f"{name}: the random number **{step.number:.4f}** falls between {chosen.low:.4f} and "
        f"{chosen.high:.4f}. It is rank **{chosen.rank:,}** by the model "
        f"({percent(chosen.before)}); the settings leave {step.tokens_left:,} "
        f"token{'s' * (step.tokens_left > 1)}, and it has **{percent(chosen.after)}**. Entropy: "
        f"{step.entropy_before:.2f} bits before, {step.entropy_after:.2f} after."
    )


def question(ask: Ask, settings: Settings, new_tokens: int) -> Predict:
    """Return the question on writing again, answered by writing a few tokens twice."""
    same = tuple(
        not ask.inspect(twice, ask.prompt, replace(settings, temperature=heat), TRIED).differ
        for heat in (0.0, 1.0)
    )
    return Predict(
        f"Press **Write {new_tokens}**, then **Write again**, which begins at the prompt once "
        "more. At which temperature is it the same text?",
        tuple(ANSWERS.values()),
        ANSWERS[same[0], same[1]],
        "At 0 the likeliest token is taken each time. At 1 tokens are drawn, but one seed gives "
        "the same random numbers each time."
        if all(same)
        else "Something besides the seed decides here: see the check.",
    )
