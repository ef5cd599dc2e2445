"""What is borrowed of smaller libraries, and of Python."""

import inspect
import io
import json
import pickle
import re
import tempfile
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import huggingface_hub
import jinja2
import plotly.graph_objects as go
import pytest
import tokenizers
import torch
from bertviz import head_view, model_view
from gguf import GGUFReader, GGUFWriter
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, HTTPError
from jinja2.utils import Namespace
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, decoders, models, normalizers
from tqdm.auto import tqdm

from components.inspection.tokenizer import mistral
from components.inspection.tokenizer.render import Values
from tests.borrowed import borrowed

BPE = {"a": 0, "b": 1, "ab": 2}


@borrowed(
    "tokenizers",
    "__getstate__",
    by=("inspection/tokenizer/parts.py", "inspection/token_texts.py"),
)
def a_part_of_a_tokenizer_is_pickled_as_json():
    """What a normalizer or a model is set to has no other way out than the whole file's text."""
    raw = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.NFC()]).__getstate__()
    found = json.loads(raw)
    assert found["type"] == "Sequence"
    assert [part["type"] for part in found["normalizers"]] == ["Prepend", "NFC"]
    assert "ByteLevel" in decoders.ByteLevel().__getstate__().decode()
    model = json.loads(models.BPE(BPE, [("a", "b")]).__getstate__())
    assert (model["vocab"], list(map(list, model["merges"]))) == (BPE, [["a", "b"]])


@borrowed(
    "tokenizers",
    "ignore_merges",
    "continuing_subword_prefix",
    "end_of_word_suffix",
    "unk_token",
    "fuse_unk",
    "byte_fallback",
    by=("inspection/tokenizer/merging.py", "inspection/tokenizer/ready.py"),
)
def a_models_settings_are_attributes():
    """Merging is done again step by step, as the library does it. The models differ in what they
    have, so a missing one counts as off: if the library renamed one, nothing else would notice."""
    model = models.BPE(
        BPE | {"?": 3},
        [],
        unk_token="?",
        fuse_unk=True,
        byte_fallback=True,
        ignore_merges=True,
        continuing_subword_prefix="##",
        end_of_word_suffix="</w>",
    )
    assert model.unk_token == "?"
    assert model.continuing_subword_prefix == "##"
    assert model.end_of_word_suffix == "</w>"
    assert model.fuse_unk is model.byte_fallback is model.ignore_merges is True
    assert models.WordPiece({"[UNK]": 0}, unk_token="[UNK]").continuing_subword_prefix == "##"


@borrowed(
    "tokenizers",
    "to_str",
    by=("inspection/tokenizer/parts.py", "inspection/tokenizer/opening.py"),
)
def a_tokenizer_is_written_as_json_with_its_parts_by_name():
    """What puts a sign before each text (Llama's "▁") is taken out of a copy."""
    tokenizer = Tokenizer(models.BPE(BPE, []))
    tokenizer.normalizer = normalizers.Prepend("▁")
    whole = json.loads(tokenizer.to_str())
    assert whole["normalizer"] == {"type": "Prepend", "prepend": "▁"}
    whole["normalizer"] = {"type": "Sequence", "normalizers": []}
    assert Tokenizer.from_str(json.dumps(whole)).encode("ab").tokens == ["a", "b"]


@borrowed("tokenizers", "PanicException", by=("inspection/tokenizer/training.py",))
def the_trainers_panic_is_no_exception_but_has_a_name():
    """Unigram's trainer panicked on a text too small for it (of today's, no text is known that
    makes it do so). Its class cannot be imported, and is told by the name in the compiled code."""
    assert not hasattr(tokenizers, "PanicException"), "catch it by its class"
    compiled = Path(str(tokenizers.tokenizers.__file__)).read_bytes()
    assert b"pyo3_runtime.PanicException" in compiled


def _bertviz_pages():
    attention = [torch.full((1, 2, 3, 3), 0.25)]
    given = {"attention": attention, "tokens": ["a", "b", "c"], "html_action": "return"}
    given["prettify_tokens"] = False
    return [
        str(head_view(layer=0, **given).data),
        str(model_view(display_mode="dark", **given).data),
    ]


