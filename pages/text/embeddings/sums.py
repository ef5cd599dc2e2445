"""A kind of Look-up: a - b + c with words, and the honest answer."""

from components.figures.embeddings.arithmetic import ranking_bars, ranking_table
from components.inspection.embeddings.arithmetic import Arithmetic, arithmetic
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from components.widgets.presets import examples
from pages.text.embeddings import code_words

EXAMPLES = {
    name: dict(zip(("plus_1", "minus", "plus_2"), words, strict=True))
    for name, words in {
        "Capitals": ("Paris", "France", "Germany"),
        "Pronouns": ("him", "he", "she"),
        "Verbs: were − was + is": ("were", "was", "is"),
        "Numbers": ("two", "one", "three"),
        "Plurals: cats − cat + dog": ("cats", "cat", "dog"),
        "The famous one: king − man + woman": ("king", "man", "woman"),
    }.items()
}
OTHER = "another token"


def show(ask: Ask) -> Shown:
    words = (
        ask.text("a", "plus_1", "Paris", most=80, wide=130),
        ask.text("− b", "minus", "France", most=80, wide=130),
        ask.text("+ c", "plus_2", "Germany", most=80, wide=130),
    )
    examples(ask, EXAMPLES)
    hint = "Papers leave the three words out of the ranking; without that one of them mostly wins."
    left_out = ask.toggle("Leave the words out", "words_out", hint=hint)
    found = ask.consult(arithmetic, *words)
    answers = (*dict.fromkeys(each.word for each in found.words), OTHER)
    return Shown(
        ranking_bars(found, left_out),
        alt="The tokens nearest to a − b + c, by cosine.",
        told=told(found),
        checks=found.checks,
        table=lambda: ranking_table(found),
        code=code_words.arithmetic(ask.choice, tuple(each.ids for each in found.words)),
        read=f"The tokens, of all {found.vocabulary:,}, whose vectors have the largest cosine with "
        "the sum. Orange: the three words themselves.",
        formula=r"\operatorname{argmax}_t \cos(e_t,\; e_a - e_b + e_c)",
        symbols="e is a token's vector, a, b and c are the three words, t goes through all tokens.",
        predict=Predict(
            "Of **all** tokens, which is nearest to a − b + c?",
            answers,
            right(found),
            "b and c differ by little beside what each has of its own, so the sum stays near a and "
            "c. Only with the words left out another one can win.",
            before=ranking_bars(found, True),
        ),
        tries="The examples: where does the expected word come, with the words left out and not? "
        "Take a word away that has nothing to do with the others.",
    )


def right(found: Arithmetic) -> str:
    """Return the word whose token is the nearest of all, or that it is another token."""
    nearest = int(found.ids[0])
    return next((each.word for each in found.words if nearest in each.ids), OTHER)


def told(found: Arithmetic) -> str:
    """Say which token wins, with the words and without, and which words are in pieces."""
    first, other = coded(found.tokens[0]), coded(found.tokens[found.answer])
    words = (
        f"Nearest of all: **{first}** ({found.cosines[0]:.2f})"
        + (", one of the words itself. " if found.own[0] else ". ")
        + f"With the words left out: **{other}** ({found.cosines[found.answer]:.2f})."
    )
    for each in found.words:
        if not each.whole:
            parts = ", ".join(map(coded, each.pieces))
            words += f" {coded(each.word)} is no token here: the mean of its pieces {parts}."
    return words


SUMS = View(
    "“Paris is to France as what is to Germany?” Take vectors: a − b + c. Which token is nearest "
    "to what comes out?",
    show,
)
