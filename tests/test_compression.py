"""Files go compressed, once, and come out as they were; all else goes as it is."""

import asyncio
import gzip
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from components import compression
from components.compression import LEAST, CompressedFiles

Answer = TypeVar("Answer")
SCRIPT = b"export default (a, b) => a + b;\n" * 400


def in_a_loop(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run `work` to its end, in a thread: another test's browser may hold a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class Site:
    """An app that serves one answer, and counts how often it is asked."""

    def __init__(self, body: bytes = SCRIPT, status: int = 200, *headers: tuple[bytes, bytes]):
        self.body, self.status, self.asked = body, status, 0
        self.headers = [(b"Content-Length", str(len(body)).encode()), (b"ETag", b'"1"'), *headers]

    async def __call__(self, scope, receive, send):
        self.asked += 1
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        half = len(self.body) // 2
        await send({"type": "http.response.body", "body": self.body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": self.body[half:]})


async def asked(app: Any, path: str = "/static/js/a.js", method: str = "GET", **headers: str):
    """Return status, headers and body of one answer; `accept_encoding` is gzip unless given."""
    headers = {"accept_encoding": "gzip, br"} | headers
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }

    async def send(message):
        sent.append(message)

    await app(scope, None, send)
    named = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], named, b"".join(each.get("body", b"") for each in sent[1:])


def test_a_script_comes_compressed_and_is_what_it_was():
    status, headers, body = in_a_loop(asked(CompressedFiles(Site())))
    assert status == 200
    assert gzip.decompress(body) == SCRIPT
    assert headers["content-encoding"] == "gzip"
    assert headers["content-length"] == str(len(body))
    assert headers["vary"] == "accept-encoding"
    assert "etag" not in headers
    assert len(body) < len(SCRIPT) / 3


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        ("/static/js/a.js", "GET", {"accept_encoding": "identity"}),
        ("/static/js/a.js", "GET", {"range": "bytes=0-9"}),
        ("/static/js/a.js", "HEAD", {}),
        ("/static/media/a.woff2", "GET", {}),
        ("/_stcore/health", "GET", {}),
    ],
)
def test_all_else_goes_as_it_is(path, method, headers):
    site = Site()
    app = CompressedFiles(site)
    _, named, body = in_a_loop(asked(app, path, method, **headers))
    assert body == SCRIPT
    assert named == {"content-length": str(len(SCRIPT)), "etag": '"1"'}
    assert app.size == 0


@pytest.mark.parametrize(
    "site",
    [
        Site(b"Not found" * 900, 404),
        Site(SCRIPT[: LEAST - 1]),
        Site(SCRIPT, 200, (b"Content-Encoding", b"br")),
    ],
)
def test_an_answer_that_would_not_gain_is_passed_on(site):
    app = CompressedFiles(site)
    status, headers, body = in_a_loop(asked(app))
    assert (status, body) == (site.status, site.body)
    assert headers.get("content-encoding") != "gzip"
    assert app.size == 0


def test_thirty_readers_at_once_have_it_compressed_once():
    site = Site()
    app = CompressedFiles(site)

    async def all_at_once():
        return await asyncio.gather(*(asked(app) for _ in range(30)))

    bodies = {body for _, _, body in in_a_loop(all_at_once())}
    assert site.asked == 1
    assert {gzip.decompress(body) for body in bodies} == {SCRIPT}
    assert app._making == {}


def test_what_is_kept_is_bounded(monkeypatch):
    site = Site()
    app = CompressedFiles(site)
    in_a_loop(asked(app, "/static/js/0.js"))
    monkeypatch.setattr(compression, "MOST_KEPT", 2 * app.size)
    for number in range(5):
        _, _, body = in_a_loop(asked(app, f"/static/js/{number}.js"))
        assert body == SCRIPT or gzip.decompress(body) == SCRIPT
    assert app.size <= compression.MOST_KEPT
    assert len(app._kept) == 2
