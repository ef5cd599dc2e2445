"""The check of an opened number turns red once what leads to the number is broken."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.checks import Check
from components.inspection.machine import cell_answer as answers
from components.inspection.machine import cell_asked, cell_attention, cell_mlp, cell_stream
from components.inspection.machine.cell import open_number
from components.inspection.machine.cell_sums import number_check
from components.inspection.positions.rotation import other
from tests import tiny
from tests.inspection.machine.read import TEXT


def broken(family: str, station: str, stack: str = "decoder", dtype: str = "float32") -> Check:
    model = tiny.model(family, dtype)
    return open_number(model, TEXT, None, stack, 1, 1, 3, station, 1).check  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("station", ["query", "key", "value", "gate", "up", "MLP write"])
@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_the_next_row_of_the_weights(monkeypatch, station, dtype):
    own = cell_asked.weights_of
    monkeypatch.setattr(cell_asked, "weights_of", lambda m, rows: own(m, [rows[0] + 1]))
    assert not broken("llama", station, dtype=dtype).holds


@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_a_head_s_slice_of_another_row(monkeypatch):
    own = cell_stream.weights_of
    monkeypatch.setattr(cell_stream, "weights_of", lambda m, rows: own(m, [rows[0] + 1]))
    assert not broken("llama", "attention write").holds


@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_a_logit_of_another_token(monkeypatch):
    own = answers.weights_of
    monkeypatch.setattr(answers, "weights_of", lambda m, rows: own(m, [rows[0] + 1]))
    assert not broken("llama", "logit").holds


@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_a_probability_among_fewer_tokens(monkeypatch):
    own = answers.shares_of
    monkeypatch.setattr(answers, "shares_of", lambda logits: own(logits[:100]))
    assert not broken("llama", "probability").holds


@pytest.mark.parametrize("station", ["turned query", "turned key"])
@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_a_pair_of_the_other_convention(monkeypatch, station):
    own = cell_attention.rope_at
    monkeypatch.setattr(cell_attention, "rope_at", lambda o: (other(own(o)[0]), own(o)[1]))
    assert not broken("llama", station).holds


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_a_hidden_number_without_its_activation(monkeypatch, dtype):
    monkeypatch.setattr(cell_mlp, "activated", lambda x, _name: x.astype(np.float64))
    assert not broken("llama", "hidden", dtype=dtype).holds


@pytest.mark.parametrize("station", ["score", "weight", "output"])
@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_attention_of_another_head(monkeypatch, station):
    """What is recorded is that of the head; what it is worked out of is another's."""
    own = cell_attention.attended

    def mixed(opened_, head, rows):
        right, wrong = own(opened_, head, rows), own(opened_, 3, rows)
        kept = {
            "score": {"queries": wrong.queries},
            "weight": {"scores": wrong.scores},
            "output": {"weights": wrong.weights},
        }
        return replace(right, **kept[station])

    monkeypatch.setattr(cell_attention, "attended", mixed)
    assert not broken("llama", station).holds


@pytest.mark.parametrize("station", ["norm1", "norm2"])
@pytest.mark.parametrize("family", ["llama", "gpt2"])
@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_a_norm_without_its_gain(monkeypatch, family, station):
    own = cell_asked.Asked.norm

    def plain(self, where):
        norm = own(self, where)
        return norm and replace(norm, gain=np.ones_like(norm.gain))

    monkeypatch.setattr(cell_asked.Asked, "norm", plain)
    assert not broken(family, station).holds


@pytest.mark.parametrize(("family", "stack", "station"), [
    ("llama", "decoder", "between"), ("llama", "decoder", "left"), ("bert", "encoder", "left"),
    ("bert", "encoder", "between"), ("gptj", "decoder", "left"),
])  # fmt: skip
@pytest.mark.sabotage("the number worked out here is the recorded one")
def test_a_sum_that_lacks_half_of_a_write(monkeypatch, family, stack, station):
    own = cell_stream._streams

    def halved(asked):
        found = own(asked)
        return replace(found, writes={name: one / 2 for name, one in found.writes.items()})

    monkeypatch.setattr(cell_stream, "_streams", halved)
    assert not broken(family, station, stack).holds


def test_what_is_no_number_turns_the_check_red():
    assert not number_check(float("nan"), 1.0, 1.0).holds
    assert not number_check(1.0, float("nan"), 1.0).holds
    assert not number_check(1.0, 1.1, float("nan")).holds
    assert number_check(1.0, 1.1, 0.2).holds
