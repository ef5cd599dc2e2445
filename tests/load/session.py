"""One reader's session with a running app: the messages that a browser would send and get.

A browser sends a `BackMsg` that asks for a run of the script, with the values of all controls, the
address and the page; the server answers with `ForwardMsg`s, one a message, until the script has
finished. Nothing is drawn here, but everything is run there.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.load.controls import VALUED, Control, control_of, in_address, shown, state

PATIENCE: Final = 180.0
"""Seconds for a run to finish."""
_AGAIN: Final = ForwardMsg.FINISHED_EARLY_FOR_RERUN
_SIDEBAR: Final = 1


class NoAnswerError(Exception):
    """The server closed the connection, or did not finish in time."""


@dataclass
class Run:
    """What came of one request, until the script had finished."""

    seconds: float = 0.0
    wire: int = 0
    """Bytes on the wire, compressed."""
    size: int = 0
    """Bytes of the messages."""
    messages: int = 0
    runs: int = 0
    """How often the script ran: a page may ask to be run again."""
    parts: Counter[str] = field(default_factory=Counter)
    """Bytes by kind of element."""
    exceptions: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Errors that the page told in words."""


class _Counting(ClientConnection):
    received = 0

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        super().data_received(data)


class Session:
    """A connection, and what its page holds.

    `watch` is given every message as it came. Large messages of the last `remembers` runs are not
    sent again, as for a browser.
    """

    def __init__(
        self, url: str, watch: Callable[[bytes], None] = lambda _: None, remembers: int = 2
    ) -> None:
        self.url, self.watch, self.remembers = url, watch, remembers
        self.pages: dict[str, str] = {}
        """The hash of each page, by its name in the address."""
        self.values: dict[str, Any] = {}
        """The value of each control, by id."""
        self.address: dict[str, list[str]] = {}
        self.page = ""
        self._frame = ""
        self._parts: dict[tuple[int, ...], tuple[Any, str, str, int]] = {}
        self._kept: dict[str, tuple[ForwardMsg, int]] = {}
        self._turn = 0
        self._fragments: tuple[str, ...] = ()

    async def __aenter__(self) -> Self:
        address = urlsplit(self.url)
        self._socket = await connect(
            f"ws://{address.netloc}/_stcore/stream",
            create_connection=_Counting,
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            max_queue=None,
            proxy=None,
            open_timeout=PATIENCE,
            ping_timeout=PATIENCE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    @property
    def controls(self) -> list[Control]:
        """The controls on the page that can be used, from top to bottom."""
        found = []
        for path in sorted(self._parts):
            part, fragment, script, _ = self._parts[path]
            control = control_of(part, path[0] == _SIDEBAR, fragment, script)
            if control is not None and control.usable:
                found.append(control)
        return found

    @property
    def view(self) -> str:
        """The view that is chosen on the page, or ""."""
        for control in self.controls:
            if control.key == "view" and self.values[control.id]:
                return str(self.values[control.id][0])
        return ""

    async def open(self, page: str = "", **address: str) -> Run:
        """Open a page by its name in the address: at first by a link, later from the sidebar."""
        self.address |= {name: [value] for name, value in address.items()}
        if not self.pages:
            return await self._ask(BackMsg(rerun_script={"page_name": page}))
        message = BackMsg(rerun_script={"page_script_hash": self.pages[page]})
        frame = [control for control in self.controls if control.script == self._frame]
        return await self._ask(message, frame)

    async def set(self, control: Control, value: Any) -> Run:
        """Give a control another value."""
        self.values[control.id] = value
        name, values = in_address(control, value)
        if name:
            self.address.pop(name, None)
            if values:
                self.address[name] = values
        return await self.send(control)

    async def send(self, control: Control, told: WidgetState | None = None) -> Run:
        """Tell that a control has changed, or of an event (`told`), which is over after the run."""
        message = BackMsg(
            rerun_script={"page_script_hash": self.page, "fragment_id": control.fragment}
        )
        return await self._ask(message, self.controls, told)

    async def _ask(
        self, message: BackMsg, controls: list[Control] | None = None, told: Any = None
    ) -> Run:
        asked = message.rerun_script
        asked.query_string = urlencode(self.address, doseq=True)
        states = asked.widget_states.widgets
        for control in controls or ():
            if control.kind in VALUED:
                states.append(state(control, self.values[control.id]))
        if told is not None:
            states.append(told)
        asked.cached_message_hashes.extend(self._kept)
        asked.context_info.url = self.url
        asked.context_info.timezone = "UTC"
        run, before, start = Run(), self._socket.received, time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._socket.send(message.SerializeToString())
                while not self._take(await self._socket.recv(), run):
                    pass
        except TimeoutError as error:
            raise NoAnswerError(f"not finished after {PATIENCE:g} s") from error
        except ConnectionClosed as error:
            raise NoAnswerError(f"the connection was closed: {error}") from error
        run.seconds, run.wire = time.perf_counter() - start, self._socket.received - before
        self._forget()
        return run

    def _take(self, payload: bytes | str, run: Run) -> bool:
        """Take one message; return whether it is the last."""
        assert isinstance(payload, bytes)
        self.watch(payload)
        message = ForwardMsg.FromString(payload)
        run.messages, run.size = run.messages + 1, run.size + len(payload)
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            whole, _ = self._kept[message.ref_hash]
            self._kept[message.ref_hash] = whole, self._turn
            self._place(whole, message.metadata, run)
            kind = "known"
        elif kind == "delta":
            if message.metadata.cacheable:
                self._kept[message.hash] = message, self._turn
            kind = self._place(message, message.metadata, run)
        elif kind == "new_session":
            self._turn += 1
            self.page, self._frame = (
                message.new_session.page_script_hash,
                message.new_session.main_script_hash,
            )
            self._fragments = tuple(message.metadata.run.fragment_ids)
        elif kind == "navigation":
            self.pages = {
                "" if page.is_default else page.url_pathname: page.page_script_hash
                for page in message.navigation.app_pages
            }
            self.page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.address = parse_qs(message.page_info_changed.query_string, True)
        elif kind == "script_finished":
            run.runs += 1
            if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                run.exceptions.append("the script does not compile")
            if message.script_finished != _AGAIN:
                self._clear()
                return True
        run.parts[str(kind)] += len(payload)
        return False

    def _place(self, message: ForwardMsg, metadata: Any, run: Run) -> str:
        delta, path = message.delta, tuple(metadata.delta_path)
        what = delta.WhichOneof("type")
        if what not in ("new_element", "add_block"):
            return str(what)
        part = delta.new_element if what == "new_element" else delta.add_block
        for below in [each for each in self._parts if each[: len(path)] == path]:
            del self._parts[below]
        self._parts[path] = (part, delta.fragment_id, metadata.active_script_hash, self._turn)
        kind = str(part.WhichOneof("type"))
        if kind == "exception":
            run.exceptions.append(f"{part.exception.type}: {part.exception.message}")
        elif kind == "alert" and part.alert.format == part.alert.ERROR:
            run.refusals.append(part.alert.body)
        control = control_of(part, False, "", "")
        if control is not None and control.kind in VALUED:
            told_to = getattr(control.proto, "set_value", False)
            if told_to or control.id not in self.values:
                self.values[control.id] = shown(control)
        return kind

    def _clear(self) -> None:
        """Take away what this run has not drawn again."""
        for path, (_, fragment, _, turn) in list(self._parts.items()):
            ran = not self._fragments or fragment in self._fragments
            if ran and turn < self._turn:
                del self._parts[path]

    def _forget(self) -> None:
        for name, (_, turn) in list(self._kept.items()):
            if turn <= self._turn - self.remembers:
                del self._kept[name]
