"""Models of the hub, fetched from a hub of our own on this machine. No request goes elsewhere."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from safetensors import safe_open

from components.inspection import hub, load
from components.inspection.devices import NoRoomError
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.offers import Offer
from tests import tiny

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TEXT = "to be, or not"
Files = dict[str, bytes]


class FakeHub:
    """What huggingface_hub asks of the hub: a repository's facts, its tree, and its files."""

    def __init__(self) -> None:
        self.repositories: dict[str, Files] = {}
        self.gated: set[str] = set()
        self.formats: dict[str, int] = {}
        """How many numbers of each format a repository has, as the hub states it."""
        self.asked: list[str] = []
        self.seconds_a_piece = 0.0
        self.broken = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        """Close the door; nobody answers any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    @property
    def fetched(self) -> set[str]:
        """Names of the files whose contents were asked for."""
        return {
            path.rsplit("/", 1)[1] for path in self.asked if "GET" in path and "/resolve/" in path
        }

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        if path == "/":
            return 200, {}, b"a hub"
        if self.broken:
            return 500, {}, b"out of order"
        kind, name, rest = self._parsed(path)
        files = self.repositories.get(name)
        if files is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        if name in self.gated and kind == "resolve":
            return 403, {"X-Error-Code": "GatedRepo"}, b""
        if rest and rest.split("/")[0] not in ("main", COMMIT):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b""
        if kind == "tree":
            tree = [
                {"type": "file", "path": file, "size": len(body), "oid": _digest(body)}
                for file, body in files.items()
            ]
            return 200, {}, json.dumps(tree).encode()
        if kind == "facts":
            siblings = [
                {"rfilename": file, "size": len(body), "blobId": _digest(body)}
                for file, body in files.items()
            ]
            facts = {"id": name, "sha": COMMIT, "siblings": siblings, "gated": name in self.gated}
            if self.formats:
                total = sum(self.formats.values())
                facts["safetensors"] = {"parameters": self.formats, "total": total}
            return 200, {}, json.dumps(facts).encode()
        body = files.get(rest.split("/", 1)[1])
        if body is None:
            return 404, {"X-Error-Code": "EntryNotFound"}, b""
        return 200, {"ETag": f'"{_digest(body)}"', "X-Repo-Commit": COMMIT}, body

    def _parsed(self, path: str) -> tuple[str, str, str]:
        if path.startswith("/api/models/"):
            path = path.removeprefix("/api/models/")
            for kind, mark in (("tree", "/tree/"), ("facts", "/revision/")):
                if mark in path:
                    name, rest = path.split(mark, 1)
                    return kind, name, rest
            return "facts", path, ""
        name, _, rest = path.removeprefix("/").partition("/resolve/")
        return "resolve", name, rest

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(with_body=True)

            def do_HEAD(self) -> None:
                self._send(with_body=False)

            def _send(self, with_body: bool) -> None:
                path = urlsplit(self.path).path
                fake.asked.append(f"{self.command} {path}")
                status, headers, body = fake.answer(path)
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                slow = fake.seconds_a_piece and "/resolve/" in path and len(body) > 20_000
                for start in range(0, len(body) if with_body else 0, 4096):
                    self.wfile.write(body[start : start + 4096])
                    if slow:
                        time.sleep(fake.seconds_a_piece)

            def log_message(self, *_args: object) -> None:
                """Stay quiet."""

        return Handler


def _digest(body: bytes) -> str:
    return hashlib.sha1(body).hexdigest()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A repository as they are on the hub: a model, pickled copies of it, code, and pictures."""
    folder = tmp_path_factory.mktemp("repository")
    tiny.model("llama").network.save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return files | {
        "README.md": b"# A model",
        "picture.png": b"png",
        "modeling_own.py": b"raise SystemExit('run!')",
        "pytorch_model.bin": b"pickled" * 10_000,
        "flax_model.msgpack": b"packed" * 10_000,
        "consolidated.safetensors": b"twice" * 10_000,
        "onnx/model.onnx": b"onnx",
        "original/model.safetensors": b"twice" * 10_000,
    }


