"""Packing: every document once, no row too full; and RoPE does not mind."""

import math
from dataclasses import replace

import numpy as np
import pytest
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.errors import InspectionError
from components.inspection.positions import packing
from components.inspection.positions.packing import packed, packed_reading
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.tools import state_of

READ = packing._read
DTYPES = ["float32", "bfloat16", "float16"]
DOCUMENTS = ("to be", "or not", "that is")


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60), st.integers(60, 200))
@settings(deadline=None)
def test_every_document_has_one_place_and_no_row_is_too_full(lengths, row):
    found = packed(tuple(lengths), row)
    assert sorted(d for each in found.rows for d in each) == list(range(len(lengths)))
    filled = [sum(lengths[d] for d in each) for each in found.rows]
    assert max(filled) <= row
    fewest = math.ceil(sum(lengths) / row)
    # First-fit leaves at most one row half empty or more.
    assert fewest <= len(found.rows) <= 2 * fewest
    assert found.used == pytest.approx(sum(filled) / (row * len(filled)))
    assert found.used_padded <= found.used + 1e-12


@pytest.mark.sabotage("each document lies in one row, once")
@pytest.mark.parametrize("rows", [((0, 2), (1, 3)), ((0, 2), (1, 3, 3, 4)), ((0, 2), (1, 3, 3))])
def test_a_document_lost_or_laid_twice_turns_the_check_red(rows):
    found = packed((6, 5, 4, 3, 2), 10)
    assert found.checks[0].verdict == "holds"
    assert replace(found, rows=rows).checks[0].verdict == "fails"


@pytest.mark.sabotage("no row is longer than its places")
def test_a_row_too_full_turns_the_check_red():
    found = packed((6, 5, 4, 3, 2), 10)
    assert found.checks[1].verdict == "holds"
    assert replace(found, rows=((0, 1), (2, 3, 4))).checks[1].verdict == "fails"


@pytest.mark.parametrize("lengths", [(), (0,), (11,), (1,) * 201])
def test_lengths_that_cannot_be_packed_are_refused(lengths):
    with pytest.raises(InspectionError, match="Give 1 to 200 lengths, each from 1 to the row's 10"):
        packed(lengths, 10)


TELLING_DISTANCES = [
    "llama",
    "qwen2",
    "qwen3",
    "phi3",
    "phi",
    "gpt_neox",
    "gptj",
    "falcon",
    "olmo2",
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", TELLING_DISTANCES)
def test_a_packed_document_is_read_as_if_alone(family, dtype):
    model = tiny.model(family, dtype)
    before = state_of(model)
    found = packed_reading(model, DOCUMENTS)
    assert [check.verdict for check in found.checks] == ["holds", "holds"]
    assert found.checks[0].error == max(found.apart)
    assert found.checks[1].error == max(found.counted_on), "only distances count"
    assert state_of(model) == before
    if dtype == "float32":
        assert min(found.no_mask[1:]) > 1e-2
        assert found.no_mask[0] < 1e-4, "nothing stands before the first"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["gpt2", "opt", "gpt_neo"])
def test_a_learned_table_needs_positions_counted_anew(family, dtype):
    model = tiny.model(family, dtype)
    found = packed_reading(model, DOCUMENTS)
    assert [check.verdict for check in found.checks] == ["holds", "reported"]
    assert min(found.counted_on[1:]) > 1e-2
    assert "adds a vector for its position" in found.says


def test_the_mask_is_a_triangle_for_each_document():
    found = packed_reading(tiny.model("llama"), ("a", "bc"))
    expected = [[1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 1]]
    np.testing.assert_array_equal(found.mask, np.array(expected, dtype=bool))
    assert found.document == (0, 0, 1, 1, 1)


@pytest.mark.parametrize(
    ("family", "texts", "said"),
    [
        ("bert", DOCUMENTS, "takes no attention mask of ours"),
        ("bloom", DOCUMENTS, "takes no attention mask of ours"),
        ("mistral", DOCUMENTS, "takes no attention mask of ours"),
        ("mpt", DOCUMENTS, "takes no position numbers"),
        ("llama", ("", ""), "no document"),
        ("llama", ("x" * 40, "y" * 40), "82 tokens long"),
    ],
)
def test_what_cannot_be_read_packed_is_explained(family, texts, said):
    with pytest.raises(InspectionError, match=said):
        packed_reading(tiny.model(family), texts)


def test_a_document_longer_than_a_window_is_not_called_a_leak():
    """A window of 20: no probe of a dozen tokens sees it, a document of 28 does."""
    model = networks.model(networks.of("Mistral", sliding_window=20))
    assert packed_reading(model, DOCUMENTS).checks[0].holds
    with pytest.raises(InspectionError, match=r"a sliding window\. Write shorter documents"):
        packed_reading(model, ("to be or not to be, that is!", "to be"))


def test_documents_of_a_hybrid_cannot_be_kept_apart():
    with pytest.raises(
        InspectionError, match=r"keeps documents apart in attention only|no attention mask"
    ):
        packed_reading(networks.model(networks.qwen3_next()), DOCUMENTS)


def leaking(model, ids, seen, positions=None):
    if positions is not None:
        seen = np.tril(np.ones_like(seen))
    return READ(model, ids, seen, positions)


def off_by_one(model, ids, seen, positions=None):
    if positions is not None:
        seen = np.logical_or(seen, np.eye(len(ids), k=-3, dtype=bool))
    return READ(model, ids, seen, positions)


def late(model, ids, seen, positions=None):
    return READ(model, ids, seen, None if positions is None else positions * 3)


@pytest.mark.sabotage("masked by document, with positions restarted, each is read as if alone")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", [leaking, off_by_one])
def test_documents_that_leak_turn_the_check_red(wrong, dtype, monkeypatch):
    monkeypatch.setattr(packing, "_read", wrong)
    documents = ("the dog bit the man", "the man bit the dog")
    assert packed_reading(tiny.model("llama", dtype), documents).checks[0].verdict == "fails"


@pytest.mark.sabotage("with positions continued through the row, each is read as if alone")
@pytest.mark.parametrize("dtype", DTYPES)
def test_positions_counted_in_threes_turn_the_check_red(dtype, monkeypatch):
    monkeypatch.setattr(packing, "_read", late)
    documents = ("the dog bit the man", "the man bit the dog")
    assert packed_reading(tiny.model("llama", dtype), documents).checks[1].verdict == "fails"


@pytest.mark.parametrize("family", ["GPT2", "Llama"])
def test_a_decoder_that_gives_one_answer_to_a_row_is_refused(family):
    arguments = tiny.FAMILIES[family.lower()][3] | {"num_labels": 3}
    config = getattr(hf, f"{family}Config")(**arguments)
    network = tiny.built(getattr(hf, f"{family}ForSequenceClassification"), config)
    with pytest.raises(InspectionError, match="gives one answer to a whole row"):
        packed_reading(networks.model(network, "classifier"), ("to be", "or not"))
