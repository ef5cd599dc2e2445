"""A fold of Compare: the scores of the finished beams."""

from components.figures.beam import beam_scores
from components.figures.sampling_tables import beams_table
from components.lesson import Ask, Shown, View
from pages.output.sampling.compare_words import asked


def show(ask: Ask) -> Shown:
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
        table=lambda: beams_table(found.search),
        read="A bar is a finished beam, named by the end of its text; the shortest bar is the best "
        "score, since ln p is below 0. A length penalty of 1 makes the score the mean per token; "
        "with 0 short texts win, since each token more makes a text less likely.",
        formula=r"\text{score} = \frac{\ln p}{n^\alpha}",
        symbols=f"n is the number of tokens of a finished beam, α the length penalty, {penalty:g}.",
    )


FINISHED = View("What beam search chose from, by score.", show)
