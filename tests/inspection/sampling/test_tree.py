"""Branches share their beginning, and rewinding forgets only what follows."""

from dataclasses import replace

import pytest

from components.inspection.errors import InspectionError
from components.inspection.sampling import tree as trees
from components.inspection.sampling.generation import Candidate, Step
from components.inspection.sampling.tree import ROOT, Tree


def step(token, **changes):
    chosen = Candidate(token, chr(97 + token), 1, 0.5, 0.5, 0.0, 0.5, -0.7)
    return replace(Step(chosen, 0.25, "drawn", 2, 1.0, 1.0, (chosen,)), **changes)


def grown(*branches):
    tree = Tree()
    for branch in branches:
        node = ROOT
        for token in branch:
            tree, node = tree.grown(node, step(token))
    return tree


def test_equal_beginnings_are_kept_once():
    tree = grown([0, 1, 2], [0, 1, 3])
    assert len(tree.nodes) == 4
    assert [tree.tokens(leaf) for leaf in tree.leaves()] == [(0, 1, 2), (0, 1, 3)]


def test_a_token_taken_again_keeps_its_node_and_takes_the_newer_reason():
    tree = grown([0, 1])
    tree, node = tree.grown(ROOT, step(0, taken="greedy"))
    assert node == 0
    assert tree.nodes[0].step.taken == "greedy"
    assert tree.tokens(1) == (0, 1)


def test_rewinding_forgets_what_follows_and_nothing_else():
    tree = grown([0, 1, 2], [0, 3], [4])
    rewound = tree.rewound(0)
    assert sorted(rewound.tokens(leaf) for leaf in rewound.leaves()) == [(0,), (4,)]
    assert rewound.tokens(0) == (0,)


def test_rewinding_to_the_text_itself_forgets_all():
    assert grown([0, 1], [2]).rewound(ROOT) == Tree()


def test_parents_come_before_their_children_after_rewinding():
    tree = grown([0, 1, 2], [3, 4], [0, 5])
    for i, node in enumerate(tree.rewound(1).nodes):
        assert node.parent < i


def test_a_full_tree_says_so(monkeypatch):
    monkeypatch.setattr(trees, "MOST_NODES", 2)
    tree = grown([0, 1])
    with pytest.raises(InspectionError, match="rewind, or start over"):
        tree.grown(1, step(2))


def test_too_many_branches_are_refused_but_growing_one_goes_on(monkeypatch):
    monkeypatch.setattr(trees, "MOST_BRANCHES", 2)
    tree = grown([0], [1])
    with pytest.raises(InspectionError, match="branches"):
        tree.grown(ROOT, step(2))
    assert len(tree.grown(0, step(3))[0].nodes) == 3
