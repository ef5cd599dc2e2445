"""Attention while a text is written; masks and sharing."""

import numpy as np
import pytest
import torch

from components.inspection.attention.maps import attention_maps
from components.inspection.attention.patterns import MASKS, Sharing, mask, reach, score_bytes
from components.inspection.attention.writing import attention_while_writing, writing
from components.inspection.errors import InspectionError
from tests import tiny

TEXT = "the cat"


def test_each_row_is_the_last_row_of_the_text_so_far(tiny_causal):
    steps = list(attention_while_writing(tiny_causal, TEXT, 4, "decoder"))
    ids = tiny_causal.encode(TEXT)
    with torch.no_grad():
        theirs = (
            tiny.network("llama")
            .generate(torch.tensor([ids]), max_new_tokens=4, do_sample=False)[0]
            .tolist()
        )
    assert [step.token for step in steps] == list(tiny_causal.token_texts(theirs[len(ids) :]))
    whole = attention_maps(tiny_causal, theirs[:-1], None, "decoder").weights
    for number, step in enumerate(steps):
        last = len(ids) - 1 + number
        np.testing.assert_allclose(step.row, whole[:, :, last, : last + 1], atol=1e-6)
        assert len(step.read) == last + 1


def test_what_is_written_is_kept_step_by_step_with_its_checks(tiny_causal):
    alone = list(attention_while_writing(tiny_causal, TEXT, 4, "decoder"))
    found = list(writing(tiny_causal, TEXT, 4, "decoder"))
    assert [len(each.steps) for each in found] == [1, 2, 3, 4]
    assert [each.done for each in found] == [0.25, 0.5, 0.75, 1]
    last = found[-1]
    rows = last.rows(1, 2)
    assert rows.shape == (4, len(alone[-1].read))
    for row, step in zip(rows, alone, strict=True):
        np.testing.assert_array_equal(row[: len(step.read)], step.row[1, 2])
        assert not row[len(step.read) :].any()
    np.testing.assert_allclose(last.rows(1, None)[3], alone[3].row[1].mean(0), atol=1e-7)
    prompt = len(alone[0].read)
    by_hand = np.mean([step.row[2][:, prompt:].sum(-1).mean() for step in alone[1:]])
    assert last.own_share(2) == pytest.approx(float(by_hand))
    assert 0 < last.own_share(2) < 1
    assert all(check.holds for check in last.checks)


def test_a_full_context_is_the_whole_of_what_can_be_written(tiny_causal):
    found = list(writing(tiny_causal, "x" * 61, 20, "decoder"))
    assert (len(found[-1].steps), found[-1].done) == (3, 1)
    assert found[-2].done == 3 / 20


def test_a_translator_looks_at_its_source_for_every_token():
    model = tiny.model("t5")
    steps = list(attention_while_writing(model, TEXT, 3, "cross"))
    assert 1 <= len(steps) <= 3
    for step in steps:
        assert step.read == ("<s>", *TEXT)
        np.testing.assert_allclose(step.row.sum(-1), 1, rtol=1e-5)


def test_writing_stops_at_the_contexts_end(tiny_causal):
    steps = list(attention_while_writing(tiny_causal, "x" * 61, 20, "decoder"))
    assert len(steps) == 3  # 62 tokens are read, then 63, then 64, which is all


@pytest.mark.parametrize(("family", "said"), [("bert", "does not write"), ("t5", "Only a decoder")])
def test_what_does_not_write_is_explained(family, said):
    with pytest.raises(InspectionError, match=said):
        next(attention_while_writing(tiny.model(family), TEXT, 3, "encoder"))


@pytest.mark.parametrize("kind", MASKS)
def test_who_may_read_may_read_itself(kind):
    square = mask(kind, 12, 12, 3)
    assert square.diagonal().all()
    ahead = np.triu(square, k=1).any()
    assert ahead == (kind in ("bidirectional", "cross"))


def test_the_sparse_masks_by_hand():
    np.testing.assert_array_equal(
        mask("strided", 5, 5, 2).astype(int)[4], [1, 0, 1, 1, 1]
    )  # 4, 3 are near; 2, 0 are a stride away
    np.testing.assert_array_equal(
        mask("fixed blocks", 5, 5, 2).astype(int)[4], [0, 1, 0, 1, 1]
    )  # its own block starts at 4; 1 and 3 end theirs


@pytest.mark.parametrize(("layers", "reached"), [(1, 4), (2, 7), (3, 10), (20, 24)])
def test_a_window_reaches_one_further_with_each_layer(layers, reached):
    assert reach(mask("sliding window", 24, 24, 4), layers)[-1] == reached


def test_sharing_has_the_names_of_the_field():
    assert [Sharing(8, heads, 64, 2).name[-4:-1] for heads in (8, 2, 1)] == ["MHA", "GQA", "MQA"]
    # Phi-3-mini: 2 x 32 layers x 3072 x 2 bytes = 384 KiB a token.
    assert Sharing(32, 32, 96, 32).cache_bytes(1) == 393_216
    assert Sharing(32, 8, 96, 32).cache_bytes(1) == 393_216 // 4
    assert [score_bytes(n) // 2**20 for n in (2048, 8192, 32768)] == [8, 128, 2048]
