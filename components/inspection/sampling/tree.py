"""Everything that was written after one text, as a tree: equal beginnings are kept once."""

from dataclasses import dataclass, replace
from typing import Final

from components.inspection.errors import InspectionError
from components.inspection.sampling.generation import Step

MOST_NODES: Final = 2000
MOST_BRANCHES: Final = 24
ROOT: Final = -1


@dataclass(frozen=True)
class Node:
    """A token in the tree: the node it follows (`ROOT` for the text itself), and its step."""

    parent: int
    step: Step


@dataclass(frozen=True)
class Tree:
    """Nodes by number; a node's parent comes before it; siblings differ in their token."""

    nodes: tuple[Node, ...] = ()

    def path(self, node: int) -> tuple[int, ...]:
        """Return the nodes from the first token to `node`; none for `ROOT`."""
        found: list[int] = []
        while node != ROOT:
            found.append(node)
            node = self.nodes[node].parent
        return tuple(reversed(found))

    def tokens(self, node: int) -> tuple[int, ...]:
        """Return the ids from the first token to `node`."""
        return tuple(self.nodes[each].step.chosen.token for each in self.path(node))

    def children(self, node: int) -> tuple[int, ...]:
        """Return the nodes that follow `node`, oldest first."""
        return tuple(i for i, each in enumerate(self.nodes) if each.parent == node)

    def leaves(self) -> tuple[int, ...]:
        """Return the nodes that nothing follows, oldest first: one for each branch."""
        parents = {node.parent for node in self.nodes}
        return tuple(i for i in range(len(self.nodes)) if i not in parents)

    def grown(self, parent: int, step: Step) -> tuple["Tree", int]:
        """Return the tree with `step` after `parent`, and the step's node.

        A token that already follows `parent` keeps its node and takes the newer reason.

        Raises:
            InspectionError: if the tree is full.
        """
        for child in self.children(parent):
            if self.nodes[child].step.chosen.token == step.chosen.token:
                nodes = list(self.nodes)
                nodes[child] = replace(nodes[child], step=step)
                return Tree(tuple(nodes)), child
        new_branch = bool(self.children(parent)) and len(self.leaves()) >= MOST_BRANCHES
        if len(self.nodes) >= MOST_NODES or new_branch:
            raise InspectionError(
                f"{len(self.nodes)} tokens in {len(self.leaves())} branches are kept, and there is "
                f"room for {MOST_NODES} in {MOST_BRANCHES}: rewind, or start over."
            )
        return Tree((*self.nodes, Node(parent, step))), len(self.nodes)

    def rewound(self, node: int) -> "Tree":
        """Return the tree without what follows `node`; `node` itself keeps its number."""
        gone: set[int] = set()
        for i, each in enumerate(self.nodes):
            if each.parent == node or each.parent in gone:
                gone.add(i)
        kept = [i for i in range(len(self.nodes)) if i not in gone]
        number = {old: new for new, old in enumerate(kept)} | {ROOT: ROOT}
        return Tree(
            tuple(replace(self.nodes[i], parent=number[self.nodes[i].parent]) for i in kept)
        )
