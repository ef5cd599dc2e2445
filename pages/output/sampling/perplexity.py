"""View: how surprising a text is to the model, token by token."""

from components.figures.sampling_surprisal import surprisal_bars
from components.figures.sampling_tables import surprisal_table
from components.lesson import Ask, Shown, View
from components.widgets.ribbon import picked_of
from pages.output.sampling import code
from pages.output.sampling.perplexity_asked import part, scored
from pages.output.sampling.perplexity_by_hand import BY_HAND
from pages.output.sampling.perplexity_words import bead, calculation, number, one, question, told
from pages.output.sampling.two_texts import TWO


def show(ask: Ask) -> Shown:
    found, text, source, first = scored(ask)
    begin, end = part(ask, len(found.tokens))
    beads = [bead(found, place) for place in range(begin, end)]
    key = "sampling-scored-token"
    picked = ask.drawn(key, lambda row: picked_of(beads, found.ids, key, row))
    formula, symbols = calculation(found)
    window = found.context if found.in_windows else None
    return Shown(
        surprisal_bars(found, begin, end),
        alt="The surprisal of each token in bits, and their mean so far; the perplexity is "
        f"{number(found.perplexity)}.",
        told=told(found) + ("" if picked is None else f"  \n{one(found, picked)}"),
        checks=found.checks,
        unchecked="Of longer texts the probabilities are not computed a second time.",
        table=lambda: surprisal_table(found),
        code=code.perplexity_code(ask.choice, ask.facts, text, ask.prompt, found.before, window),
        read="Each bar is a token's surprisal, −log₂ of the probability it had before it was seen; "
        "the dotted line is the mean of all so far, and 2 to its power the perplexity so far. "
        "Above the figure, the text: the more orange, the less a token was expected. **Click any "
        "token** for its numbers. The code reads a long text from a file: save it as text.txt "
        "beside it.",
        formula=formula,
        symbols=symbols,
        predict=question(ask, found, text, source, first),
        tries="Shuffle the words of your text. Repeat it three times. Choose another model.",
    )


VIEW = View(
    "Score a given text: the **surprisal** of each token, and their perplexity. The more orange, "
    "the less a token was expected.",
    show,
    further={
        "Two texts side by side": TWO,
        "By hand: a sentence of four tokens": BY_HAND,
    },
)
