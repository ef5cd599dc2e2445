"""The scripts of our components as files of this server, which a browser keeps from visit to visit.

Streamlit sends a component's script with each of its messages. Where the server has our layer, the
message holds two lines instead, which import a file. Its name is the hash of what is in it, so a
browser need not ask again. Started without that layer, a component takes its script along.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

FOLDER: Final = "/static/vitrine/"
_TYPES: Final = {"js": b"text/javascript; charset=utf-8", "json": b"application/json"}
_HEADERS: Final = [
    (b"cache-control", b"public, immutable, max-age=31536000"),
    (b"x-content-type-options", b"nosniff"),
]
_files: dict[str, bytes] = {}
_layers: list["OwnScripts"] = []


class OwnScripts:
    """An ASGI layer around Streamlit's: answers for what was handed to `sent` and `place`."""

    def __init__(self, app: App) -> None:
        self.app = app
        _layers[:] = [self]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = _wanted(scope)
        if body is None:
            await self.app(scope, receive, send)
            return
        kind = _TYPES[scope["path"].rpartition(".")[2]]
        headers = [*_HEADERS, (b"content-type", kind)]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        empty = scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if empty else body})


def sent(script: str) -> str:
    """Return what to send for a module with a default export: itself, or lines that import it.

    The address is relative to the page, as those of Streamlit's own files are.
    """
    if not _layers:
        return script
    # With a line break in it, Streamlit does not take this for the path of a file.
    return (
        f'const file = new URL("{_kept(script, "js")}", document.baseURI);\n'
        "export default (await import(file)).default;"
    )


def place(text: str) -> str:
    """Return where a text lies as JSON, seen from the page, or "" where nobody would answer.

    It stays until the server ends: a text of ours, none of a reader's.
    """
    return _kept(json.dumps(text), "json") if _layers else ""


def _kept(text: str, ends: str) -> str:
    body = text.encode()
    name = f"{hashlib.sha256(body).hexdigest()[:20]}.{ends}"
    _files[name] = body
    return f".{FOLDER}{name}"


def _wanted(scope: Message) -> bytes | None:
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    _, found, name = scope["path"].rpartition(FOLDER)
    return _files.get(name) if found else None
