"""The question of the ledger: which part is the largest?"""

from collections.abc import Mapping
from typing import Any

from components.figures.numbers import percent
from components.inspection.architecture.ledger_parts import Part
from components.inspection.architecture.module_tree import ModuleTree
from components.lesson import Predict

SHOWS = {
    "parameters": "holds the most parameters",
    "bytes": "takes the most memory",
    "operations": "takes the most operations",
    "time": "took the most time",
}
BECAUSE: Mapping[Part, str] = {
    "MLP": "An MLP's matrices are several times as wide as the stream; attention's are about as "
    "wide as the stream itself.",
    "attention": "In most models the MLPs are larger: here attention has more, or larger, matrices "
    "than they, or reads a long text.",
    "embedding": "A vector for each token of a large vocabulary is much beside few or narrow "
    "blocks. In a pass it is only looked up, which takes next to nothing.",
    "head": "One product with the whole vocabulary, for each token: it weighs most where blocks "
    "are few or narrow.",
    "norm": "That is unusual: norms hold few numbers.",
    "other": "Much of this network is called otherwise than usual.",
}
EXPERTS = (
    "Its blocks hold several MLPs each, the experts, and a router sends each token to few of them."
)
TIME = (
    "Time is not operations: a step takes its time however small it is, and attention, norms and "
    "masks are many small steps. With a long text, or a large model, the products take over."
)


def question(
    tree: ModuleTree, shares: Mapping[Part, float], area: str, before: Any
) -> Predict | None:
    """Ask which part is the largest, of the parts that there are; `before` does not tell."""
    right = next(iter(shares), None)
    if right is None or len(shares) < 2:
        return None
    because = EXPERTS if right == "MLP" and tree.met < tree.total else BECAUSE[right]
    return Predict(
        f"Which part {SHOWS[area]}?",
        tuple(sorted(shares)),
        right,
        f"{percent(shares[right])}. {TIME if area == 'time' else because}",
        before,
    )
