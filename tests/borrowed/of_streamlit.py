"""What is borrowed of Streamlit."""

import inspect
import sys
from pathlib import Path
from unittest import mock

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config, net_util
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime import Runtime, backend_operation_handler
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import SessionManager
from streamlit.runtime.state import SafeSessionState, SessionState
from streamlit.web import bootstrap, cli, skills
from streamlit.web.server import server_util
from streamlit.web.server.starlette import starlette_app

from components.compression import CompressedFiles
from tests.borrowed import borrowed


@borrowed(
    "streamlit",
    "streamlit.runtime.scriptrunner",
    "get_script_run_ctx",
    "add_script_run_ctx",
    by=("waiting.py", "widgets/bar.py"),
)
def the_context_of_a_run():
    """The engine is used by notebooks and threads too: it must know whether a page is running."""
    assert get_script_run_ctx(suppress_warning=True) is None


@borrowed(
    "streamlit",
    "st.session_state.get",
    by=("waiting.py", "widgets/bar.py"),
)
def looking_into_the_session_yields():
    """Long work must end where the reader has asked for something else. Streamlit ends a run
    wherever its session is looked into, and has no other call for it."""

    class EndedError(Exception):
        pass

    session = SafeSessionState(SessionState(), mock.Mock(side_effect=EndedError))
    try:
        session["_"]
    except EndedError:
        pass
    else:
        raise AssertionError("looking into the session let the run go on")
    source = inspect.getsource(type(st.session_state).__getitem__)
    assert "get_session_state()[" in source, "st.session_state is no door to that session"


@borrowed(
    "streamlit",
    "streamlit.runtime.pages_manager",
    "PagesManager.uses_pages_directory",
    by=("launch.py",),
)
def the_folder_of_pages_is_not_taken_for_a_list():
    """Our folder is called `pages` too: until the first reader came, Streamlit would serve each
    file in it as a page of its old kind."""
    with mock.patch.object(PagesManager, "uses_pages_directory", None):
        PagesManager(__file__)
        assert PagesManager.uses_pages_directory is False, "it no longer looks for the folder"
    with mock.patch.object(PagesManager, "uses_pages_directory", True):
        PagesManager(__file__)
        assert PagesManager.uses_pages_directory is True, "what is set beforehand is not kept"


@borrowed("streamlit", "streamlit.web", "cli.main", by=("launch.py",))
def the_command_line():
    """`vitrine` is `streamlit run` with our file, and takes all of its options."""
    with mock.patch.object(sys, "argv", ["streamlit", "version"]):
        try:
            cli.main()
        except SystemExit as left:
            assert left.code == 0
        else:
            raise AssertionError("it does not read the command line")
    assert "run" in cli.main.commands


@borrowed("starlette", "starlette.middleware", "Middleware", by=("launch.py",))
def the_way_a_layer_is_handed_over():
    """Streamlit's list of layers holds values of this type, and Starlette builds them from it."""
    layer = Middleware(CompressedFiles)
    assert isinstance(starlette_app.create_streamlit_middleware()[0], Middleware)
    assert layer.cls is CompressedFiles


@borrowed(
    "streamlit",
    "streamlit.web.server.starlette",
    "starlette_app.create_streamlit_middleware",
    by=("launch.py",),
)
def the_layers_of_the_server():
    """Ours is put behind the first, which refuses dangerous paths; the documented way to have a
    layer of one's own, `st.App`, asks for a script beside the app's."""
    first, *_ = starlette_app.create_streamlit_middleware()
    assert first.cls.__name__ == "PathSecurityMiddleware"
    assert "create_streamlit_middleware()" in inspect.getsource(starlette_app)


@borrowed("streamlit", "net_util.get_external_ip", by=("launch.py",))
def the_question_for_the_public_address():
    """Streamlit asks a service of the network, at its start and whenever a page of another origin
    wants in. Nothing is sent anywhere: the answer is that there is none."""
    asked = []
    with mock.patch.object(net_util, "get_external_ip", lambda: asked.append("asked")):
        assert not server_util.is_url_from_allowed_origins("http://elsewhere.example")
    assert asked, "it is no longer asked through this name"


@borrowed(
    "streamlit",
    "streamlit.web",
    "skills.agent_harness_present",
    "skills.are_skills_installed",
    by=("launch.py",),
)
def the_offer_to_install_what_a_coding_assistant_reads():
    """It lies over a page's title, is no concern of a reader, and its button writes files. One
    answer is asked for before it is made and before it is carried out, the other before the
    terminal tells of it."""
    with (
        mock.patch.object(config, "get_option", lambda _name: False),
        mock.patch.object(skills, "_nudge_dismissed_marker_path", lambda: Path("/nowhere/at/all")),
        mock.patch.object(skills, "agent_harness_present", lambda: False),
    ):
        assert skills.nudge_suppression_reason() == "no_agent"
    assert "skills.agent_harness_present()" in inspect.getsource(backend_operation_handler)
    assert "skills.are_skills_installed()" in inspect.getsource(bootstrap)


@borrowed("streamlit", "streamlit.runtime", "_session_mgr", by=("serving.py",))
def the_number_of_open_pages():
    """A server that is open to strangers must not be filled with pages without end, and Streamlit
    has no limit of its own."""
    assert callable(SessionManager.num_active_sessions)
    assert "self._session_mgr = " in inspect.getsource(Runtime.__init__)


@borrowed("streamlit", "streamlit.navigation.page", "StreamlitPage", by=("widgets/chapters.py",))
def the_type_of_a_page():
    """The table of contents returns pages, and says so in its types."""
    assert isinstance(st.Page(lambda: None, title="one"), StreamlitPage)


@borrowed(
    "streamlit",
    "streamlit.delta_generator",
    "DeltaGenerator",
    by=(
        "widgets/apparatus.py",
        "widgets/ask.py",
        "widgets/bar.py",
        "widgets/explained.py",
        "widgets/meanwhile.py",
        "widgets/other_model.py",
        "widgets/listed.py",
        "widgets/models.py",
        "widgets/presets.py",
        "widgets/ribbon/__init__.py",
        "widgets/row.py",
        "widgets/running.py",
        "widgets/sampling_settings.py",
        "widgets/text_files.py",
        "widgets/tokenizers.py",
        "widgets/writing.py",
    ),
)
def the_type_of_a_place():
    """Places in which figures, controls and progress are drawn are handed on, and typed."""
    assert isinstance(st.empty(), DeltaGenerator)
    assert callable(DeltaGenerator.progress)
