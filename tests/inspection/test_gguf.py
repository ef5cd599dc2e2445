"""GGUF files, written here with the format's own library: read like folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.wrapping import wrapped
from tests import tiny

TEXT = "to be, or not"
CONFIG: dict[str, Any] = tiny.FAMILIES["qwen2"][3] | {
    "hidden_size": 32,
    "intermediate_size": 64,
    "head_dim": 8,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
}
NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""What transformers calls a part, and what the format calls it."""


def network() -> hf.PreTrainedModel:
    """A Qwen2 whose rows are a multiple of 32 long, as quantization wants them."""
    return tiny.built(hf.Qwen2ForCausalLM, hf.Qwen2Config(**CONFIG))


def written(place: Path, kind: gguf.GGMLQuantizationType) -> Path:
    """Write that network, matrices as `kind`, as llama.cpp's converter would."""
    writer = gguf.GGUFWriter(place, "qwen2")
    writer.add_block_count(3)
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(tiny.VOCABULARY)
    tokens = tiny.tokenizer().convert_ids_to_tokens(range(tiny.VOCABULARY))
    tokens[4] = "Ġt"  # a merge must lead to a token
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL] * 4 + [gguf.TokenType.NORMAL] * 257)
    writer.add_token_merges(["Ġ t"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, weight in network().state_dict().items():
        path, _, end = name.rpartition(".")
        if path.startswith("model.layers."):
            _, _, layer, part = path.split(".", 3)
            path = f"blk.{layer}.{NAMES[part]}"
        else:
            path = NAMES[path]
        values = weight.numpy()
        if values.ndim == 2 and kind != gguf.GGMLQuantizationType.F32:
            values = gguf.quants.quantize(values, kind)
            writer.add_tensor(f"{path}.{end}", values, raw_dtype=kind)
        else:
            writer.add_tensor(f"{path}.{end}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return place


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a file with weights of a kind ("F32", "Q8_0")."""
    root = tmp_path_factory.mktemp("gguf")

    def made(kind: str) -> Path:
        place = root / f"tiny.{kind}.gguf"
        if not place.exists():
            written(place, getattr(gguf.GGMLQuantizationType, kind))
        return place

    return made


def test_a_file_is_read_as_the_network_that_was_written(file):
    model = load_model(str(file("F32")), "cpu", "float32")
    own = wrapped(network(), tiny.tokenizer(), "causal", "own")
    ids = own.encode(TEXT)
    ours, theirs = record(model, ids), record(own, ids)
    np.testing.assert_allclose(ours.logits, theirs.logits, rtol=1e-5, atol=1e-6)
    for one, other in zip(ours.attentions, theirs.attentions, strict=True):
        np.testing.assert_allclose(one.weights, other.weights, rtol=1e-5, atol=1e-6)
    assert (model.facts.family, model.kind, model.facts.quantized) == ("qwen2", "causal", "")
    # Its vocabulary is in the file too.
    assert model.tokenizer.convert_ids_to_tokens(ids) == own.tokenizer.convert_ids_to_tokens(ids)


@pytest.mark.parametrize(("kind", "bits", "close"), [("Q8_0", 8.5, 0.01), ("Q4_1", 5.0, 0.15)])
def test_it_is_said_to_how_many_bits_weights_were_rounded(kind, bits, close, file):
    """32 weights of 8 bits share a scale of 16: 8.5. With a second one for the offset: 5."""
    model = load_model(str(file(kind)), "cpu", "float32")
    said, rest = model.facts.quantized.split(", ")
    assert said == kind
    # Norms and biases, a few hundred numbers of some thousands, stay as they were.
    assert bits <= float(rest.split()[0]) < bits + 2
    # What the weights stand for is what computes: near the network, and not equal to it.
    weight = dict(model.network.named_parameters())["model.layers.0.mlp.up_proj.weight"]
    own = dict(network().named_parameters())["model.layers.0.mlp.up_proj.weight"]
    off = float((weight - own).abs().max() / own.abs().max())
    assert 0 < off < close
    assert model.facts.dtype == "float32"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_the_dtype_chosen_is_what_computes(dtype, file):
    model = load_model(str(file("Q8_0")), "cpu", dtype)
    assert {str(weight.dtype) for weight in model.network.parameters()} == {f"torch.{dtype}"}
    assert model.facts.weight_bytes == 2 * model.facts.parameters


@pytest.mark.parametrize("kept", [0, 3, 4, 60, 5_000])
def test_a_file_cut_short_is_called_so(kept, file, tmp_path):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(file("F32").read_bytes()[:kept])
    with pytest.raises(InspectionError, match="no GGUF file that can be read"):
        load_model(str(cut))


def test_another_file_of_that_name_is_called_so(tmp_path):
    (tmp_path / "note.gguf").write_text("GGUF is a format.")
    with pytest.raises(InspectionError, match="no GGUF file that can be read"):
        load_model(str(tmp_path / "note.gguf"))


def test_without_the_package_it_is_said_how_to_get_it(file, monkeypatch):
    monkeypatch.setattr("components.inspection.gguf_file.find_spec", lambda _name: None)
    with pytest.raises(InspectionError, match="pip install gguf"):
        load_model(str(file("F32")))


def test_a_path_to_no_file_says_which_files_will_do(tmp_path):
    with pytest.raises(InspectionError, match=r"no such \.gguf file"):
        load_model(str(tmp_path / "none.gguf"))


def test_a_family_that_transformers_cannot_read_is_explained(tmp_path):
    place = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(place, "perpetuum-mobile")
    writer.add_tensor("token_embd.weight", np.zeros((4, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(InspectionError, match="of the architecture 'perpetuum-mobile'"):
        load_model(str(place))
