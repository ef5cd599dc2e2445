"""What may lie in a model folder beside plain files, and what a weights file says of itself."""

import json
import os
import pickle
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from components.inspection.folder import MOST_SETTINGS_BYTES
from tests.inspection.folders import INDEX, WEIGHTS, refusal, saved
from tests.inspection.lying import Loader


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Llama of three layers, to be broken."""
    return saved("llama", tmp_path / "llama")


class TestPlaces:
    """Nothing but plain files in the folder itself is opened."""

    @pytest.fixture(scope="class")
    def loader(self):
        with Loader() as found:
            yield found

    @pytest.mark.slow
    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
    @pytest.mark.parametrize("name", [WEIGHTS, "config.json", "tokenizer.json", INDEX])
    @pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
    def test_what_is_no_file_is_not_waited_for(self, kind, name, folder, loader):
        if name == INDEX:
            (folder / WEIGHTS).unlink()
        else:
            (folder / name).unlink()
        make = {
            "pipe": os.mkfifo,
            "device": lambda path: path.symlink_to("/dev/zero"),
            "folder": os.mkdir,
        }
        make[kind](folder / name)
        found = loader.load(folder)
        words = "is a folder, and no file" if kind == "folder" else "is a pipe or a device, and no"
        assert (found.verdict, words in found.text, name in found.text) == ("said", True, True)

    def test_a_link_in_a_circle_leads_to_nothing(self, folder):
        (folder / WEIGHTS).unlink()
        (folder / WEIGHTS).symlink_to(folder / WEIGHTS)
        assert "holds no weights" in refusal(folder)

    @pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
    def test_what_may_not_be_read_is_told(self, name, folder, monkeypatch):
        own = Path.open

        def locked(self: Path, *arguments: Any, **named: Any) -> Any:
            if self.name == name:
                raise PermissionError(13, "Permission denied")
            return own(self, *arguments, **named)

        monkeypatch.setattr(Path, "open", locked)
        assert f"{name} of '{folder}' cannot be opened (PermissionError)" in refusal(folder)

    @pytest.mark.parametrize(
        "name", ["config.json", "tokenizer_config.json", "chat_template.jinja"]
    )
    def test_a_file_too_large_is_not_read(self, name, folder, monkeypatch):
        monkeypatch.setattr(Path, "read_text", lambda *_: pytest.fail("it was read"))
        with (folder / name).open("ab") as opened:
            opened.truncate(MOST_SETTINGS_BYTES + 1)
        assert f"{name} of '{folder}' has 16 MB; of such a file at most 16 MB" in refusal(folder)

    @pytest.mark.parametrize("name", ["generation_config.json", "tokenizer_config.json"])
    @pytest.mark.parametrize("content", ["", "[1]", '"secret"', "[" * 100_000])
    def test_settings_that_are_none_are_named_and_not_shown(self, name, content, folder):
        (folder / name).write_text(content)
        said = refusal(folder)
        assert f"{name} of '{folder}' is broken: it holds no JSON object" in said
        assert "secret" not in said

    @pytest.mark.parametrize(
        "content",
        ['"secret"', '{"version": "secret"}', '{"truncation": "secret", "added_tokens": []}'],
    )
    def test_what_a_broken_tokenizer_holds_is_not_shown(self, content, folder):
        (folder / "tokenizer.json").write_text(content)
        said = refusal(folder)
        assert "The tokenizer of" in said and "tokenizer.json" in said
        assert "secret" not in said

    @pytest.mark.parametrize("name", ["../outside.safetensors", "sub/outside.safetensors", "/{}"])
    def test_an_index_leads_nowhere_else(self, name, folder):
        """transformers alone would read what it names, wherever that is."""
        outside = folder.parent / "outside.safetensors"
        names = list(load_file(folder / WEIGHTS))
        (folder / "sub").mkdir()
        for place in (folder, folder.parent, folder / "sub"):
            shutil.copy(folder / WEIGHTS, place / "outside.safetensors")
        (folder / WEIGHTS).unlink()
        home = name.format(str(outside)[1:])
        (folder / INDEX).write_text(json.dumps({"weight_map": dict.fromkeys(names, home)}))
        said = refusal(folder)
        assert f"{INDEX} of '{folder}' names" in said
        assert "reads .safetensors files beside it, and nothing else" in said


class Bomb:
    """Unpickled, it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("name", [WEIGHTS, "weights.safetensors", "pytorch_model.bin"])
def test_a_pickle_is_never_opened_under_another_name(name, folder):
    trace = folder / "exploded"
    names = list(load_file(folder / WEIGHTS))
    (folder / WEIGHTS).unlink()
    (folder / name).write_bytes(pickle.dumps(Bomb(trace)))
    if name != WEIGHTS:
        (folder / INDEX).write_text(json.dumps({"weight_map": dict.fromkeys(names, name)}))
    assert name in refusal(folder)
    assert not trace.exists()


TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "tensors",
    [
        {"a": TENSOR, "b": TENSOR},  # in one another
        {"a": TENSOR | {"data_offsets": [8, 0]}},
        {"a": TENSOR | {"data_offsets": [-8, 0]}},
        {"a": TENSOR | {"data_offsets": [4, 12]}},  # after a hole
        {"a": TENSOR | {"dtype": "F16"}},
        {"a": TENSOR | {"dtype": "F32 "}},
        {"a": TENSOR | {"shape": [-2]}},
        {"a": TENSOR | {"shape": [True, 2]}},
        {"a": TENSOR | {"shape": [1] * 65 + [2]}},
        {"a": TENSOR | {"shape": [10**30]}},
        {},  # bytes that belong to none
    ],
)
def test_a_header_that_contradicts_itself_is_called_broken(tensors, folder):
    header = json.dumps(tensors).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    assert f"The weights file {WEIGHTS} of '{folder}' is broken" in refusal(folder)
