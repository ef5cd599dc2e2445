"""View: greedy decoding, beam search and sampling on one prompt, and the beams as a tree."""

import math
from dataclasses import asdict

import pandas as pd

from components.figures.beam import beam_scores, beam_tree
from components.inspection.sampling.compare import (
    Continuation,
    Strategies,
    check_with_generate,
    strategies,
)
from components.lesson import Ask, Predict, Shown, View
from components.widgets import sampling_settings
from components.widgets.apparatus import told as answered
from components.widgets.markup import coded
from pages.output.sampling import code

ASKS = "Which of the three texts has the highest total probability?"
TIE = "a tie"
ANSWERS = ("greedy", "beam search", "sampling", TIE)


def asked(ask: Ask) -> tuple[Strategies, int, int, float]:
    """Return the three texts, how many tokens and beams were asked for, and the penalty."""
    settings = sampling_settings.asked(ask)
    new_tokens = ask.number("Tokens each", "each", 1, 40, 12)
    beams = ask.number("Beams", "beams", 1, 8, 3)
    hint = "A finished beam's score is its ln p / tokens ^ penalty: above 0 helps long texts."
    penalty = ask.real("Length penalty", "length_penalty", -2.0, 4.0, 1.0, hint=hint)
    found = ask.inspect(strategies, ask.prompt, settings, beams, new_tokens, penalty)
    return found, new_tokens, beams, penalty


def show(ask: Ask) -> Shown:
    found, new_tokens, beams, penalty = asked(ask)
    hint = "Runs `generate` with as many beams, and compares."
    own = ask.toggle("transformers' own beam search too", "own", hint=hint)
    checks, more = found.checks, ""
    if own:
        ours = found.search.beams[0]
        theirs, check = ask.inspect(
            check_with_generate, ask.prompt, ours, beams, new_tokens, penalty
        )
        checks = (*checks, check)
        if theirs.tokens == ours.tokens:
            more = f"  \n`generate` returns the same {len(ours.tokens)} tokens."
        elif check.holds:
            more = "  \n`generate` returns another text of the same score: rounding decides."
    return Shown(
        beam_tree(found.search),
        alt=f"The {len(found.search.nodes)} continuations that beam search weighed, as a tree.",
        told=told(found, answered(ask.key)) + more,
        checks=checks,
        unchecked="Of longer texts the probabilities are not computed a second time.",
        table=lambda: pd.DataFrame([asdict(node) for node in found.search.nodes]),
        code=code.beam_code(ask.choice, ask.facts, ask.prompt, beams, new_tokens, penalty),
        read="From left to right one token more; in each column the likeliest text so far is on "
        "top. Filled: kept as a beam. Hollow: dropped. Square: finished. Orange: the winner. "
        "Point at a node for its token and ln p.",
        predict=verdict(found),
        tries="One beam: is it greedy? Temperature 0 for sampling: is it greedy too? And “Once "
        "upon a time there was a little fox named Leo.” with 8 beams and 40 tokens.",
        facts={"texts": [asdict(way) for way in ways(found)]},
    )


def ways(found: Strategies) -> tuple[Continuation, ...]:
    return found.greedy, found.beam, found.sampled


def told(found: Strategies, guessed: bool) -> str:
    """Return the three texts, with their probabilities once the reader has guessed."""
    lines = []
    for way in ways(found):
        size = len(way.tokens)
        lines.append(f"**{way.name.capitalize()}** {coded(shown(way.text))}")
        if guessed:
            lines[-1] += (
                f": ln p = **{way.log_probability:.3f}**, {size} tokens, "
                f"{way.log_probability / max(1, size):.3f} each, {way.distinct:.0%} distinct"
            )
    return "  \n".join(lines)


def shown(text: str) -> str:
    return text.replace("\n", "↵")


def verdict(found: Strategies) -> Predict:
    best = found.likeliest
    if len(best) == 3:
        because = "All three wrote the same text, so none is likelier."
    elif len(best) == 2:
        because = f"**{best[0]}** and **{best[1]}** wrote the same text, the likeliest."
    else:
        because = f"The likeliest of the three is the one by **{best[0]}**."
    if len(best) < 3:
        because += f" {gained(found)}"
    return Predict(ASKS, ANSWERS, best[0] if len(best) == 1 else TIE, because)


def gained(found: Strategies) -> str:
    if found.beam.tokens == found.greedy.tokens:
        return "Here beam search found nothing better than greedy decoding's text."
    gain = found.beam.log_probability - found.greedy.log_probability
    times = f"{math.exp(min(abs(gain), 700)):,.3g}"
    likely = f"{times} times as likely as" if gain >= 0 else f"{times} times less likely than"
    return (
        f"Beam search's text is {likely} greedy decoding's: taking the best token each time need "
        "not give the best text."
    )


def finished(ask: Ask) -> Shown:
    found, _, _, penalty = asked(ask)
    best = found.search.beams[0]
    size = len(best.tokens)
    return Shown(
        beam_scores(found.search),
        alt=f"The scores of {len(found.search.beams)} finished beams, the best {best.score:.4f}.",
        told=f"The winner's score: {best.log_probability:.4f} / {size}^{penalty:g} = "
        f"**{best.score:.4f}**.",
        checks=found.checks,
        unchecked="Of longer texts the probabilities are not computed a second time.",
        table=lambda: pd.DataFrame(
            [
                {
                    "text": "".join(beam.texts),
                    "ln p": beam.log_probability,
                    "tokens": len(beam.tokens),
                    "score": beam.score,
                }
                for beam in found.search.beams
            ]
        ),
        read="A bar is a finished beam, named by the end of its text; the shortest bar is the best "
        "score, since ln p is below 0. A length penalty of 1 makes the score the mean per token; "
        "with 0 short texts win, since each token more makes a text less likely.",
        formula=r"\text{score} = \frac{\ln p}{n^\alpha}",
        symbols=f"n is the number of tokens of a finished beam, α the length penalty, {penalty:g}.",
    )


VIEW = View(
    "Take the likeliest token each time (greedy decoding), keep a few **beams** of the likeliest "
    "texts, or draw: three ways to write on from the same prompt.",
    show,
    further={"The finished beams": View("What beam search chose from, by score.", finished)},
)
