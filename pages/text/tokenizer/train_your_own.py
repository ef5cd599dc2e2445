"""View: train a tokenizer on the text at hand, and watch it learn, in a live strip."""

from components.figures.tokenizer_tables import learned_table
from components.figures.visible import visible
from components.inspection.tokenizer.training import (
    LARGEST,
    LONGEST,
    METHODS,
    SMALLEST,
    TrainedTokenizer,
    cut_after,
    steps_of,
    train,
)
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from components.widgets.presets import button
from components.widgets.text_files import download
from pages.text.tokenizer import asking, code, texts
from pages.text.tokenizer.cells import show_cut

LEARNS = {
    "BPE": "Begins with the 256 bytes. Again and again, the **most frequent adjacent pair** of "
    "the text becomes a new token.",
    "WordPiece": "Begins with single characters and adds pieces, the most frequent first (this "
    "is how the `tokenizers` library learns WordPiece; the original weighs pairs by likelihood).",
    "Unigram": "Begins with far **too many** pieces and throws out those that the text can do "
    "without, until the vocabulary is as small as asked. What stays has a probability.",
}
LITTLE = 2_000
"""Characters under which a text is too little to learn from."""


def show(ask: Ask) -> Shown:
    read = texts.text(ask, texts.ALICE)
    method = ask.choice_of("Method", "method", METHODS)
    size = int(ask.slider("Vocabulary, in tokens", "size", SMALLEST, LARGEST, 1000, step=20))
    if len(read.text) < LITTLE:
        ask.note(f"{len(read.text):,} characters are too little to learn from.")
        button(ask, "Learn from Alice in Wonderland", {"text": texts.ALICE})
    trained = ask.compute(train, read.text, method, size)
    text = ask.text("A text to tokenize", "try", ask.prompt[:300] or "The rabbit ran.", most=300)
    steps = steps_of(trained)
    hint = "Drag to the left to see it know less."
    # By a name of its own: trained anew with more pieces, it is shown whole.
    name = f"learned-{steps}"
    taken = int(ask.slider("Pieces learned", name, 0, steps, steps, hint=hint)) if steps else 0
    download(ask, "Download tokenizer.json", lambda: trained.content, "tokenizer.json")
    cut = ask.compute(cut_after, trained, taken, text, 300)
    with ask.stage.container():
        show_cut(cut, f"strip-{ask.key}", floating=False)
    known = f"after {taken:,} of" if steps else "with all"
    order = "the likeliest first" if method == "Unigram" else "in the order learned"
    return Shown(
        None,
        alt=f"The text in {cut.total:,} tokens of a tokenizer of {trained.size:,}.",
        told=f"{asking.counted(cut.total)} {known} {len(trained.learned):,} pieces learned. "
        f"{LEARNS[method]}  \n{learned(trained, size, len(read.text))}",
        checks=cut.checks,
        unchecked="This method keeps no bytes: a text need not come back from its tokens.",
        table=lambda: learned_table(trained),
        code=code.training(method, size, read, LONGEST, text),
        read=f"The strip is your text by the tokenizer just trained. The table lists its pieces, "
        f"{order}; `Ġ` and `▁` stand for a space, `##` for a piece within a word. The code trains "
        "the whole tokenizer and prints its size, and in how many tokens it cuts the text.",
        predict=question(trained),
        tries="Drag *Pieces learned* from the left: which words become whole first? Learn from "
        "*Python code*, then tokenize English.",
    )


def learned(trained: TrainedTokenizer, size: int, characters: int) -> str:
    return (
        f"Learned **{len(trained.learned):,} pieces** from {trained.characters:,} characters"
        + (" (the first of them)" if characters > LONGEST else "")
        + f"; with the {trained.alphabet:,} it began with, **{trained.size:,} tokens**"
        + (": no pair occurs often enough for more." if trained.size < size else ".")
    )


def question(trained: TrainedTokenizer) -> Predict | None:
    """Ask for the first of three pieces that were learned early, later and last."""
    names = [literal(visible(item.piece)) for item in trained.learned]
    if len(names) < 3:
        return None
    first = names[0]
    answers = tuple(sorted({first, names[len(names) // 2], names[-1]}))
    early = "is the likeliest" if trained.method == "Unigram" else "was learned first"
    return Predict(
        f"Which of these pieces {early}?",
        answers,
        first,
        "What stands often in the text comes first. The table has them all, in order.",
    )


VIEW = View("Train a small tokenizer on the text, and see it tokenize as it learns.", show)
