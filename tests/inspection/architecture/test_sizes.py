"""Sizes: formulas against networks that are built, published totals, and what cannot be built."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.architecture import sizes as module
from components.inspection.architecture.sizes import KNOWN, Sizes, weighed
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.dimensions import shape_of
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.load import load_model

SMALL = Sizes(2, 16, 4, 2, 24, 100)


@pytest.mark.parametrize("name", sorted(set(KNOWN) & set(PUBLISHED)))
def test_published_models_have_their_published_parameters(name):
    found, published = weighed(KNOWN[name], 0), PUBLISHED[name]
    assert found.total == published.parameters
    assert found.cache_bytes == published.token_bytes(2)
    assert [check.verdict for check in found.checks] == ["holds"]


def test_the_bundled_model_is_as_its_sizes_say():
    storyteller = load_model("storyteller")
    found, shape = weighed(KNOWN["storyteller"], 5), shape_of(storyteller)
    assert found.total == storyteller.facts.parameters == 3_213_568
    assert found.parameters == {
        "embedding": 655_360,
        "attention": 4 * 196_608,
        "MLP": 4 * 442_368,
        "norm": 2_304,
    }
    assert found.cache_bytes == shape.token_bytes(2)


def test_a_tiny_block_can_be_counted_in_the_head():
    found = weighed(replace(SMALL, layers=1, experts=3, met=2), behind=1)
    # 4 heads of 4 numbers, 2 of them for keys and for values.
    assert found.parameters["attention"] == 16 * 16 + 2 * 16 * 8 + 16 * 16
    assert found.parameters["MLP"] == 3 * (3 * 16 * 24) + 16 * 3
    assert found.total - found.met == 3 * 16 * 24
    assert found.cache_bytes == 2 * 2 * 4 * 2
    weights = 768 + 2 * (3 * 16 * 24) + 48
    assert found.operations == 2 * weights + 4 * 16 * 2 + 2 * 100 * 16


@settings(deadline=None, max_examples=15)
@given(
    st.integers(1, 3),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(1, 40),
    st.integers(1, 200),
    st.integers(1, 5),
    st.booleans(),
)
def test_the_formulas_give_what_is_built(layers, groups, shared, mlp, vocabulary, experts, tied):
    heads = groups * shared
    sizes = Sizes(layers, 4 * heads, heads, groups, mlp, vocabulary, experts, experts, tied)
    found = weighed(sizes, 3)
    assert [check.verdict for check in found.checks] == ["holds"]
    assert found.met == found.total


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"heads": 5}, "such as 20"),
        ({"width": 12}, "an even one"),
        ({"kv_heads": 3}, "Possible are: 1, 2, 4"),
        ({"met": 2}, "2 of 1 experts"),
    ],
)
def test_what_cannot_be_built_is_explained(change, says):
    with pytest.raises(InspectionError, match=says):
        weighed(replace(SMALL, **change), 0)


@pytest.mark.sabotage("each part's formula gives the parameters that transformers builds")
def test_a_gate_that_is_forgotten_turns_it_red(monkeypatch):
    assert weighed(SMALL, 0).checks[0].verdict == "holds"
    counted = module._counted

    def ungated(sizes):
        found = counted(sizes)
        return found | {"MLP": found["MLP"] * 2 // 3}

    monkeypatch.setattr(module, "_counted", ungated)
    assert weighed(SMALL, 0).checks[0].verdict == "fails"
