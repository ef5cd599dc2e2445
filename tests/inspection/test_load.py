"""Loading from folders: what comes out is what was saved; what cannot be loaded is explained."""

import json
import pickle
import shutil
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file

from components.inspection import catalogue, load, sources, wrapping
from components.inspection.devices import NoRoomError
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.prediction import predict
from tests import tiny

TEXT = "to be, or not"
SAVED = ["gpt2", "llama", "gemma2", "falcon", "bert", "bert_classifier", "t5", "bart"]
Folder = Callable[[str], Path]


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Return, by family, a folder as `save_pretrained` writes it. Not to be changed."""
    root = tmp_path_factory.mktemp("models")

    def saved(family: str) -> Path:
        folder = root / family
        if not folder.exists():
            tiny.model(family).network.save_pretrained(folder)
            tiny.tokenizer().save_pretrained(folder)
        return folder

    return saved


@pytest.fixture
def folder(originals: Folder, tmp_path: Path) -> Path:
    """A folder with a Llama, to be broken."""
    return Path(shutil.copytree(originals("llama"), tmp_path / "llama"))


def configure(folder: Path, **changes: object) -> None:
    """Change entries of the configuration."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refusal(source: Path | str, **arguments: str) -> str:
    """Load what cannot be loaded; return what is said of it."""
    with pytest.raises(InspectionError) as said:
        load_model(str(source), **arguments)
    message = str(said.value)
    assert message.endswith(".")
    assert "Traceback" not in message
    assert len(message) < 700
    return message


@pytest.mark.parametrize("family", SAVED)
def test_a_loaded_model_says_what_the_saved_one_said(family, originals):
    loaded, saved = load_model(str(originals(family))), tiny.model(family)
    assert loaded.kind == saved.kind
    assert loaded.anatomy == saved.anatomy
    assert loaded.encode(TEXT) == saved.encode(TEXT)
    ours, theirs = record(loaded, TEXT), record(saved, TEXT)
    np.testing.assert_allclose(ours.logits, theirs.logits, rtol=1e-5, atol=1e-6)
    assert len(ours.attentions) == len(theirs.attentions) > 0
    assert not loaded.network.training
    assert not any(weight.requires_grad for weight in loaded.network.parameters())


def test_progress_rises_from_nothing_to_all(originals):
    told: list[tuple[float, str]] = []
    load_model(str(originals("llama")), progress=lambda share, said: told.append((share, said)))
    shares = [share for share, _ in told]
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert any("MB of weights" in said for _, said in told)


def test_a_bundled_model_is_found_by_its_name(originals, tmp_path, monkeypatch):
    shutil.copytree(originals("llama"), tmp_path / "parrot")
    monkeypatch.setattr(catalogue, "BUNDLED_FOLDER", tmp_path)
    monkeypatch.setattr(sources, "BUNDLED_FOLDER", tmp_path)
    assert catalogue.bundled() == ("parrot",)
    model = load_model("  parrot ")
    assert (model.source, model.facts.family, model.facts.layers) == ("parrot", "llama", 3)


def test_a_half_precise_checkpoint_is_read_as_float32_on_a_cpu(tmp_path):
    halved = tiny.network("llama").to(torch.bfloat16)
    halved.save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "bfloat16"
    model = load_model(str(tmp_path), device="cpu")
    assert model.dtype == torch.float32
    assert model.facts.weight_bytes == 4 * model.facts.parameters


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_had_on_request(dtype, originals):
    model = load_model(str(originals("llama")), device="cpu", dtype=dtype)
    assert {str(weight.dtype) for weight in model.network.parameters()} == {f"torch.{dtype}"}
    assert model.facts.dtype == dtype
    assert model.facts.weight_bytes == 2 * model.facts.parameters
    whole = record(tiny.model("llama"), TEXT).logits
    # Eight bits of mantissa keep about two digits.
    np.testing.assert_allclose(record(model, TEXT).logits, whole, atol=0.05 * np.abs(whole).max())


