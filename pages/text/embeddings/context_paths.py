"""A kind of In context: a word's way through the layers, as a line for each sentence."""

from components.figures.embeddings.in_context import path_lines, path_table
from components.inspection.embeddings.paths import Paths, paths
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings import contexts

MORE, LESS = "most of it", "less than half"


def show(ask: Ask) -> Shown:
    contexts.asked(ask)
    hint = "Most of the way all sentences carry the word alike: that part hides how they differ."
    shared = ask.toggle("With what all share", "shared", hint=hint)
    found: Paths = contexts.read(ask, paths, shared)
    one, other = (place + 1 for place in found.of.alike(-1))
    return Shown(
        path_lines(found),
        alt=f"The ways of {len(found.points)} places of a word through the layers, in the plane.",
        told=f"After the last layer places **{one} and {other}** are the most alike (cosine "
        f"{found.of.cosines[-1][found.of.alike(-1)]:.2f}). The plane shows "
        f"**{found.share:.0%}** of how the vectors' directions differ"
        + (". " if shared else ", once what all places share is taken away at each layer. ")
        + "The rest is not in the picture."
        f"{contexts.pieces(found.of)}{contexts.direction(found.of)}",
        checks=found.checks,
        table=lambda: path_table(found),
        uncoded="The code of *Cosine table* gives the vectors; "
        "`sklearn.decomposition.PCA(2).fit_transform` of them, each made length 1, gives these.",
        read="A line for each place of the word, from the table (all begin at one point) to the "
        "last layer (large and numbered). PCA finds the plane in which the directions of all these "
        "vectors differ most; lines that cross there need not meet. What all places share at a "
        "layer is taken away, unless you ask for it.",
        predict=Predict(
            "How much of how these vectors differ can a plane show?",
            (MORE, LESS),
            MORE if found.share >= 0.5 else LESS,
            f"{found.share:.0%} here. Trust the cosine table before the picture.",
        ),
        tries="Two senses with two sentences each: do the ways part by meaning, or by the words "
        "just before?",
    )


CONTEXT_PATHS = View(
    "Each sentence carries the word another way: its **trajectory** through the layers, seen in "
    "the plane.",
    show,
)
