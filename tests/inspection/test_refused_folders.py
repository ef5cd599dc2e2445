"""What a configuration may say that its weights do not, and what a network may compute."""

import shutil
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
import transformers as hf
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from components.inspection import load
from components.inspection.building import building
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from components.inspection.prediction import predict
from tests import tiny
from tests.inspection.folders import WEIGHTS, configure, refusal, saved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Llama of three layers, to be broken."""
    return saved("llama", tmp_path / "llama")


class TestLayers:
    """As many as are stored, and no others."""

    @pytest.mark.parametrize("layers", [0, -3])
    def test_none_at_all(self, layers, folder):
        configure(folder, num_hidden_layers=layers, layer_types=None)
        assert f"num_hidden_layers = {layers}, but every network has at least one" in refusal(
            folder
        )

    @pytest.mark.parametrize(("layers", "first"), [(1, 1), (2, 2)])
    def test_fewer_than_are_stored(self, layers, first, folder):
        configure(folder, num_hidden_layers=layers, layer_types=None)
        said = refusal(folder)
        assert f"hold model.layers.{first}.input_layernorm.weight and" in said
        assert "leaves out" in said

    @pytest.mark.parametrize("layers", [5_000, 10**6])
    def test_far_more_are_refused_while_another_model_is_loaded(self, layers, folder, monkeypatch):
        monkeypatch.setattr(load, "described", lambda *_: pytest.fail("it was built"))
        configure(folder, num_hidden_layers=layers, layer_types=None)
        with building(), ThreadPoolExecutor(1) as pool:
            said = pool.submit(refusal, folder).result(60)
        assert f"says num_hidden_layers = {layers:,}, but" in said

    def test_of_a_hub_repository_likewise(self, folder, tmp_path, monkeypatch):
        configure(folder, num_hidden_layers=10**6, layer_types=None)
        home = tmp_path / "hub" / "models--nobody--liar"
        commit = "0123456789abcdef0123456789abcdef01234567"
        shutil.copytree(folder, home / "snapshots" / commit)
        (home / "refs").mkdir()
        (home / "refs" / "main").write_text(commit)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        said = refusal("nobody/liar")
        assert "of 'nobody/liar' says num_hidden_layers = 1,000,000, but no network has" in said

    def test_a_bias_that_is_stored_is_not_left_out(self, folder):
        config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3], attention_bias=True)
        tiny.built(hf.LlamaForCausalLM, config).save_pretrained(folder)
        assert load_model(str(folder)).facts.layers == 3
        configure(folder, attention_bias=False)
        assert "hold model.layers.0.self_attn.k_proj.bias and 11 more parts" in refusal(folder)

    def test_a_family_is_not_taken_for_another_that_has_less_in_a_layer(self, tmp_path):
        folder = saved("qwen3", tmp_path / "qwen3")
        configure(folder, model_type="llama", architectures=["LlamaForCausalLM"])
        assert "hold model.layers.0.self_attn.k_norm.weight" in refusal(folder)

    @pytest.mark.parametrize(
        ("family", "further"),
        [
            # Masks that older versions stored, and heads for other tasks.
            ("gpt2", {"transformer.h.0.attn.bias": (1, 1, 64, 64)}),
            ("gpt2", {"h.0.attn.masked_bias": (1,)}),
            ("llama", {"model.layers.0.self_attn.rotary_emb.inv_freq": (3,)}),
            ("bert", {"cls.seq_relationship.weight": (2, 24)}),
            ("bert", {"bert.embeddings.position_ids": (1, 66)}),
        ],
    )
    def test_what_is_no_part_of_a_layer_may_be_left_out(self, family, further, tmp_path):
        folder = saved(family, tmp_path / family)
        tensors = load_file(folder / WEIGHTS)
        tensors |= {name: torch.ones(shape) for name, shape in further.items()}
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
        assert load_model(str(folder)).facts.family == family


class TestBuilding:
    """No network is built without end."""

    def test_of_too_many_modules_it_is_given_up(self):
        config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3])
        modules = sum(1 for _ in hf.LlamaForCausalLM(config).modules()) - 1
        with building(modules):
            hf.LlamaForCausalLM(config)
        with pytest.raises(InspectionError, match="more than 20 modules"), building(20):
            hf.LlamaForCausalLM(config)
        hf.LlamaForCausalLM(config)

    def test_what_another_thread_builds_is_not_counted(self):
        config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3])
        other = threading.Thread(target=hf.LlamaForCausalLM, args=(config,))
        with building(3):
            other.start()
            other.join()
            torch.nn.Sequential(torch.nn.Identity())

    def test_tables_larger_than_any_are_not_computed(self, tmp_path):
        """GPT-J stores no positions: it computes sines for as many as it is told to."""
        folder = saved("gptj", tmp_path / "gptj")
        configure(folder, n_positions=10**8)
        assert "would compute tables of 4 GiB for itself" in refusal(folder)


class TestNumbers:
    """What a network computes are numbers, or nothing is shown."""

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    @pytest.mark.parametrize("family", ["llama", "bert", "t5", "bert_classifier"])
    def test_a_weight_that_spoils_all_is_noticed(self, family, value, tmp_path):
        folder = saved(family, tmp_path / family)
        tensors = load_file(folder / WEIGHTS)
        norms = [name for name in sorted(tensors) if "norm" in name.lower() and "weight" in name]
        tensors[norms[-1]][:] = value
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
        assert "computes numbers that are none (NaN or infinite)" in refusal(folder)

    def test_what_float16_cannot_hold_is_told_with_what_can(self, folder):
        enlarge(folder, range(tiny.VOCABULARY))
        assert "larger than float16 can hold (65,504). Choose bfloat16 or float32" in refusal(
            folder, "float16"
        )
        for dtype in ("float32", "bfloat16"):
            assert load_model(str(folder), "cpu", dtype).facts.layers == 3

    def test_a_rare_token_that_overflows_is_told_where_it_is_read(self, folder):
        """It is no reason to refuse the model: all else is computed as ever."""
        rare = tiny.tokenizer().encode("z", add_special_tokens=False)
        enlarge(folder, rare)
        model = load_model(str(folder), "cpu", "float16")
        assert predict(model, "to be").probabilities.sum() <= 1
        with pytest.raises(InspectionError, match=r"not numbers .* load it in float32"):
            predict(model, "zebra")


def enlarge(folder: Path, tokens: Iterable[int]) -> None:
    """Give some tokens vectors that float32 can hold and float16 cannot."""
    tensors = load_file(folder / WEIGHTS)
    tensors["model.embed_tokens.weight"][list(tokens)] *= 1e6
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
