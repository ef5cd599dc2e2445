"""A machine on which nothing can be written: Vitrine works there, and says what is not kept."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.inspection import hub
from components.inspection.errors import InspectionError
from components.inspection.offers import Offer
from tests import tiny
from tests.browser.conftest import free_port
from tests.inspection.test_hub import FakeHub, Files
from tests.wheels import ROOT

TREE = ("app.py", "pages", "components", "assets", ".streamlit")
VISIT = """
import json, sys
from streamlit.testing.v1 import AppTest  # which makes a folder of its own
exec(sys.argv[1])

def opened(page, **address):
    app = AppTest.from_file("app.py", default_timeout=240)
    if page:
        app.switch_page(page)
    app.query_params.update({"prompt": "to be or not", **address})
    app.run()
    return {
        "crashed": [each.message for each in app.exception],
        "refused": [each.value for each in app.error],
        "says": [each.value for each in (*app.caption, *app.subheader)],
        "figures": len(app.main.get("plotly_chart")) + len(app.main.get("bidi_component")),
    }

train = {"view": "Train your own"}
seen = {
    "home": opened(""),
    "lesson": opened("pages/inside/attention/attention.py", view="One head"),
    "training": opened("pages/text/tokenizer/tokenizer.py", **train),
    "fetching": opened("", model="owner/parrot"),
}
try:
    with open("written", "w") as file:
        file.write("x" * 100)
    seen["written"] = True
except OSError as error:
    seen["written"] = False
print("SEEN" + json.dumps(seen))
"""
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
"""Whatever is written now fails, as on a full disk: the largest file has no bytes."""
SERVER = "import sys; exec(sys.argv.pop(1)); from components.launch import main; main()"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tree that nobody may write into."""
    folder = tmp_path_factory.mktemp("read-only") / "vitrine"
    folder.mkdir()
    for name in TREE:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, folder / name)
    folders = [folder, *(each for each in folder.rglob("*") if each.is_dir())]
    for each in folders:
        each.chmod(0o555)
    yield folder
    for each in folders:
        each.chmod(0o755)


@pytest.fixture(scope="module")
def fake_hub() -> Iterator[FakeHub]:
    """A hub with the model `owner/parrot`."""
    fake = FakeHub()
    fake.repositories["owner/parrot"] = parrot()
    yield fake
    fake.stop()


def parrot() -> Files:
    """The files of a small model, the weights larger than anything that is written beside them."""
    network, tokenizer = tiny.model("llama").network, tiny.tokenizer()
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def python() -> list[str]:
    """Return how Python is started where permissions hold: root obeys none, so it gives that up."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of folders are another matter on this system")
    if os.geteuid() != 0:
        return [sys.executable]
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to give that up with")
    gone = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={gone}", f"--inh-caps={gone}", sys.executable]


def variables(hub_url: str, **own: str) -> dict[str, str]:
    """Return the variables of this process, with a home and caches as given only."""
    ours = ("HOME", "PYTHON", "HF_", "XDG_", "TRANSFORMERS_", "TORCH", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    proxies = {name: "" for name in kept if name.lower().endswith("_proxy")}
    return kept | proxies | {"HF_ENDPOINT": hub_url} | own


def seen(command: list[str], code: str, folder: Path, environment: dict[str, str]) -> dict:
    """Return what the visitor saw of the app in `folder`."""
    done = subprocess.run(
        command,
        cwd=folder,
        input=code,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("SEEN")]
    assert lines, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return json.loads(lines[-1].removeprefix("SEEN"))


def works(visit: dict) -> None:
    """Hold what was seen against what must work without writing anything."""
    assert visit["written"] is False, "else this test shows nothing"
    assert [visit[page]["crashed"] for page in ("home", "lesson", "training", "fetching")] == [
        []
    ] * 4
    assert [visit[page]["refused"] for page in ("home", "lesson", "training")] == [[]] * 3
    assert any("Entropy" in said for said in visit["home"]["says"])
    assert all(visit[page]["figures"] for page in ("home", "lesson", "training"))
    # What cannot be fetched leaves the reader with the bundled model.
    assert any("Entropy" in said for said in visit["fetching"]["says"])


@pytest.mark.slow
@pytest.mark.parametrize("home", ["missing", "unset"])
def test_a_read_only_checkout_without_a_home_computes_and_says_what_cannot_be_kept(
    home, checkout, fake_hub
):
    nowhere = str(checkout / "nowhere")
    own = {"HOME": nowhere} if home == "missing" else {"HF_HOME": nowhere}
    visit = seen([*python(), "-", ""], VISIT, checkout, variables(fake_hub.url, **own))
    works(visit)
    (said,) = visit["fetching"]["refused"]
    assert "cannot be kept: nothing can be written into" in said.replace("\\", "")
    assert "HF\\_HOME" in said or "HF_HOME" in said


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no limit on the size of a file")
def test_on_a_full_disk_it_computes_and_says_what_does_not_fit(checkout, fake_hub, tmp_path):
    tree = shutil.copytree(checkout, tmp_path / "vitrine")
    for each in (tree, *(each for each in tree.rglob("*") if each.is_dir())):
        each.chmod(0o755)
    own = {"HOME": str(tmp_path), "HF_HOME": str(tmp_path / "cache")}
    visit = seen([sys.executable, "-", FULL], VISIT, tree, variables(fake_hub.url, **own))
    works(visit)
    (said,) = visit["fetching"]["refused"]
    assert "does not fit on the disk with" in said
    assert "Make room" in said


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no limit on the size of a file")
@pytest.mark.parametrize("first", ["", FULL], ids=["read-only", "full"])
def test_the_server_starts_where_nothing_can_be_written(first, checkout):
    port = free_port()
    options = ["--server.headless", "true", "--server.port", str(port)]
    server = subprocess.Popen(
        [*python(), "-c", SERVER, first, *options],
        cwd=checkout,
        env=variables("http://127.0.0.1:9", HOME=str(checkout / "nowhere")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end, answered = time.monotonic() + 60, False
        while not answered and time.monotonic() < end and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
                    answered = answer.status == 200
            except OSError:
                time.sleep(0.2)
        assert answered
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        *[(each, "does not fit on the disk") for each in sorted(hub.FULL)],
        *[(each, "nothing can be written into") for each in sorted(hub.CLOSED)],
    ],
)
def test_each_way_in_which_a_file_is_not_written_is_said_in_words(number, said, monkeypatch):
    def fails(*_arguments: object, **_more: object) -> str:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(hub, "snapshot_download", fails)
    monkeypatch.setattr(hub, "reachable", lambda: True)
    monkeypatch.setattr(hub, "offered", lambda *_asked: Offer({"config.json": 1}))
    with pytest.raises(InspectionError, match=said) as refused:
        hub.fetch("owner/parrot")
    assert "Error" not in str(refused.value)
