"""What a family's own code raises becomes a sentence; what Vitrine's raises does not."""

import pytest
import torch
import transformers as hf

from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.methods import attribute
from components.inspection.attribution.question import Question
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.running import NetworkError, run, sent_back
from components.inspection.wrapping import wrapped
from tests import tiny

TEXT = "to be, or not"
BY_GRADIENT = ["integrated_gradients", "gradient_shap", "input_x_gradient", "saliency"]


@pytest.fixture(scope="module")
def reformer() -> Model:
    """A Reformer, which sends gradients back in training only."""
    config = hf.ReformerConfig(
        **tiny._BASE,
        hidden_size=32,
        num_attention_heads=4,
        feed_forward_size=40,
        num_labels=3,
        attn_layers=["local", "local"],
        axial_pos_embds=False,
        is_decoder=True,
        max_position_embeddings=128,
    )
    network = tiny.built(hf.ReformerForSequenceClassification, config)
    return wrapped(network, tiny.tokenizer(), "classifier", "tiny-reformer")


def test_the_methods_that_need_a_gradient_are_known():
    assert set(BY_GRADIENT) <= set(METHODS)


@pytest.mark.parametrize("method", BY_GRADIENT)
def test_a_family_that_sends_no_gradient_back_is_told(method, reformer):
    with pytest.raises(NetworkError, match="ReformerForSequenceClassification in transformers"):
        attribute(reformer, Question(TEXT), method)


def test_methods_that_need_none_work_with_it(reformer):
    """Its blocks return tuples with names, in which rounding is measured too."""
    found = attribute(reformer, Question(TEXT), "ablation")
    verdicts = {check.says: check.verdict for check in found.checks}
    assert verdicts["at the text, the target is what a plain pass over its tokens gives"] == "holds"
    assert "fails" not in verdicts.values()


def test_what_a_network_raises_when_called_is_told(tiny_causal):
    with pytest.raises(NetworkError, match="fails here, in float32 on cpu: ValueError: "):
        run(tiny_causal, use_cache=False)


def test_a_fault_of_ours_stays_a_fault(tiny_causal):
    def wrong() -> None:
        with sent_back(tiny_causal):
            torch.autograd.grad(torch.ones(1), torch.ones(1))

    with pytest.raises(RuntimeError, match="does not require grad") as raised:
        wrong()
    assert not isinstance(raised.value, InspectionError)


def test_memory_that_runs_out_on_the_way_back_is_left_to_whoever_makes_room(tiny_causal):
    with pytest.raises(torch.OutOfMemoryError), sent_back(tiny_causal):
        raise torch.OutOfMemoryError("CUDA out of memory.")
