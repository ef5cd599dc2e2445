"""A walk-through: GPT-2's Conv1D is a Linear with its weight transposed."""

from components.figures.architecture.walk_through import layouts_map, layouts_table
from components.inspection.architecture.conv1d import SameMap, conv1ds, drawn, of_the_model
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.inside.architecture import walk_throughs_code

DRAWN = "drawn"
ERROR, SILENT = "an error: the shapes do not fit", "numbers, and wrong ones"


def show(ask: Ask) -> Shown:
    there = ask.inspect(conv1ds)
    path = ask.choice_of("Map", "map", (DRAWN, *there)) if there else DRAWN
    if path == DRAWN:
        seed = ask.number("Seed", "seed", 0, 99, 0)
        found, code = ask.compute(drawn, seed), walk_throughs_code.conv1d(seed)
    else:
        found, code = ask.inspect(of_the_model, ask.prompt, path), ""
    square = found.forgotten is not None
    return Shown(
        layouts_map(found, True),
        alt=f"A weight of {found.inputs} × {found.outputs} and the same transposed give the same.",
        told=told(ask, found, bool(there)),
        checks=found.checks,
        table=lambda: layouts_table(found),
        code=code,
        uncoded="" if code else "Choose the drawn map for code that gives its numbers.",
        read="Above, a corner of the same weight in two layouts: rows and columns are swapped. "
        "Below, the first outputs for one row of inputs: points of one layout on the line of the "
        "other" + (", and what a Linear gives for W itself." if square else "."),
        formula=r"\text{Conv1D}(x) = x W + b = \text{Linear}_{W^\top}(x)",
        symbols=f"W lies [input, output], here [{found.inputs}, {found.outputs}]; a Linear keeps "
        f"[{found.outputs}, {found.inputs}]. x is a row of inputs, b the bias.",
        predict=Predict(
            f"Somebody copies this weight of {found.inputs} × {found.outputs} into a Linear and "
            "forgets to transpose it. What comes out?",
            (ERROR, SILENT),
            SILENT if square else ERROR,
            f"A square weight fits both ways: the output is off by {found.lost:.0%} of its length, "
            "and nothing complains."
            if square
            else "This weight is not square, so it does not fit. A square one would.",
            before=layouts_map(found, False),
        ),
        tries="A model of GPT-2's family has four such maps in each block: which one is square?",
    )


def told(ask: Ask, found: SameMap, there: bool) -> str:
    """Say whether both are the same to the last bit, and whether this model has such maps."""
    bits = "bit for bit" if found.bits else "but for the order in which sums are rounded"
    return (
        f"Conv1D and Linear give the same, **{bits}** ({found.dtype})."
        + ("" if there else f" {ask.model_name} has no Conv1D: shown is a drawn one.")
        + (
            f" Not transposed, the output is off by **{found.lost:.0%}** of its length."
            if found.forgotten is not None
            else f" Not transposed, {literal(f'[{found.inputs}, {found.outputs}]')} does not fit."
        )
    )


CONV1D = View(
    "GPT-2 calls its linear maps **Conv1D**. Nothing is convolved: its weight lies *[input, "
    "output]*, a Linear's *[output, input]*.",
    show,
)
