"""Kinds of heads: made-up heads are recognised, and trained ones found."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.attention.heads import HeadScores, head_scores, probe_heads
from components.inspection.attention.maps import AttentionMaps
from components.inspection.errors import InspectionError
from tests import tiny

IDS = (7, 8, 9, 7, 8, 9)
"""Three tokens, said twice."""


def scores_of(rows: list[list[float]], ids: tuple[int, ...] = IDS, group="decoder") -> HeadScores:
    """Measure one causal head with the given weights."""
    weights = np.array(rows, dtype=np.float32)[None, None]
    size = len(rows)
    visible = np.tri(size, weights.shape[-1], dtype=bool)[None]
    names = tuple(str(number) for number in ids)
    each = tuple((place, place + 1) for place in range(size))
    return head_scores(
        AttentionMaps(group, (0,), names, names, ids, each, each, weights, visible, 1, ())
    )


def always(place_of) -> list[list[float]]:
    """Rows that give everything to `place_of(reader)`."""
    size = len(IDS)
    return [
        [float(column == max(0, place_of(row))) for column in range(size)] for row in range(size)
    ]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (always(lambda reader: reader - 1), "previous"),
        (always(lambda _: 0), "first"),
        (always(lambda reader: reader), "self"),
        (always(lambda reader: reader - 3), "duplicate"),
        (always(lambda reader: reader - 2), "induction"),
        (
            [[1 / (reader + 1)] * (reader + 1) + [0] * (5 - reader) for reader in range(6)],
            "diffuse",
        ),
    ],
)
def test_a_head_that_does_one_thing_is_named_after_it(rows, kind):
    scores = scores_of(rows)
    assert scores.kinds() == ((kind,),)
    if kind != "diffuse":
        assert scores.shares[kind][0, 0] == 1
        assert scores.entropy[0, 0] == 0


def test_an_even_head_has_all_the_entropy_there_is():
    even = [[1 / (reader + 1)] * (reader + 1) + [0] * (5 - reader) for reader in range(6)]
    scores = scores_of(even)
    assert scores.spread[0, 0] == pytest.approx(1, abs=1e-6)
    assert scores.entropy[0, 0] == pytest.approx(np.mean(np.log2([2, 3, 4, 5, 6])), rel=1e-6)
    assert scores.distance[0, 0] == pytest.approx(np.mean([0.5, 1, 1.5, 2, 2.5]), rel=1e-6)


def test_without_a_repetition_induction_is_not_a_number():
    scores = scores_of(always(lambda reader: reader - 1), ids=(1, 2, 3, 4, 5, 6))
    assert np.isnan(scores.shares["induction"][0, 0])
    assert np.isnan(scores.shares["duplicate"][0, 0])
    assert scores.kinds() == (("previous",),)


@pytest.mark.parametrize(
    ("share", "spread", "kind"),
    [
        (0.41, 0.9, "previous"),
        (0.39, 0.9, "diffuse"),
        (0.39, 0.76, "diffuse"),
        (0.39, 0.74, "mixed"),
    ],
)
def test_a_head_is_named_from_two_fifths_on_and_diffuse_from_three_quarters(share, spread, kind):
    """Stated here, so that a threshold that moves is noticed: all names move with it."""
    own = scores_of(always(lambda reader: reader - 1))
    one = np.ones((1, 1), np.float32)
    scores = replace(
        own,
        shares={name: one * (share if name == "previous" else 0.1) for name in own.shares},
        spread=one * spread,
    )
    assert scores.kinds() == ((kind,),)


def test_a_token_said_twice_in_a_row_does_not_make_its_own_place_one_for_induction():
    """What came right after the first of the two is the second: the reader itself."""
    scores = scores_of(always(lambda reader: reader), ids=(1, 2, 2, 3, 4, 5))
    assert scores.counted["duplicate"][0] == 1
    assert scores.counted["induction"][0] == 0
    assert np.isnan(scores.shares["induction"][0, 0])
    assert scores.kinds() == (("self",),)


def test_cross_attention_has_neither_itself_nor_a_token_before():
    weights = np.full((1, 1, 2, 3), 1 / 3, dtype=np.float32)
    maps = AttentionMaps(
        "cross",
        (0,),
        ("a", "b"),
        ("x", "y", "z"),
        (1, 2),
        ((0, 1), (1, 2)),
        ((0, 1), (1, 2), (2, 3)),
        weights,
        np.ones((1, 2, 3), bool),
        1,
        (),
    )
    scores = head_scores(maps)
    assert np.isnan(scores.shares["self"]).all() and np.isnan(scores.distance).all()
    assert scores.shares["first"][0, 0] == pytest.approx(1 / 3)
    assert scores.kinds() == (("diffuse",),)


@pytest.mark.parametrize("family", ["llama", "bert", "t5", "gpt2"])
def test_the_probe_says_every_token_twice(family):
    model = tiny.model(family)
    group = "cross" if family == "t5" else ("encoder" if family == "bert" else "decoder")
    probe = probe_heads(model, group)
    last = probe.maps.readers[-2 * probe.repeats :]
    assert last[: probe.repeats] == last[probe.repeats :]
    assert probe.scores.entropy.shape == (2 if family == "t5" else 3, 4)


def test_the_bundled_model_has_an_induction_head():
    from components.inspection.load import load_model

    shares = probe_heads(load_model("storyteller", device="cpu"), "decoder").scores.shares
    # What an even share would be is at most 1 in 21.
    assert shares["induction"].max() > 0.3


def test_a_group_that_is_not_there_is_refused(tiny_causal):
    with pytest.raises(InspectionError, match="no cross attention"):
        probe_heads(tiny_causal, "cross")
