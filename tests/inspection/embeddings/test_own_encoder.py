"""What a folder says of its own pooling: read, done, or told; and folders that lie."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection import hub
from components.inspection.embeddings.own_encoder import OwnEncoder, own_encoder, stated
from components.inspection.embeddings.sentences import embed
from components.inspection.folder import MOST_SETTINGS_BYTES
from components.inspection.model import Model
from tests import tiny

SENTENCES = ("a dog", "the cat sat near the old castle", "to be")
STEPS = ("Transformer", "Pooling", "Normalize")


def written(folder: Path, steps: tuple[str, ...] = STEPS, **pooling: object) -> Path:
    """Write the files of a sentence encoder that pools so."""
    places = ["" if step == "Transformer" else f"{at}_{step}" for at, step in enumerate(steps)]
    listed = [
        {"idx": at, "name": str(at), "path": place, "type": f"sentence_transformers.models.{step}"}
        for at, (step, place) in enumerate(zip(steps, places, strict=True))
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return folder


def of(folder: Path) -> Model:
    """A small encoder that lies in `folder`."""
    return replace(tiny.model("bert"), source=str(folder))


@pytest.mark.parametrize(
    ("key", "way"),
    [
        ("pooling_mode_cls_token", "cls"),
        ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_max_tokens", "max"),
        ("pooling_mode_lasttoken", "last"),
    ],
)
def test_each_way_is_read_and_done(tmp_path, key, way):
    model = of(written(tmp_path, word_embedding_dimension=24, **{key: True}))
    assert own_encoder(model) == OwnEncoder(way, normalised=True)
    found = embed(model, SENTENCES)
    assert (found.pooling, found.normalised, found.said) == (way, True, "")
    assert found.checks[0].holds
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    if way != "max":
        raw = embed(model, SENTENCES, way)
        assert not raw.normalised
        np.testing.assert_allclose(
            found.vectors, raw.vectors / np.linalg.norm(raw.vectors, axis=1)[:, None], atol=1e-6
        )


def test_without_normalization_vectors_keep_their_length(tmp_path):
    folder = written(tmp_path, STEPS[:2], pooling_mode_mean_tokens=True)
    assert own_encoder(of(folder)) == OwnEncoder("mean")


def test_how_much_is_read_and_in_which_letters(tmp_path):
    written(tmp_path, pooling_mode_mean_tokens=True)
    settings = {"max_seq_length": 9, "do_lower_case": True}
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps(settings))
    assert own_encoder(of(tmp_path)) == OwnEncoder("mean", True, 9, lower=True)
    found = embed(of(tmp_path), ("A DOG", "a dog", "the cat sat near the castle"))
    assert found.tokens.tolist() == [6, 6, 9]
    assert found.cut.tolist() == [False, False, True]
    np.testing.assert_array_equal(found.vectors[0], found.vectors[1])


def test_nothing_is_stated_in_most_folders(tmp_path):
    assert own_encoder(of(tmp_path)) == OwnEncoder()
    assert own_encoder(tiny.model("bert")) == OwnEncoder()
    found = embed(of(tmp_path), SENTENCES)
    assert (found.pooling, found.normalised) == ("mean", False)


def test_a_model_of_the_hub_is_read_where_it_is_kept(tmp_path, monkeypatch):
    written(tmp_path, pooling_mode_cls_token=True)
    asked = []
    monkeypatch.setattr(hub, "cached", lambda *names: asked.append(names) or tmp_path)
    model = replace(tiny.model("bert"), source="owner/name", revision="v1")
    assert own_encoder(model).pooling == "cls"
    assert asked == [("owner/name", "v1")]


def test_the_settings_of_the_steps_are_fetched_with_a_model_and_no_other_folder():
    names = [
        *("config.json", "modules.json", "model.safetensors", "1_Pooling/config.json"),
        *("onnx/config.json", "2_Dense/model.safetensors", "0_Transformer/tokenizer.json"),
        *("original/params.json", "8bit/config.json", "1_Pooling/old/config.json"),
    ]
    assert hub._matching(names, hub.MODEL_FILES) == names[:4]


@pytest.mark.parametrize(
    ("pooling", "said"),
    [
        ({"pooling_mode_weightedmean_tokens": True}, "weightedmean"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "cls_token"),
        ({}, "none"),
    ],
)
def test_a_way_that_is_not_known_is_told_and_the_mean_taken(tmp_path, pooling, said):
    model = of(written(tmp_path, **pooling))
    assert said in own_encoder(model).said
    found = embed(model, SENTENCES)
    assert (found.pooling, found.normalised) == ("mean", False)
    assert said in found.said


def test_what_comes_after_pooling_and_is_not_done_is_told(tmp_path):
    folder = written(tmp_path, ("Transformer", "Pooling", "Dense"), pooling_mode_mean_tokens=True)
    assert "Dense" in embed(of(folder), SENTENCES).said


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "..", "a/b", "a\\b"])
def test_no_step_outside_of_the_folder_is_read(tmp_path, path):
    folder = tmp_path / "model"
    folder.mkdir()
    written(folder, pooling_mode_cls_token=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    steps = json.loads((folder / "modules.json").read_text())
    steps[1]["path"] = path
    (folder / "modules.json").write_text(json.dumps(steps))
    found = own_encoder(of(folder))
    assert found.pooling is None
    assert "outside" in found.said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("modules.json", "[" * 100_000),
        ("modules.json", "{}"),
        ("modules.json", "3"),
        ("modules.json", '[{"type": "Pooling"}]'),
        ("modules.json", "\0" * 99),
        ("modules.json", json.dumps([{"type": "Pooling", "path": ""}] * 99)),
        ("1_Pooling/config.json", "[]"),
        ("1_Pooling/config.json", "{"),
        ("sentence_bert_config.json", "nothing"),
        ("modules.json", " " * (MOST_SETTINGS_BYTES + 1)),
    ],
)
def test_a_broken_file_costs_the_statement_and_nothing_else(tmp_path, name, content):
    written(tmp_path, pooling_mode_cls_token=True)
    (tmp_path / name).write_text(content)
    found = own_encoder(of(tmp_path))
    assert found.pooling is None
    assert 0 < len(found.said) < 400
    if name == "modules.json" and len(content) < MOST_SETTINGS_BYTES:
        assert "no list of steps" in found.said
    assert embed(of(tmp_path), SENTENCES).pooling == "mean"


def test_a_pipe_is_not_waited_for(tmp_path):
    written(tmp_path, pooling_mode_cls_token=True)
    (tmp_path / "1_Pooling" / "config.json").unlink()
    os.mkfifo(tmp_path / "1_Pooling" / "config.json")
    assert "pipe" in own_encoder(of(tmp_path)).said


def test_a_missing_step_is_named(tmp_path):
    written(tmp_path, pooling_mode_cls_token=True)
    (tmp_path / "1_Pooling" / "config.json").unlink()
    assert "1_Pooling/config.json" in own_encoder(of(tmp_path)).said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(
        ["max_seq_length", "pooling_mode_mean_tokens", "do_lower_case", "path", "type"]
    ),
    JSON,
)
def test_no_value_of_another_kind_is_believed(tmp_path_factory, name, value):
    folder = written(tmp_path_factory.mktemp("odd"), pooling_mode_mean_tokens=True)
    steps = json.loads((folder / "modules.json").read_text())
    if name in ("path", "type"):
        steps[1][name] = value
        (folder / "modules.json").write_text(json.dumps(steps))
    elif name.startswith("pooling"):
        written(folder, **{name: value})
    else:
        (folder / "sentence_bert_config.json").write_text(json.dumps({name: value}))
    found = own_encoder(of(folder))
    assert found.pooling in ("mean", None)
    assert found.longest is None or (type(found.longest) is int and found.longest == value > 2)
    if found.pooling is not None:
        assert found == stated(folder, "")