@pytest.fixture
def fake_hub(saved: Files) -> Iterator[FakeHub]:
    """A hub with the model `owner/parrot`."""
    fake = FakeHub()
    fake.repositories["owner/parrot"] = saved
    yield fake
    fake.stop()


@pytest.fixture
def online(
    fake_hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """This machine with an empty cache, on a network that has nothing but the fake hub."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", fake_hub.url)
    files = f"{fake_hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache" / "hub"))
    monkeypatch.delenv("TRANSFORMERS_OFFLINE", raising=False)
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if address[0] != "127.0.0.1":
            pytest.fail(f"a request to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    return lambda url: monkeypatch.setattr(constants, "ENDPOINT", url)


def refusal(source: str = "owner/parrot", revision: str = "main") -> str:
    """Ask for what cannot be had; return what is said."""
    with pytest.raises(InspectionError) as said:
        hub.fetch(source, revision)
    assert str(said.value).endswith(".")
    return str(said.value)


def test_a_model_is_fetched_once_and_loads(online, fake_hub):
    model = load_model("owner/parrot")
    logits = record(model, TEXT).logits
    expected = record(tiny.model("llama"), TEXT).logits
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-6)
    assert (model.source, model.revision) == ("owner/parrot", "main")
    fake_hub.stop()
    asked = len(fake_hub.asked)
    again = load_model("owner/parrot")
    np.testing.assert_array_equal(record(again, TEXT).logits, logits)
    assert len(fake_hub.asked) == asked


def test_only_what_a_model_needs_is_asked_for(online, fake_hub, saved):
    folder = hub.fetch("owner/parrot")
    needed = {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert fake_hub.fetched == needed == {path.name for path in folder.iterdir()}
    for name in ("bin", "msgpack", ".py", "onnx", "original", "consolidated"):
        assert not any(name in path for path in fake_hub.asked)
    assert hub.offered("owner/parrot", "main", hub.MODEL_FILES).bytes == sum(
        len(saved[name]) for name in needed
    )


def test_a_tokenizer_alone_is_fetched_without_weights(online, fake_hub):
    hub.fetch("owner/parrot", patterns=hub.TOKENIZER_FILES)
    assert "tokenizer.json" in fake_hub.fetched
    assert "model.safetensors" not in fake_hub.fetched
    # The weights are fetched when they are wanted: half of a model is not taken for one.
    assert (hub.fetch("owner/parrot") / "model.safetensors").exists()


def test_progress_is_told_in_bytes_on_the_caller_s_own_thread(online, fake_hub, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    monkeypatch.setattr(hub, "TELL_EVERY", 0.02)
    fake_hub.seconds_a_piece = 0.02
    told: list[tuple[float, str, int]] = []
    hub.fetch(
        "owner/parrot",
        progress=lambda share, said: told.append((share, said, threading.get_ident())),
    )
    shares = [share for share, _, _ in told]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert 0.8 < shares[-1] <= 1.0
    assert len(set(shares)) > 5
    assert {said for _, said, _ in told} == {"Fetching owner/parrot, 0.1 MB"}
    assert {thread for _, _, thread in told} == {threading.get_ident()}


def test_who_stops_listening_stops_the_work(online, fake_hub, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)
    monkeypatch.setattr(hub, "TELL_EVERY", 0.01)
    fake_hub.seconds_a_piece = 0.05

    def gone(share: float, _said: str) -> None:
        if share > 0.2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub.fetch("owner/parrot", progress=gone)
    assert hub.cached("owner/parrot") is None
    assert not [thread for thread in threading.enumerate() if "ThreadPool" in thread.name]
    fake_hub.seconds_a_piece = 0.0
    assert (hub.fetch("owner/parrot") / "model.safetensors").exists()


def test_an_unknown_model_is_explained(online, fake_hub):
    assert "'owner/nobody' does not exist on the hub (or is private)" in refusal("owner/nobody")


def test_a_gated_model_is_explained(online, fake_hub, saved):
    fake_hub.repositories["owner/gated"] = saved
    fake_hub.gated.add("owner/gated")
    assert "'owner/gated' is gated: its owner grants access" in refusal("owner/gated")
    assert not hub.cached("owner/gated")


def test_an_unknown_revision_is_explained(online):
    assert "'owner/parrot' has no revision 'v9'" in refusal(revision="v9")


@pytest.mark.parametrize(
    "revision",
    [".", "..", "../../../../tmp/x", "a/../b", "/etc/x", "a\0b", "x" * 300, "a b", "a?b#c", ""],
)
def test_an_odd_revision_is_explained_without_asking(revision, online, fake_hub):
    """The hub library writes a file of this name."""
    assert f"'{revision[:80]}' is no revision: type a branch" in refusal(revision=revision)
    assert fake_hub.asked == []


def test_a_commit_is_a_revision(online, fake_hub):
    assert hub.fetch("owner/parrot", COMMIT).name == COMMIT


def test_pickled_weights_are_refused_before_anything_is_fetched(online, fake_hub, saved):
    pickled = {name: body for name, body in saved.items() if "safetensors" not in name}
    fake_hub.repositories["owner/old"] = pickled
    assert "offers no safetensors weights. Vitrine does not open pickled" in refusal("owner/old")
    assert fake_hub.fetched == set()


def test_a_full_disk_is_told_before_anything_is_fetched(online, fake_hub, monkeypatch):
    usage = SimpleNamespace(total=10**9, used=10**9 - 5, free=5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert "takes 0.0 GB and the disk has 0.0 GB free. Make room" in refusal()
    assert fake_hub.fetched == set()


def test_a_model_that_can_never_fit_is_refused_before_anything_is_fetched(
    online, fake_hub, saved, monkeypatch
):
    size = len(saved["model.safetensors"])
    fake_hub.formats = {"F32": size // 4}
    needs = int(size // 4 * 4 * load.WORKING_SHARE)
    monkeypatch.setattr(load, "memory", lambda _device: (needs - 1, 10**12))
    with pytest.raises(NoRoomError, match="'owner/parrot' has at least"):
        load_model("owner/parrot", "cpu", "float32")
    assert fake_hub.fetched == set()
    # In half of the bytes it fits, though the file is as large as before.
    assert load_model("owner/parrot", "cpu", "bfloat16").facts.dtype == "bfloat16"
    assert "model.safetensors" in fake_hub.fetched


def test_what_is_on_this_machine_is_weighed_and_not_asked_for(online, fake_hub, monkeypatch):
    hub.fetch("owner/parrot")
    fake_hub.stop()
    monkeypatch.setattr(load, "memory", lambda _device: (1_000, 10**12))
    with pytest.raises(NoRoomError, match="'owner/parrot' has 0"):
        load_model("owner/parrot", "cpu", "float32")


@pytest.mark.parametrize(
    ("sizes", "formats", "fewest"),
    [
        ({"model.safetensors": 800}, ("F32",), 200),
        ({"model.safetensors": 800}, ("BF16",), 400),
        ({"model.safetensors": 800}, ("BF16", "F32"), 200),  # who knows which numbers are which
        ({"model.safetensors": 800}, (), 100),
        ({"model.safetensors": 800}, ("of tomorrow",), 100),
        ({"model.safetensors": 800, "model.fp16.safetensors": 400}, ("F32",), 200),
        ({"model.safetensors": 800, "model-00001-of-00001.safetensors": 800}, ("F32",), 200),
        (
            {"model-00001-of-00002.safetensors": 300, "model-00002-of-00002.safetensors": 500},
            ("F32",),
            200,
        ),
        ({"model-00001-of-00002.safetensors": 800, "model-1-of-00003.safetensors": 40}, (), 5),
        ({"weights.safetensors": 800, "config.json": 80}, ("F32",), 0),
    ],
)
def test_no_more_numbers_are_foretold_than_there_can_be(sizes, formats, fewest):
    assert Offer(sizes, formats).fewest_numbers == fewest


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
def test_a_saved_model_has_as_many_numbers_as_are_foretold(dtype, tmp_path):
    """Its header takes a few bytes too."""
    network = tiny.network("llama").to(getattr(torch, dtype))
    network.save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    with safe_open(file, "np") as opened:
        stored = {opened.get_slice(name).get_dtype() for name in opened.keys()}  # noqa: SIM118
    header = 8 + int.from_bytes(file.read_bytes()[:8], "little")
    sizes = {"model.safetensors": file.stat().st_size - header}
    assert Offer(sizes, tuple(stored)).fewest_numbers == network.num_parameters()


def test_a_hub_that_is_out_of_order_is_explained(online, fake_hub):
    fake_hub.broken = True
    assert "could not be fetched" in refusal()


def test_nobody_there_is_told_at_once(online, fake_hub):
    fake_hub.stop()
    started = time.monotonic()
    assert "not on this machine, and the model hub cannot be reached" in refusal()
    assert time.monotonic() - started < 1


def test_a_hub_that_does_not_answer_is_told_in_seconds(online, fake_hub):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        online(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        started = time.monotonic()
        assert "the model hub cannot be reached" in refusal()
        assert 0.9 * hub.PATIENCE < time.monotonic() - started < hub.PATIENCE + 1


@pytest.mark.parametrize("switch", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_who_asked_for_no_network_gets_none(switch, online, fake_hub, monkeypatch):
    if switch == "HF_HUB_OFFLINE":
        monkeypatch.setattr(constants, switch, True)
    else:
        monkeypatch.setenv(switch, "1")
    started = time.monotonic()
    assert "Connect to the network and try again" in refusal()
    assert time.monotonic() - started < 0.5
    assert fake_hub.asked == []


@pytest.mark.parametrize("address", ["", "ftp://127.0.0.1", "http://", "nonsense"])
def test_a_hub_s_address_that_is_none_counts_as_unreachable(address, online):
    online(address)
    assert not hub.reachable()


@pytest.mark.parametrize("source", ["a b", "a//b", "-x", "a/b/c", "x" * 97, "é", "..", "a.git"])
def test_a_malformed_id_is_explained_without_asking(source, online, fake_hub):
    assert "A hub id looks like 'gpt2' or 'Qwen/Qwen3-0.6B'" in refusal(source)
    assert fake_hub.asked == []


def test_half_of_the_weights_is_not_taken_for_all(tmp_path):
    homes = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (tmp_path / "config.json").write_text("{}")
    assert not hub.complete(tmp_path, hub.MODEL_FILES)
    assert hub.complete(tmp_path, hub.TOKENIZER_FILES)
    (tmp_path / homes["a"]).touch()
    assert hub.complete(tmp_path, hub.MODEL_FILES)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": homes}))
    assert not hub.complete(tmp_path, hub.MODEL_FILES)
    (tmp_path / homes["b"]).touch()
    assert hub.complete(tmp_path, hub.MODEL_FILES)


OFFLINE = """
from components.inspection import InspectionError, hub
try:
    hub.fetch("owner/parrot")
except InspectionError as error:
    print(error)
"""
ONLINE = """
from components.inspection import load_model, record
print(float(record(load_model("owner/parrot"), "to be, or not").logits.sum()))
"""


@pytest.mark.slow
def test_a_notebook_on_another_machine_does_the_same(fake_hub, tmp_path):
    """As a user has it: by environment variables alone, in a process of its own."""
    home = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": fake_hub.url, "PYTHONPATH": str(ROOT)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}

    def said(script: str, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env=environment | home | more,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        return done.stdout.strip()

    assert "not on this machine" in said(OFFLINE, HF_HUB_OFFLINE="1")
    assert fake_hub.asked == []
    expected = record(tiny.model("llama"), TEXT).logits.sum()
    assert float(said(ONLINE)) == pytest.approx(float(expected), rel=1e-3)
    assert "model.safetensors" in fake_hub.fetched
