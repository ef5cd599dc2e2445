"""The text that the views of Perplexity score."""

import math

from components.inspection.sampling.perplexity import Surprisals, start_before, surprisals
from components.lesson import Ask
from components.widgets.presets import examples
from pages.output.sampling.examples import PAIRS, RECORDED, SCORED

AT_A_TIME = 600
"""Tokens that are shown at once."""
MOST_CHARACTERS = 60_000
"""About as many as `MOST_SCORED` tokens have in the storyteller's vocabulary."""


def scored(ask: Ask) -> tuple[Surprisals, str, str, bool]:
    """Return the text's surprisals, the text, what it answers, and whether a start was added."""
    answers = ask.facts.kind == "seq2seq"
    label = "The answer to score (empty: the prompt, which is what it answers)"
    text = ask.text(
        label if answers else "Text to score (empty: the prompt)",
        "text",
        "",
        lines=2,
        most=MOST_CHARACTERS,
    )
    examples(ask, {**SCORED, **PAIRS}, RECORDED)
    source = ask.prompt if answers else ""
    first = first_too(ask)
    return (
        ask.inspect(surprisals, text or ask.prompt, source, first),
        text or ask.prompt,
        source,
        first,
    )


def first_too(ask: Ask) -> bool:
    """Ask whether a start token is put in front, so that the first token is scored too."""
    if ask.inspect(start_before):
        return False  # one stands there anyway: there is nothing to ask
    hint = "transformers' loss leaves the first token out, since nothing comes before it."
    return ask.toggle("Score the first token too, after a start token", "first", hint=hint)


def part(ask: Ask, tokens: int) -> tuple[int, int]:
    """Return the first token shown, and the one after the last."""
    parts = math.ceil(tokens / AT_A_TIME)
    number = ask.number(f"Part (of {parts})", "part", 1, parts, 1) if parts > 1 else 1
    return (number - 1) * AT_A_TIME, min(number * AT_A_TIME, tokens)
