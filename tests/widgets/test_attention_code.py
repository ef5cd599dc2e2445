"""The code that the attention page offers runs, and gives the numbers on screen."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import transformers as hf

from components.engine import ModelChoice
from components.inspection.attention.heads import head_scores
from components.inspection.attention.maps import attention_maps
from components.inspection.attention.steps import attention_steps
from components.inspection.attention.toy import EXAMPLE, matrix, toy_attention
from components.inspection.load import load_model
from pages.inside.attention import code
from pages.inside.attention.choices import Reading
from tests import tiny

TEXT = "Once upon a time there was a little fox."


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", device="cpu")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])


def run(text: str) -> dict:
    names: dict = {}
    with redirect_stdout(io.StringIO()):
        exec(compile(text, "on-screen", "exec"), names)
    return names


def reading(source: str, group="decoder", target=None, two_stacks=False) -> Reading:
    return Reading(ModelChoice(source), TEXT, target, group, two_stacks)


def test_the_weights(storyteller):
    shown = code.weights(reading("storyteller"), storyteller.facts, 2, 1)
    ours = attention_maps(storyteller, TEXT, None, "decoder").weights[2, 1]
    np.testing.assert_allclose(ours, run(shown)["weights"].numpy(), atol=1e-6)


def test_the_share_on_the_token_before(storyteller):
    theirs = run(code.previous_token(reading("storyteller"), storyteller.facts))["share"]
    ours = head_scores(attention_maps(storyteller, TEXT, None, "decoder")).shares["previous"]
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)


def test_the_steps(storyteller):
    names = run(code.steps(reading("storyteller"), storyteller.facts, 1, 3, 6))
    ours = attention_steps(storyteller, TEXT, None, "decoder", 1, 3, 6)
    np.testing.assert_allclose(ours.weights, names["weights"].numpy(), atol=1e-5)
    np.testing.assert_allclose(ours.output, names["output"].numpy(), atol=1e-5)
    np.testing.assert_allclose(ours.write, names["write"].numpy(), atol=1e-5)


@pytest.mark.parametrize("group", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize("family", ["t5", "bart"])
def test_the_weights_of_two_stacks(tmp_path, family, group):
    folder, model = saved(family, tmp_path), tiny.model(family)
    shown = code.weights(reading(folder, group, "dog", True), model.facts, 1, 2)
    ours = attention_maps(model, TEXT, "dog", group).weights[1, 2]
    np.testing.assert_allclose(ours, run(shown)["weights"].numpy(), atol=1e-6)


@pytest.mark.parametrize("family", ["bert", "bert_classifier"])
def test_the_weights_of_an_encoder(tmp_path, family):
    folder, model = saved(family, tmp_path), tiny.model(family)
    shown = code.weights(reading(folder, "encoder"), model.facts, 1, 2)
    ours = attention_maps(model, TEXT, None, "encoder").weights[1, 2]
    np.testing.assert_allclose(ours, run(shown)["weights"].numpy(), atol=1e-6)


def test_the_weights_of_an_encoder_saved_without_its_decoder(tmp_path):
    config = hf.T5Config(**tiny.FAMILIES["t5"][3])
    tiny.built(hf.T5EncoderModel, config).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    model = load_model(str(tmp_path), device="cpu")
    shown = code.weights(reading(str(tmp_path), "encoder"), model.facts, 1, 2)
    ours = attention_maps(model, TEXT, None, "encoder").weights[1, 2]
    np.testing.assert_allclose(ours, run(shown)["weights"].numpy(), atol=1e-6)


def test_the_weights_of_a_hybrid_whose_layers_do_not_all_attend(tmp_path):
    config = hf.Lfm2Config(
        vocab_size=261,
        hidden_size=24,
        intermediate_size=48,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_hidden_layers=4,
        conv_L_cache=3,
        layer_types=["conv", "full_attention", "conv", "full_attention"],
    )
    tiny.built(hf.Lfm2ForCausalLM, config).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    model = load_model(str(tmp_path), device="cpu")
    maps = attention_maps(model, TEXT, None, "decoder")
    assert maps.numbers == (1, 3)
    shown = code.weights(reading(str(tmp_path)), model.facts, 3, 2, maps.place_of(3))
    np.testing.assert_allclose(maps.weights[1, 2], run(shown)["weights"].numpy(), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_number_format_is_that_on_screen_and_not_the_files(tmp_path, dtype):
    """A file of 16-bit numbers that is looked at in 32 bits has other weights than in 16."""
    folder = saved("llama", tmp_path, "bfloat16")
    model = load_model(folder, device="cpu", dtype=dtype)
    ours = attention_maps(model, TEXT, None, "decoder").weights
    theirs = run(code.weights(reading(folder), model.facts, 2, 1))["weights"]
    np.testing.assert_allclose(ours[2, 1], theirs.float().numpy(), atol=1e-6)
    share = run(code.previous_token(reading(folder), model.facts))["share"]
    scores = head_scores(attention_maps(model, TEXT, None, "decoder"))
    np.testing.assert_allclose(scores.shares["previous"], share.numpy(), atol=1e-6)
    names = run(code.steps(reading(folder), model.facts, 1, 3, 6))
    steps = attention_steps(model, TEXT, None, "decoder", 1, 3, 6)
    off = 1e-5 if dtype == "float32" else 0.02
    np.testing.assert_allclose(steps.weights, names["weights"].float().numpy(), atol=off)


def test_a_revision_of_the_hub_and_a_gguf_file_are_opened_as_such(storyteller):
    of_hub = Reading(ModelChoice("owner/name", revision="v2"), TEXT, None, "decoder")
    assert "from_pretrained('owner/name', revision='v2')" in code.weights(
        of_hub, storyteller.facts, 0, 0
    )
    shown = code.steps(reading("/models/small.gguf"), storyteller.facts, 0, 0, 0)
    assert shown.count("'/models', gguf_file='small.gguf'") == 2


def saved(family: str, folder: Path, dtype: str = "float32") -> str:
    """Save a tiny model as anybody would, and return its folder."""
    tiny.network(family, dtype).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_the_toy(scale, causal):
    names = run(code.toy(EXAMPLE, "1, 0\n0, 2\n1 1", EXAMPLE, scale, causal, 0.5))
    small = matrix(EXAMPLE, "Q")
    ours = toy_attention(small, matrix("1 0\n0 2\n1 1", "K"), small, scale, causal, 0.5)
    np.testing.assert_allclose(ours.weights, names["weights"], atol=1e-12)
    np.testing.assert_allclose(ours.outputs, names["outputs"], atol=1e-12)