@borrowed(
    "bertviz",
    "const params = ",
    "html_action",
    by=("inspection/attention/bertviz.py",),
)
def the_text_of_bertvizs_pages():
    """Its pages fetch scripts from elsewhere, and hold their numbers twice: both are cut out of
    the text. The numbers must stand there as JSON, once as code, in a line of their own."""
    for page in _bertviz_pages():
        assert page.count("const params = ") == 1
        start = page.index("const params = ") + len("const params = ")
        params, length = json.JSONDecoder().raw_decode(page[start:])
        assert params["attention"][0]["attn"][0][0][0][0] == 0.25
        assert "\n" in page[start + length :]
        fetched = re.findall(r"<script[^>]*\ssrc\s*=[^>]*>\s*</script>", page[:start])
        assert len(fetched) == 1, "that which loads require.js"
        assert "src=" not in page[start + length :]


@borrowed(
    "bertviz",
    "neuron_view.js",
    "window.requirejs",
    "window.bertviz_params",
    by=("inspection/attention/bertviz.py", "inspection/attention/standalone.py"),
)
def the_script_of_bertvizs_neuron_view():
    """Its function takes three old families only, so its script is given a recording directly,
    and the two libraries that it would ask require.js for."""
    script = resources.files("bertviz").joinpath("neuron_view.js").read_text(encoding="utf-8")
    for said in (
        "requirejs(['jquery', 'd3'],",
        "require.config(",
        "params = window.bertviz_params",
        "params['attention']",
        "params['root_div_id']",
        "params['display_mode']",
        ".queries",
        ".keys",
        ".left_text",
    ):
        assert said in script, said


@borrowed(
    "sentencepiece",
    "sentencepiece_model_pb2",
    "vars(sentencepiece_model_pb2)",
    by=("inspection/tokenizer/mistral.py",),
)
def a_sentencepiece_model_is_read_by_its_protobuf_class():
    """Its pieces have scores and kinds, which the processor's public interface gives one by one."""
    proto = vars(sentencepiece_model_pb2)["ModelProto"]()
    kinds = type(proto).SentencePiece.Type
    assert (kinds.Value("NORMAL"), kinds.Value("UNKNOWN"), kinds.Value("CONTROL")) == (
        mistral._NORMAL,
        mistral._UNKNOWN,
        mistral._CONTROL,
    )
    proto.pieces.add(piece="ab", score=-1.5, type=mistral._NORMAL)
    read = vars(sentencepiece_model_pb2)["ModelProto"]()
    read.ParseFromString(proto.SerializeToString())
    assert [(one.piece, one.score) for one in read.pieces] == [("ab", -1.5)]


@borrowed("mistral-common", 'parent / "data"', by=("inspection/tokenizer/mistral.py",))
def the_files_in_mistral_commons_folder():
    """They are read without importing the package, which takes seconds."""
    spec = find_spec("mistral_common")
    assert spec
    folder = Path(str(spec.origin)).parent / "data"
    for name in mistral.FILES.values():
        assert (folder / name).is_file(), name
        if name.endswith(".json"):
            content = json.loads((folder / name).read_text(encoding="utf-8"))
            wanted = {"default_num_special_tokens", "default_vocab_size", "pattern"}
            assert wanted <= content["config"].keys()
            assert "token_bytes" in content["vocab"][0]