def test_an_unknown_device_or_format_is_named_with_those_there_are(originals):
    assert "no device 'tpu'; it has: cpu" in refusal(originals("llama"), device="tpu")
    assert "no device 'cuda:99'" in refusal(originals("llama"), device="cuda:99")
    said = refusal(originals("llama"), dtype="int3")
    assert "no dtype 'int3'; there is: float32, bfloat16, float16" in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "No model was named"),
        (" \n", "No model was named"),
        ("../..", "has no config.json"),
        ("a b", "neither a bundled model, a folder on this machine, nor a hub id"),
        ("a/b/c", "neither a bundled model"),
        ("https://example.org/model", "neither a bundled model"),
        ("~nobody-of-this-name/model", "There is no folder ~nobody"),
        ("/nowhere/at all", "There is no folder /nowhere/at all"),
        ("x" * 10_000, "of 10,000 characters"),
        ("/" + "x" * 500, "There is no folder"),
        ("gpt2\0", "all of them printable"),
        ("\ud800", "all of them printable"),
        ("nobody-of/this-name", "hub cannot be reached"),
    ],
)
def test_a_name_that_names_nothing_is_explained(source, said):
    assert said in refusal(source)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert "There is no folder" in refusal(tmp_path / "model.safetensors")


def test_an_empty_folder_has_no_configuration(tmp_path):
    assert f"{tmp_path} has no config.json" in refusal(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"a": 1}', "[" * 100_000, "\ufeff{}", '"model_type"']
)
def test_a_configuration_that_is_none_is_called_broken(content, folder):
    (folder / "config.json").write_text(content)
    assert "is broken: it is not JSON with a 'model_type'" in refusal(folder)


