"""A kind of In context: each pair of places through the layers, beside the word's own row."""

from components.figures.embeddings.in_context import layer_lines, layer_table
from components.inspection.embeddings.in_context import WordInContext, word_in_context
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings import code_words, contexts

STEPS = ("the table", "entering layer 0", "layers")


def show(ask: Ask) -> Shown:
    found: WordInContext = contexts.read(ask, word_in_context)
    own = (
        f" With its own row of the table the word's vectors have a cosine of "
        f"{found.to_table[0].mean():.2f} entering layer 0 and "
        f"**{found.to_table[-1].mean():.2f}** after the last layer."
        if found.to_table is not None
        else ""
    )
    pair = found.cosines[:, 0, 1]
    return Shown(
        layer_lines(found),
        alt=f"Cosines of one word's places, from {pair[0]:.2f} to {pair[-1]:.2f}.",
        told=f"Places 1 and 2: **{pair[0]:.3f}** in the table, **{pair[1]:.3f}** entering layer 0 "
        f"(positions may have been added by then), **{pair[-1]:.3f}** after the last layer.{own}"
        f"{contexts.pieces(found)}",
        checks=found.checks,
        table=lambda: layer_table(found),
        code=code_words.context(ask.choice, found, ask.facts.kind == "seq2seq"),
        read="A line for each two places of the word: how alike its vectors are, from the table on "
        "through the layers; lines of one colour differ in dash and marker. Grey, without markers: "
        "with the word's own row, the mean of all places. What code calls last_hidden_state is the "
        "right end (after a norm): it is sometimes printed as “the embedding without its "
        "position”, which is the left end.",
        predict=Predict(
            "The same word at two positions. From where on do its vectors differ?",
            STEPS,
            first_apart(found),
            "In the table they are one row, wherever the word stands. Positions that are *added* "
            "make them differ before layer 0; those that *rotate* (RoPE) do so within attention.",
        ),
        tries="“One sentence, two positions” among the examples. A model that adds positions "
        "(BERT, GPT-2) against one that rotates (Llama): look at “in”.",
    )


def first_apart(found: WordInContext) -> str:
    """Return which of `STEPS` is the first at which the first two places are no more the same."""
    pair = found.cosines[:, 0, 1]
    if pair[0] < 1 - 1e-5:
        return STEPS[0]
    return STEPS[1] if pair[1] < 1 - 1e-5 else STEPS[2]


CONTEXT_LAYERS = View(
    "How a word's vectors part on their way up: the **table** knows only the word, the last layer "
    "knows its sentence.",
    show,
)
