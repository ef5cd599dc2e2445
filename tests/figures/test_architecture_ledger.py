"""The ledger's figure and table, read back as data."""

import numpy as np
import pytest

from components.figures import theme
from components.figures.architecture.ledger import (
    LETTERS,
    SEVERAL,
    UNITS,
    ledger_map,
    ledger_outline,
    ledger_table,
)
from components.inspection.architecture.from_config import published_tree
from components.inspection.architecture.ledger import EACH, ledger
from components.inspection.architecture.ledger_parts import PARTS
from components.inspection.architecture.module_tree import module_tree, shares
from tests import tiny


@pytest.fixture(scope="module")
def tree():
    return module_tree(tiny.model("gpt2"))


def light(color: str) -> float:
    """The relative luminance of a colour, by WCAG 2."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("show", ["together", EACH, "transformer.h.1"])
def test_each_area_is_that_of_the_weights_in_it(tree, show):
    found = ledger(tree, tree.parameters, show)
    (drawn, *_) = ledger_map(found, "parameters", shares(tree.rows, tree.parameters)).data
    network = tiny.model("gpt2").network
    part = network.get_submodule(show) if "." in show else network
    assert drawn.branchvalues == "total"
    assert drawn.values[0] == sum(weight.numel() for weight in part.parameters())
    assert len(set(drawn.ids)) == len(drawn.ids)
    inside = dict.fromkeys(drawn.ids, 0.0)
    for parent, value in zip(drawn.parents, drawn.values, strict=True):
        if parent:
            inside[parent] += value
    for key, value in zip(drawn.ids, drawn.values, strict=True):
        assert inside[key] in (0, value)
    innermost = sum(v for k, v in zip(drawn.ids, drawn.values, strict=True) if not inside[k])
    assert innermost == drawn.values[0]


def test_a_rectangle_tells_its_size_its_class_and_its_share(tree):
    found = ledger(tree, tree.parameters)
    (drawn, *_) = ledger_map(found, "parameters", shares(tree.rows, tree.parameters)).data
    at = next(i for i, key in enumerate(drawn.ids) if key.endswith("c_attn"))
    shapes, kind, value, share = drawn.customdata[at]
    assert (shapes, kind) == (", 24 × 72; 72", "3 × Conv1D")
    assert value == f"{3 * (24 * 72 + 72):,} parameters"
    assert share == drawn.text[at] == f"{3 * (24 * 72 + 72) / tree.total:.1%}"
    assert drawn.marker.colors[at] == theme.PARTS["attention"]
    assert drawn.marker.colors[0] == SEVERAL
    group = next(label for label in drawn.labels if "(3×)" in label)
    assert group.startswith("h.0–2")


def test_a_single_block_tells_its_share_of_the_whole_network(tree):
    found = ledger(tree, tree.parameters, "transformer.h.1")
    (drawn, *_) = ledger_map(found, "parameters", shares(tree.rows, tree.parameters)).data
    assert drawn.text[0] == f"{drawn.values[0] / tree.total:.1%}"


def test_the_parts_stand_above_in_their_colours(tree):
    of = shares(tree.rows, tree.parameters)
    _, *legend = ledger_map(ledger(tree, tree.parameters), "bytes", of).data
    assert [mark.name.split()[0] for mark in legend] == list(of)
    for mark, (part, share) in zip(legend, of.items(), strict=True):
        assert mark.marker.color == theme.PARTS[part] and mark.showlegend
        assert part == "norm" or f"{share:.1%}" in mark.name


def test_before_an_answer_no_part_and_no_share_is_seen(tree):
    outline = ledger_outline(ledger(tree, tree.parameters), "parameters")
    (drawn,) = outline.data
    assert set(drawn.marker.colors) == {SEVERAL}
    assert set(drawn.text) == {""}
    assert not outline.layout.annotations
    assert not any("mlp" in key or "attn" in key for key in drawn.ids)
    assert "customdata[2]" not in drawn.hovertemplate


def test_letters_can_be_read_on_every_colour():
    for color in [*theme.PARTS.values(), SEVERAL]:
        assert (light(color) + 0.05) / (light(LETTERS) + 0.05) > 4.5
    assert set(theme.PARTS) == set(PARTS)
    assert len(set(theme.PARTS.values())) == len(PARTS)


@pytest.mark.parametrize("dark", [False, True])
def test_the_letters_stay_as_they_are_on_either_page(tree, dark):
    figure = ledger_map(ledger(tree, tree.parameters), "parameters", {"MLP": 1.0})
    (drawn, *_) = theme.lit(figure, dark, narrow=True).data
    assert drawn.textfont.color == LETTERS
    assert drawn.marker.colors == figure.data[0].marker.colors


@pytest.mark.parametrize("area", UNITS)
def test_the_table_has_every_module_that_is_counted(tree, area):
    values = tree.parameters
    table = ledger_table(tree, values, area)
    assert table["share"].sum() == pytest.approx(1)
    assert table["parameters"].sum() == tree.total
    (head,) = table[table["path"] == "lm_head"].to_dict("records")
    assert (head["parameters"], head["counted at"]) == (0, "transformer.wte.weight")
    assert head["shapes"] == "261 × 24"


def test_the_largest_network_is_few_rectangles():
    tree = published_tree("Llama-3.1-405B")
    each = ledger(tree, tree.parameters, EACH)
    assert len(ledger(tree, tree.parameters).rectangles) < 30
    assert 100 < len(each.rectangles) <= 600
    assert each.cut > 0
