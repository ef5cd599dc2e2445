"""Whom the server serves: options of ours, what they set, and what is set where nothing is said."""

from collections.abc import Iterator

import pytest
import streamlit as st

from components import launch, serving
from components.inspection.access import ALONE, CLASS, access, grant


@pytest.fixture(autouse=True)
def undecided(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server about to start, in a network without a way out."""
    monkeypatch.setattr(serving, "_decided", [])
    monkeypatch.setattr(serving, "own_address", lambda: "192.168.1.5")
    before = access()
    grant(ALONE)
    yield
    grant(before)


def test_other_options_go_to_streamlit_as_they_are():
    given = ["--server.port", "8600", "--server.headless=true"]
    assert serving.options(given) == (given, "")
    assert access() is ALONE


def test_a_class_gets_an_address_limits_and_a_list_of_both(tmp_path):
    line, said = serving.options(
        ["--classroom", "--models", str(tmp_path), "--server.port", "8600"]
    )
    assert line == [
        *("--server.address", "0.0.0.0", "--server.headless", "true"),
        *("--server.maxUploadSize", "2", "--browser.serverAddress", "192.168.1.5"),
        *("--server.port", "8600"),
    ]
    assert access().folders == tmp_path
    assert (access().hub, access().anywhere) == (False, False)
    for words in (
        str(tmp_path),
        "nothing is fetched",
        "2 MB",
        "60 seconds",
        "more than 1 is",
        "80 at once",
    ):
        assert words in said


def test_help_tells_of_our_options_too():
    line, said = serving.options(["--help"])
    assert line == ["--help"]
    for name in ("--classroom", "--models", "--hub"):
        assert name in said
    assert access() is ALONE


def test_what_is_said_to_streamlit_stands():
    line, _ = serving.options(["--classroom", "--server.address=10.0.0.1"])
    assert "--server.address" not in line
    assert line[-1] == "--server.address=10.0.0.1"


def test_the_hub_is_allowed_by_name():
    _, said = serving.options(["--classroom", "--hub"])
    assert access().hub
    assert "--hub" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--hub"], "add --classroom"),
        (["--models", "."], "add --classroom"),
        (["--classroom", "--models", "/nothing/here"], "there is no folder"),
    ],
)
def test_options_that_mean_nothing_are_refused(given, said, capsys):
    with pytest.raises(SystemExit):
        serving.options(given)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", ALONE), ("localhost", ALONE), ("0.0.0.0", CLASS), (None, CLASS), ("::", CLASS)],
)
def test_where_nothing_is_said_the_address_decides(address, expected, monkeypatch):
    monkeypatch.setattr(st, "get_option", {"server.address": address}.get)
    serving.settle()
    assert access() is expected
    # Once: what was said on the command line is not overruled by a later reader's run.
    monkeypatch.setattr(st, "get_option", {"server.address": "127.0.0.1"}.get)
    serving.settle()
    assert access() is expected


def test_what_the_command_line_allows_is_not_overruled(monkeypatch):
    serving.options(["--classroom", "--hub"])
    monkeypatch.setattr(st, "get_option", {"server.address": "127.0.0.1"}.get)
    serving.settle()
    assert access().hub
    assert not access().anywhere


def test_no_service_is_asked_for_the_public_address(monkeypatch):
    from streamlit import net_util
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli
    from streamlit.web.server import server_util
    from streamlit.web.server.starlette import starlette_app

    asked: list[str] = []
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(
        net_util, "_make_blocking_http_get", lambda *_a, **_k: asked.append("asked")
    )
    for place, name in ((PagesManager, "uses_pages_directory"),):
        monkeypatch.setattr(place, name, getattr(place, name))
    monkeypatch.setattr(
        starlette_app, "create_streamlit_middleware", starlette_app.create_streamlit_middleware
    )
    monkeypatch.setattr(cli, "main", lambda: None)
    monkeypatch.setattr("sys.argv", ["transformer-vitrine"])
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example")
    assert asked, "Streamlit asks nobody any more: the patch can go"
    asked.clear()
    launch.main()
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example")
    assert asked == []


@pytest.mark.parametrize(("here", "said"), [(80, ""), (81, "80 pages are open here")])
def test_a_server_that_is_full_says_so(here, said, monkeypatch):
    from streamlit import runtime

    class Sessions:
        """So many readers."""

        @staticmethod
        def num_active_sessions() -> int:
            return here

    class Runtime:
        """A server with them."""

        _session_mgr = Sessions()

    grant(CLASS)
    assert serving.crowded() == ""
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", Runtime)
    assert serving.crowded().startswith(said)
    assert bool(serving.crowded()) == bool(said)
