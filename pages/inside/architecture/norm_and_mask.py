"""A walk-through: the first block's attention, without the norm before it and without its mask."""

from components.figures.architecture.walk_through import walk_map, walk_table
from components.inspection.architecture.walk_through import Walked, walked
from components.lesson import Ask, Predict, Shown, View
from components.widgets.presets import examples
from pages.inside.architecture import walk_throughs_code

EXAMPLES = {"The quick brown fox": {"prompt": "The quick brown fox jumps over the lazy dog"}}
ANSWERS = ("more alike", "less alike", "just as alike")
NEAR = 0.005


def show(ask: Ask) -> Shown:
    norm = ask.toggle("Norm before attention", "norm", False)
    mask = ask.toggle("Causal mask", "mask", False)
    head = ask.head()
    examples(ask, EXAMPLES)
    found = ask.inspect(walked, ask.prompt)
    condition = found.at(norm, mask)
    family = ask.facts.family
    plain = family in walk_throughs_code.LIKE_LLAMA
    return Shown(
        walk_map(found, condition, head),
        alt=f"Rows that attention writes, of mean cosine {found.alike[condition]:.4f}.",
        told=told(found, condition),
        checks=found.checks,
        table=lambda: walk_table(found),
        code=walk_throughs_code.walk(ask.choice, ask.prompt) if plain else "",
        uncoded="" if plain else "The few lines here are for families built like Llama.",
        read="Left, what the first block's attention writes: a row for each token, a column for "
        "each of its first numbers. Stripes from top to bottom are rows that are alike. Right, the "
        "attention weights of one head. The checks are of the walk with norm and mask both on.",
        formula=r"\operatorname{softmax}\!\Big(\tfrac{QK^\top}{\sqrt{k}} + M\Big) V W_O,\quad "
        r"Q = \operatorname{norm}(x)\,W_Q",
        symbols="x is the stream that enters the block; M the mask, minus infinity for later "
        "tokens; Q, K and V are made of the normed stream. Left out: x for norm(x), 0 for M.",
        predict=Predict(
            "A walk-through hands the embeddings to attention without the norm and without the "
            "mask. What becomes of the rows?",
            ANSWERS,
            answer(found),
            f"Mean cosine of two rows: {found.alike[0]:.4f} in the model, {found.alike[-1]:.4f} "
            f"with both left out. {because(found)}",
            before=walk_map(found, found.at(True, True), head),
        ),
        tries="Switch the norm on alone, then the mask alone. Which of the two makes rows differ?",
    )


def answer(found: Walked) -> str:
    """Return which of `ANSWERS` is right."""
    change = found.alike[-1] - found.alike[0]
    return ANSWERS[2] if abs(change) < NEAR else ANSWERS[0] if change > 0 else ANSWERS[1]


def because(found: Walked) -> str:
    """Say what the norm does to the size of what attention reads, and so to its weights."""
    normed, bare = found.sizes
    said = f"A number that attention reads is {normed:.2g} in size with the norm, {bare:.2g} "
    if bare < normed:
        return said + "without: smaller numbers, smaller scores, and weights nearer to equal."
    return said + "without: this model's norm makes numbers smaller, not larger."


def told(found: Walked, condition: int) -> str:
    """Say how alike the rows are, and that their shape tells nothing of it."""
    shapes = ", ".join(f"{name} {list(shape)}" for name, shape in found.shapes)
    return (
        f"Mean cosine of two rows: **{found.alike[condition]:.4f}** (the model itself: "
        f"{found.alike[0]:.4f}). Two rows of weights differ by at most "
        f"{found.apart[condition]:.1%}.  \nThe shapes are right all the same: {shapes}."
    )


NORM_AND_MASK = View(
    "A book walks through the first block, stage by stage, and leaves out two: the **norm** before "
    "attention and the **mask**. Its rows come out nearly alike. Do yours?",
    show,
)