def test_a_configuration_in_bytes_that_are_no_text_is_called_broken(folder):
    (folder / "config.json").write_bytes(b"\xff\x00\xfe")
    assert "is broken" in refusal(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model_type", ["llama"]),
        ("model_type", "perpetuum-mobile"),
        ("hidden_size", "wide"),
        ("dtype", "float3"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_explained(name, value, folder):
    configure(folder, **{name: value})
    assert "transformers cannot read the configuration" in refusal(folder)


@pytest.mark.parametrize("family", ["perpetuum-mobile", "llama"])
def test_code_that_comes_with_a_model_is_never_run(family, folder):
    code = f"open({str(folder / 'ran')!r}, 'w')\n"
    names = ("configuration_own", "modeling_own", "tokenization_own")
    for name in names:
        (folder / f"{name}.py").write_text(code)
    configure(
        folder,
        model_type=family,
        auto_map={
            "AutoConfig": "configuration_own.OwnConfig",
            "AutoModelForCausalLM": "modeling_own.OwnModel",
        },
    )
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer["auto_map"] = {"AutoTokenizer": ["tokenization_own.Own", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    if family == "llama":
        # transformers knows the family itself, and so needs none of the code.
        assert load_model(str(folder)).facts.family == "llama"
    else:
        assert "needs code from its own repository, which Vitrine never runs" in refusal(folder)
    assert not (folder / "ran").exists()


class Bomb:
    """Unpickled, it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.trace,)


def test_a_pickle_is_never_opened(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(folder / "exploded")))
    said = refusal(folder)
    assert "pickled weights only (pytorch_model.bin)" in said
    assert "Vitrine does not" in said
    assert not (folder / "exploded").exists()
    pickle.loads((folder / "pytorch_model.bin").read_bytes())
    assert (folder / "exploded").exists(), "the bomb of this test must be a real one"


def test_a_folder_without_weights_says_so(folder):
    (folder / "model.safetensors").unlink()
    assert "holds no weights: no model.safetensors" in refusal(folder)


def test_weights_cut_short_are_called_so(folder):
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for kept in (0, 5, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        assert "model.safetensors of" in refusal(folder)
        assert "broken or cut short" in refusal(folder)


@pytest.mark.parametrize(
    "header",
    [
        b"garbage!",
        b"[1, 2]",
        b'{"a": 1}',
        b'{"a": {"shape": "x", "data_offsets": [0, 4]}}',
        b'{"a": {"shape": [1], "data_offsets": []}}',
        b'{"a": {"shape": [1], "data_offsets": [0, "x"]}}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_header_that_is_none_is_called_broken(header, folder):
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    assert "broken or cut short" in refusal(folder)


def test_a_header_of_absurd_length_is_not_read(folder):
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 2**63) + b"{}")
    assert "broken or cut short" in refusal(folder)


def test_a_missing_tokenizer_is_not_made_up(originals, tmp_path):
    """For these families transformers would return an empty one."""
    for family in ("gpt2", "bert", "t5", "llama"):
        folder = Path(shutil.copytree(originals(family), tmp_path / family))
        (folder / "tokenizer.json").unlink()
        assert "has no tokenizer" in refusal(folder)
        (folder / "tokenizer_config.json").unlink()
        assert "has no tokenizer" in refusal(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xfe\x00", b'{"model": 3}'])
def test_a_broken_tokenizer_is_explained(content, folder):
    (folder / "tokenizer.json").write_bytes(content)
    assert "The tokenizer of" in refusal(folder)


def body(class_name: str, config: hf.PretrainedConfig, folder: Path) -> Path:
    """Save a random network of the class called `class_name`, and a tokenizer."""
    getattr(hf, class_name)(config).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("class_name", "family", "said"),
    [
        ("BartForSequenceClassification", "bart", "is a BartForSequenceClassification"),
    ],
)
def test_a_kind_that_is_not_shown_is_refused(class_name, family, said, tmp_path):
    config_name, _, _, arguments = tiny.FAMILIES[family]
    config = getattr(hf, config_name)(**arguments)
    assert said in refusal(body(class_name, config, tmp_path))


@pytest.mark.parametrize(
    ("class_name", "family", "shows"),
    [
        ("BertModel", "bert", "encoder"),
        ("BertForQuestionAnswering", "bert", "encoder"),
        ("T5EncoderModel", "t5", "encoder"),
        ("LlamaModel", "llama", "decoder"),
    ],
)
def test_a_model_without_an_output_layer_shows_all_but_predictions(
    class_name, family, shows, tmp_path
):
    """The head that it lacks is not made up."""
    config_name, _, _, arguments = tiny.FAMILIES[family]
    config = getattr(hf, config_name)(**arguments)
    model = load_model(str(body(class_name, config, tmp_path)))
    assert model.kind == "headless"
    assert list(model.anatomy.stacks) == [shows]
    found = record(model, TEXT)
    assert found.logits is None
    plain = getattr(hf, class_name).from_pretrained(tmp_path, attn_implementation="eager")
    ids = torch.tensor([model.encode(TEXT)])
    output = plain.eval()(input_ids=ids, output_hidden_states=True, output_attentions=True)
    for ours, theirs in zip(found.attentions, output.attentions, strict=True):
        np.testing.assert_array_equal(ours.weights, theirs[0].detach().numpy())
    with pytest.raises(InspectionError, match="saved without"):
        predict(model, TEXT)


def test_one_stack_of_two_is_shown_alone(tmp_path):
    config_name, _, _, arguments = tiny.FAMILIES["bart"]
    config = getattr(hf, config_name)(**arguments)
    model = load_model(str(body("BartForCausalLM", config, tmp_path)))
    assert (model.kind, list(model.anatomy.stacks)) == ("causal", ["decoder"])
    assert len(record(model, TEXT).attentions) == config.decoder_layers == 2


def test_a_head_that_a_file_lacks_is_not_made_up(folder):
    """Nor is it said that the network was saved as what its configuration names."""
    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert load_model(str(folder)).kind == "headless"


def test_a_classifier_without_its_head_is_refused(originals, tmp_path):
    folder = Path(shutil.copytree(originals("bert_classifier"), tmp_path / "judge"))
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "lacks weights for classifier.weight. They would be random" in refusal(folder)


def test_blocks_that_the_file_lacks_are_not_made_up(folder):
    configure(folder, num_hidden_layers=4, layer_types=None)
    assert "lacks weights for model.layers.3.input_layernorm.weight and 8 more" in refusal(folder)


def test_a_matrix_that_serves_twice_may_be_stored_once(tmp_path):
    config_name, _, _, arguments = tiny.FAMILIES["llama"]
    config = getattr(hf, config_name)(**arguments, tie_word_embeddings=True)
    model = load_model(str(body("LlamaModel", config, tmp_path)))
    network = model.network
    assert network.get_output_embeddings().weight is network.get_input_embeddings().weight


def test_a_model_that_sees_is_refused(tmp_path):
    config = hf.ViTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    hf.ViTModel(config).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    assert "ViTModel" in refusal(tmp_path)
    configure(tmp_path, architectures=["ViTForSequenceClassification"])
    assert "is a ViTForSequenceClassification" in refusal(tmp_path)


def test_a_model_without_attention_is_refused(tmp_path):
    config = hf.MambaConfig(vocab_size=261, hidden_size=8, num_hidden_layers=1, state_size=4)
    said = refusal(body("MambaForCausalLM", config, tmp_path))
    assert "is a mamba, which has no attention" in said


def test_no_limit_on_the_context_is_not_taken_for_one(tmp_path):
    """XLNet's configuration states -1 positions."""
    config = hf.XLNetConfig(vocab_size=261, d_model=24, n_layer=3, n_head=4, d_inner=40)
    assert load_model(str(body("XLNetLMHeadModel", config, tmp_path))).context == wrapping.LONGEST


def test_odd_names_of_architectures_do_no_harm(folder):
    configure(folder, architectures=[1])
    assert load_model(str(folder)).kind == "causal"


def declared(folder: Path, shape: list[int]) -> None:
    """Replace the weights by a file that is all hole, as large as its header says."""
    size = 4 * int(np.prod(shape))
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}
    layers = {
        f"model.layers.{layer}.norm.weight": {
            "dtype": "F32",
            "shape": [0],
            "data_offsets": [size, size],
        }
        for layer in range(3)
    }
    header = json.dumps({"model.embed_tokens.weight": tensor} | layers).encode()
    with (folder / "model.safetensors").open("wb") as opened:
        opened.write(struct.pack("<Q", len(header)) + header)
        opened.truncate(8 + len(header) + size)


def test_a_model_too_large_is_refused_before_its_weights_are_read(folder, monkeypatch):
    monkeypatch.setattr(load, "_network", lambda *_args: pytest.fail("the weights were read"))
    monkeypatch.setattr(load, "memory", lambda _device: (8 * 10**9, 16 * 10**9))
    declared(folder, [25_000, 100_000])
    with pytest.raises(NoRoomError) as said:
        load_model(str(folder), device="cpu")
    message = str(said.value)
    assert "2.50 billion parameters" in message
    assert "as float32 they need about 12.0 GB" in message
    assert "cpu has 8.0 GB free" in message
    assert "or bfloat16, which halves it" in message


def test_half_the_bytes_may_fit_where_the_whole_does_not(originals, monkeypatch):
    folder = str(originals("llama"))
    parameters = load_model(folder).facts.parameters
    monkeypatch.setattr(load, "memory", lambda _device: (3 * parameters, 9 * parameters))
    with pytest.raises(NoRoomError):
        load_model(folder, device="cpu", dtype="float32")
    for dtype in ("bfloat16", "float16"):
        assert load_model(folder, device="cpu", dtype=dtype).facts.dtype == dtype


def sharded(folder: Path) -> dict[str, torch.Tensor]:
    """Split the weights over two files with an index; return them."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    homes = {
        name: f"model-0000{1 + place % 2}-of-00002.safetensors" for place, name in enumerate(names)
    }
    for home in set(homes.values()):
        part = {name: tensors[name] for name in names if homes[name] == home}
        save_file(part, folder / home, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": homes}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return tensors


def test_weights_may_be_spread_over_files(folder):
    sharded(folder)
    logits = record(load_model(str(folder)), TEXT).logits
    expected = record(tiny.model("llama"), TEXT).logits
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)


def test_a_missing_one_of_several_files_is_named(folder):
    sharded(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()
    said = refusal(folder)
    assert "lacks 1 of its 2 weights files, model-00002-of-00002.safetensors among them" in said


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 1}}']
)
def test_a_broken_index_is_called_so(content, folder):
    sharded(folder)
    (folder / "model.safetensors.index.json").write_text(content)
    assert "model.safetensors.index.json of" in refusal(folder)


def test_a_second_copy_of_the_weights_is_not_counted(folder, monkeypatch):
    """Some repositories offer their maker's own format beside transformers'."""
    size = load_model(str(folder)).facts.weight_bytes
    shutil.copy(folder / "model.safetensors", folder / "consolidated.safetensors")
    monkeypatch.setattr(load, "memory", lambda _device: (int(1.5 * size), 9 * size))
    assert load_model(str(folder), device="cpu").facts.weight_bytes == size


def test_two_models_may_be_loaded_at_once(originals):
    """transformers alone leaves the one's tied weights untied while it loads the other."""
    families = ("gpt2", "llama", "gpt2", "bert") * 2
    folders = [str(originals(family)) for family in families]
    with ThreadPoolExecutor(len(folders)) as pool:
        models = list(pool.map(load_model, folders))
    assert [model.facts.family for model in models] == list(families)
    for model in models:
        if model.facts.family == "gpt2":
            assert model.network.lm_head.weight is model.network.transformer.wte.weight
