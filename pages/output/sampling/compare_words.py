"""What the views of Compare ask for, and what is said of the three texts."""

import math

from components.inspection.checks import Check
from components.inspection.sampling.beam import Beam
from components.inspection.sampling.compare import (
    Continuation,
    GeneratedBeam,
    Strategies,
    passes,
    strategies,
)
from components.lesson import Ask, Predict
from components.widgets import running, sampling_settings
from components.widgets.markup import coded
from components.widgets.presets import examples
from pages.output.sampling.examples import COMPARED

TIE = "a tie"
QUESTION = "Which of the three texts has the highest total probability?"
ANSWERS = ("greedy decoding", "beam search", "sampling", TIE)
MANY = 1_000_000


def asked(ask: Ask, question: bool = False) -> tuple[Strategies, int, int, float]:
    """Return the three texts, how many tokens and beams were asked for, and the penalty.

    `question`: while the texts wait to be written, `QUESTION` is asked.
    """
    settings = sampling_settings.asked(ask)
    new_tokens = ask.number("Tokens each", "each", 1, 40, 12)
    beams = ask.number("Beams", "beams", 1, 8, 3)
    hint = "A finished beam's score is its ln p / tokens ^ penalty: above 0 helps long texts."
    penalty = ask.real("Length penalty", "length_penalty", -2.0, 4.0, 1.0, hint=hint)
    examples(ask, COMPARED)
    cost = running.over_prompt(ask, *passes(beams, new_tokens))
    inputs = (ask.prompt, settings, beams, new_tokens, penalty)
    asks = (QUESTION, ANSWERS) if question else ("", ())
    found = running.inspected(ask, strategies, *inputs, cost=cost, asks=asks)
    return found, new_tokens, beams, penalty


def ways(found: Strategies) -> tuple[Continuation, ...]:
    return found.greedy, found.beam, found.sampled


def told(found: Strategies, guessed: bool) -> str:
    """Return the three texts, with their probabilities once the reader has guessed."""
    lines = []
    for way in ways(found):
        size = len(way.tokens)
        text = way.text.replace("\n", "↵")
        lines.append(f"**{way.name.capitalize()}** {coded(text)}")
        if guessed:
            lines[-1] += (
                f": ln p = **{way.log_probability:.3f}**, {size} tokens, "
                f"{way.log_probability / max(1, size):.3f} each, {way.distinct:.0%} distinct"
            )
    return "  \n".join(lines)


def agreement(ours: Beam, theirs: GeneratedBeam, check: Check) -> str:
    if theirs.tokens == ours.tokens:
        return f"  \n`generate` returns the same {len(ours.tokens)} tokens."
    if check.holds:
        return "  \n`generate` returns another text of the same score: rounding decides."
    return ""


def verdict(found: Strategies) -> Predict:
    """Ask which of the texts is the likeliest; several of one text are a tie."""
    best = found.likeliest
    if len(best) == 3:
        because = "All three wrote the same text, so none is likelier."
    elif len(best) == 2:
        because = f"**{best[0]}** and **{best[1]}** wrote the same text, the likeliest."
    else:
        because = f"The likeliest of the three is the one by **{best[0]}**."
    if len(best) < 3:
        because += f" {gained(found)}"
    return Predict(
        QUESTION,
        ANSWERS,
        best[0] if len(best) == 1 else TIE,
        because,
    )


def gained(found: Strategies) -> str:
    if found.beam.tokens == found.greedy.tokens:
        return "Here beam search found nothing better than greedy decoding's text."
    gain = found.beam.log_probability - found.greedy.log_probability
    many = abs(gain) > math.log(MANY)
    ratio = MANY if many else math.exp(abs(gain))
    times = "over " * many + (f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}")
    likely = f"{times} times as likely as" if gain >= 0 else f"{times} times less likely than"
    return (
        f"Beam search's text is {likely} greedy decoding's: taking the best token each time need "
        "not give the best text."
    )
