"""A kind of Norms: where they stand in a block, and what that does to the stream's length."""

from components.figures.layers.placement import length_lines, placement_drawing, placement_table
from components.inspection.errors import InspectionError
from components.inspection.layers.placement import WORDS, NormPlacement, norm_placement
from components.lesson import Ask, Predict, Shown, View
from pages.inside.layers.norms_asked import block_asked

BLOCKS, LENGTH = "the block", "length of the stream"
GROWS, STAYS, SHRINKS = "it more than doubles", "it stays about the same", "it more than halves"


def show(ask: Ask) -> Shown:
    _, stack, layer = block_asked(ask)
    drawn = ask.choice_of("Draw", "norm_drawn", [BLOCKS, LENGTH])
    found = ask.inspect(norm_placement, ask.prompt, stack, layer)
    if drawn == LENGTH and found.lengths is None:
        raise InspectionError(
            f"{ask.model_name} keeps no one residual stream with a row for each token, so there is "
            f"no length to draw. Choose “{BLOCKS}”, or another model."
        )
    blocks = placement_drawing(found.placement)
    return Shown(
        blocks if drawn == BLOCKS else length_lines(found),
        alt=f"Drawings of five ways to place norms; layer {layer} of this model: "
        f"{WORDS[found.placement]}."
        if drawn == BLOCKS
        else "The length of the residual stream along the layers: longest, middle, shortest token.",
        told=told(found),
        checks=found.checks,
        unchecked="How this block's parts are added to the stream is not known, so there is "
        "nothing to compare.",
        table=lambda: placement_table(found),
        read="The thick line is the residual stream, from left to right. A part reads the stream "
        "where its branch leaves, and what it writes is added at the circle. A norm on a branch "
        "sees a copy: the stream itself stays as it is. A norm on the thick line changes the "
        "stream itself. The other drawing shows how long each token's stream is after each block."
        if drawn == BLOCKS
        else "For each number of blocks: the length (L2 norm) of the longest, the middle and the "
        "shortest of the prompt's token vectors. The scale is logarithmic: equal steps multiply.",
        formula=r"\text{pre: } x + f(\mathrm{norm}(x)), \qquad "
        r"\text{post: } \mathrm{norm}(x + f(x))",
        symbols="x is the stream, f is attention or the MLP.",
        predict=question(found, blocks),
        tries="Another layer: is it built the same way? Another model: an encoder such as BERT "
        "norms the stream itself. What does that do to its length?",
        facts={"placement": found.placement, "layer": layer},
    )


def told(found: NormPlacement) -> str:
    """Say how this block is built, and what became of the length."""
    said = (
        f"Layer {found.layer}, as measured: **{WORDS[found.placement]}**."
        if found.placement != "unknown"
        else "How this block's parts and norms lead from what enters it to what leaves it is not "
        "known: no drawing is framed."
    )
    if found.medians is None:
        return said
    return said + (
        f" The median length of the stream is **{found.medians[0]:,.3g}** entering the first "
        f"block, **{found.medians[-1]:,.3g}** leaving the last."
    )


def question(found: NormPlacement, blocks: object) -> Predict | None:
    """Ask what becomes of the stream's length."""
    growth = found.growth
    if growth is None:
        return None
    return Predict(
        "From the first block to the last: what becomes of the length of this model's stream?",
        (GROWS, STAYS, SHRINKS),
        GROWS if growth > 2 else SHRINKS if growth < 0.5 else STAYS,
        f"It is multiplied by {growth:.3g} at the middle token. Where norms stand on the "
        "branches, no norm shortens the stream itself; a norm on the stream brings it back to one "
        "length after each part.",
        before=blocks,
    )


NORM_PLACEMENT = View(
    "Norms stand on the branches or on the stream itself. This model's own way is measured on its "
    "numbers.",
    show,
)
