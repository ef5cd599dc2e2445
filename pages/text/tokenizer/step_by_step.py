"""View: how one word became its tokens, step by step, as a live ladder of pieces."""

from components.inspection.tokenizer.algorithm import LONGEST, story, story_in_sentence
from components.inspection.tokenizer.cutting import cut, cut_in_sentence
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from components.widgets.piece_ladder import piece_ladder
from components.widgets.presets import examples
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.examples import WORDS
from pages.text.tokenizer.rungs import as_table, rungs_of
from pages.text.tokenizer.texts import ChosenText

SAYS = {
    "BPE": "**Merging (byte pair encoding).** Begin with single characters or bytes. Of all "
    "neighbours, merge the pair that was **learned first**: the one of the lowest *rank*. Go on "
    "until no pair is left that was learned.",
    "WordPiece": "**Longest match.** Look the whole word up in the vocabulary. If it is not there, "
    "take a character off its end and try again. What is found is a token; then go on with the "
    "rest, which is marked `##`. It never goes back: a long first piece may leave a rest that only "
    "small ones fit, or none, and then the whole word is `[UNK]`.",
    "Unigram": "**Best path.** Every piece has a probability. Of all ways to cut the word, take "
    "the one whose pieces have the **largest product** of probabilities, which is the largest sum "
    "of their logarithms. All are at most 0; nearer to 0 is better. A long first piece is given up "
    "where the rest would cost more.",
}
ANSWERS = ("fewer", "as many", "more")
TALL = 13
"""Rungs that fit on the first screen."""


def show(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    word = ask.text("A word or two", "word", "tokenization", most=LONGEST, wide=260)
    spaced = asking.spaced(ask, chosen, "With a space before it", "spaced", on=True)
    examples(ask, WORDS)
    found = chosen.inspect(ask, story_in_sentence if spaced else story, word)
    ladders = [rungs_of(each) for each in found.words]
    tall = sum(len(rungs) for rungs, _ in ladders) > TALL
    with ask.stage.container(height=asking.TALL if tall else "content"):
        for number, (each, (rungs, places)) in enumerate(zip(found.words, ladders, strict=True)):
            piece_ladder(rungs, places, f"ladder-{ask.key}-{number}", f"How {each.word} is cut")
    own = chosen.inspect(ask, cut_in_sentence if spaced else cut, word, 0, 100, False)
    capitals = chosen.inspect(
        ask, cut_in_sentence if spaced else cut, word.upper(), 0, 500, False
    ).total
    split = ""
    if found.normalized and len(found.words) > 1:
        parts = "  ".join(coded(each.word) for each in found.words)
        split = f"  \nFirst the text is split, and each part is cut by itself: {parts}."
    return Shown(
        None,
        alt=f"How {word!r} is cut, step by step, into {len(found.ids)} tokens.",
        told=f"{SAYS[found.method]}{split}"
        f"  \nThe ids: **{', '.join(f'{each:,}' for each in found.ids)}**",
        checks=found.checks,
        table=lambda: as_table(found.words),
        code=code.cutting(chosen.source, ChosenText(own.text, ""), chosen.revision),
        read=READ,
        predict=Predict(
            "Written in CAPITALS, how many tokens would this be?",
            ANSWERS,
            ANSWERS[1 + (capitals > own.total) - (capitals < own.total)],
            f"{capitals:,}, against {own.total:,} as it is written.",
        ),
        tries="The same word by *WordPiece*, *Unigram* and *GPT-2*: three methods, three cuts. A "
        "rare word, a misspelt one, an emoji. Take the space away: is it the same word?",
    )


READ = (
    "**Merging**: from the top down, a row is a step. Blue: the pair that is merged next; green: "
    "what came of it, and at the end the tokens. Words at the right say why this step. A row "
    "“text” shows the characters that the bytes below them spell. **Longest match**: struck out is "
    "what was tried and is not in the vocabulary. **Best path**: a row is a way to cut the word, "
    "the best first, with each piece's log probability (natural logarithm) below it and their sum "
    "at the right.\n\n`Ġ`, `▁` and `·` stand for a space; other odd letters are bytes as a "
    "byte-level vocabulary writes them."
)

VIEW = View(
    "How does a word become its tokens? By merging (BPE), longest match (WordPiece) or best path "
    "(Unigram).",
    show,
    wide=True,
)