@borrowed(
    "gguf",
    "general.architecture",
    ".contents()",
    "tensor_type",
    "n_elements",
    "n_bytes",
    by=("inspection/gguf_file.py",),
)
def what_a_gguf_file_holds():
    """The header is read for what the weights were rounded to, before anything is loaded."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.gguf"
        writer = GGUFWriter(file, "llama")
        writer.add_tensor("weight", torch.ones(2, 32).half().numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        reader = GGUFReader(file)
        (tensor,) = reader.tensors
        assert reader.fields["general.architecture"].contents() == "llama"
        assert tensor.tensor_type.name == "F16"
        assert (int(tensor.n_elements), int(tensor.n_bytes)) == (64, 128)
        del tensor, reader


@borrowed(
    "huggingface_hub",
    "constants.HF_HUB_CACHE",
    "constants.HF_HUB_OFFLINE",
    "constants.ENDPOINT",
    by=("inspection/hub.py",),
)
def where_the_hub_is_and_where_its_files_are_kept():
    """The variables of the environment are documented; what the library made of them is not."""
    assert Path(constants.HF_HUB_CACHE).is_absolute()
    assert constants.HF_HUB_OFFLINE is True, "tests set the variable"
    assert constants.ENDPOINT.startswith("http")


@borrowed("huggingface_hub", "HTTPError", "tqdm_class", by=("inspection/hub.py",))
def what_goes_wrong_and_how_far_it_is():
    """All errors of the HTTP library in use have one class; progress is had through a bar of ours,
    which the library makes and tells of bytes."""
    assert issubclass(HfHubHTTPError, HTTPError)
    assert "tqdm_class" in inspect.signature(huggingface_hub.snapshot_download).parameters


@borrowed("python", ".fast", by=("memory.py",))
def pickling_without_references_back():
    """Equal inputs must give equal keys, whether two parts are one object or not. Python calls it
    deprecated since 3.0, and has nothing in its stead."""

    def key(pair):
        written = io.BytesIO()
        pickler = pickle.Pickler(written, protocol=5)
        pickler.fast = True
        pickler.dump(pair)
        return written.getvalue()

    word = "".join(["au", "to"])
    assert key((word, word)) == key((word, "".join(["au", "to"])))
    assert pickle.dumps((word, word)) != pickle.dumps((word, "".join(["au", "to"])))


@borrowed("plotly", "_validate", by=("figures/once.py",))
def a_figure_is_made_of_sound_parts_without_checking_them():
    """Each run draws a figure, and Plotly's checks take longer than all else in it. Parts that it
    has checked before need no second look: without the word for it, they would all get one."""
    wrong = {"data": [{"type": "bar", "orientation": "sideways"}], "layout": {"height": 40}}
    figure = go.Figure(wrong, _validate=False)
    assert figure.to_dict()["data"][0] == {"type": "bar", "orientation": "sideways"}
    assert (figure.layout.height, wrong["layout"]) == (40, {"height": 40})


@borrowed("jinja2", "jinja2.utils", "Namespace", by=("inspection/tokenizer/render.py",))
def what_templates_call_a_namespace():
    """Chat templates count in one; ours is the library's, without names that lead elsewhere."""
    text = "{% set n = namespace(x=1) %}{% set n.x = n.x + 1 %}{{ n.x }}"
    assert jinja2.Environment().from_string(text).render(namespace=Namespace) == "2"
    assert issubclass(Values, Namespace)


@borrowed(
    "umap",
    "tqdm_kwds",
    "miniters",
    by=("inspection/embeddings/maps.py",),
)
def a_bar_asks_after_each_round_whether_to_show_itself():
    """UMAP can be told of and stopped between two rounds only through the bar of tqdm that it goes
    round in. The bar compares the rounds done with `miniters`, with no lock in its hands."""
    done = []

    class Asked:
        def __le__(self, rounds: int) -> bool:
            done.append(rounds)
            if rounds == 3:
                raise KeyError
            return False

    said = io.StringIO()
    bar = tqdm(range(9), disable=False, delay=1e9, miniters=Asked(), file=said)
    with pytest.raises(KeyError):
        list(bar)
    assert done == [1, 2, 3] and said.getvalue() == ""
    assert "tqdm(range(n_epochs), **tqdm_kwds)" in layouts().read_text(encoding="utf-8")
    other = Thread(target=lambda: list(tqdm(range(3), file=said)), daemon=True)
    other.start()
    other.join(20)
    assert not other.is_alive(), "the lock is free"


def layouts() -> Path:
    """Return the file in which umap-learn goes through its rounds, without importing it."""
    spec = find_spec("umap")
    assert spec is not None and spec.origin
    return Path(spec.origin).parent / "layouts.py"
