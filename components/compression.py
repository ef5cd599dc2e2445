"""Scripts and styles go over the wire compressed: a third of the bytes, for a class on one network.

Streamlit compresses its answers, but not its own files, on purpose: a proxy in front of it is
meant to. A laptop in a classroom has none. Each file is compressed once in this process.
"""

import asyncio
import gzip
from typing import Final

from components.scripts import App, Message, OwnScripts, Receive, Send

ENDS: Final = (".js", ".css", ".wasm", ".svg", ".json")
LEVEL: Final = 6
"""Level 9 takes longer and gains nothing on these files."""
LEAST: Final = 2_000
"""Bytes; smaller answers go as they are."""
MOST_KEPT: Final = 64 * 2**20
"""Bytes of compressed files that are kept; beyond that, files go as they are."""
_REPLACED: Final = {b"content-length", b"content-encoding", b"etag", b"accept-ranges", b"vary"}


class CompressedFiles:
    """An ASGI layer around Streamlit's: compresses what lies below `/static/`, ours too, once."""

    def __init__(self, app: App) -> None:
        self.app = OwnScripts(app)
        self._kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}
        self._making: dict[str, asyncio.Lock] = {}

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(len(body) for _, body in self._kept.values())

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _wanted(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._kept:
            # One reader's request compresses; thirty others that come meanwhile wait for it.
            lock = self._making.setdefault(path, asyncio.Lock())
            async with lock:
                if path not in self._kept and not await self._keep(scope, receive, send):
                    self._making.pop(path, None)
                    return
            self._making.pop(path, None)
        headers, body = self._kept[path]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _keep(self, scope: Message, receive: Receive, send: Send) -> bool:
        """Ask the app within, and keep its answer compressed; else pass the answer on."""
        messages: list[Message] = []

        async def gather(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, gather)
        start = messages[0]
        plain = b"".join(message.get("body", b"") for message in messages[1:])
        named = {name.lower() for name, _ in start["headers"]}
        if start["status"] == 200 and len(plain) >= LEAST and b"content-encoding" not in named:
            packed = await asyncio.to_thread(gzip.compress, plain, LEVEL)
            if len(packed) < len(plain) and self.size + len(packed) <= MOST_KEPT:
                headers = [(k, v) for k, v in start["headers"] if k.lower() not in _REPLACED]
                headers += [
                    (b"content-encoding", b"gzip"),
                    (b"vary", b"accept-encoding"),
                    (b"content-length", str(len(packed)).encode()),
                ]
                self._kept[scope["path"]] = headers, packed
                return True
        for message in messages:
            await send(message)
        return False


def _wanted(scope: Message) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    if "/static/" not in scope["path"] or not scope["path"].endswith(ENDS):
        return False
    headers = {name.lower(): value for name, value in scope["headers"]}
    return b"gzip" in headers.get(b"accept-encoding", b"") and b"range" not in headers
