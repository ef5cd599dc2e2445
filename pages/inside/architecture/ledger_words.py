"""Sentences of the ledger."""

from components.figures.numbers import percent
from components.inspection.architecture.module_tree import ModuleTree
from components.widgets.markup import coded

READ = (
    "A rectangle is a module, and the rectangles in it are its parts. Its area is what the control "
    "says; a percentage is of the whole network. Click on one to go in, on the line above to come "
    "back. Frames take a little room of their own, so small rectangles look smaller than they "
    "are.\n\n"
    "Blocks that are built alike are one rectangle, with how many they are. “one by one” draws "
    "each; a block's name draws that block alone. “itself” is what a module holds or does beside "
    "the modules in it.\n\n"
    "Norms are counted as norms wherever they stand, and “other” is what neither its family's row "
    "nor its name tells. The table has every module with weights."
)
WHERE = {
    "parameters": "Parameters",
    "bytes": "Bytes",
    "operations": "Operations of one pass",
    "time": "Seconds of one pass",
}


def met(tree: ModuleTree) -> str:
    """Say how much of a network with experts one token meets."""
    if tree.met == tree.total:
        return ""
    return (
        f" A router sends each token to few of the experts: one token meets **{scaled(tree.met)}** "
        f"parameters, {percent(tree.met / tree.total)} of all."
    )


def shared(tree: ModuleTree) -> str:
    """Say which weights two modules share, so that they are counted once."""
    rows = tree.shared
    if not rows:
        return ""
    some = ", ".join(
        f"{coded(row.path)} uses {coded(row.counted_at)}" for row in rows[:3] if row.path
    )
    more = f", and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f" Shared weights count once: {some}{more}."


def scaled(number: float) -> str:
    """Write a large number for eyes.

    >>> scaled(3_213_568), scaled(46_702_792_704), scaled(950)
    ('3.21 million', '46.7 billion', '950')
    """
    for unit, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number:,.0f}"
