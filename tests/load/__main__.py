"""A class of readers on one server, as a command; what they waited is printed as Markdown.

`python -m tests.load 30 --seconds 120 --think 5`. Without `--url` it starts a server of its own.
"""

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.browser.conftest import LAUNCH, ROOT, running_app
from tests.load.browsers import watch_pages
from tests.load.reader import Reader, mark
from tests.load.server import Watched, serving
from tests.load.session import Session
from tests.load.tally import Tally, problems, report

BUNDLED = "storyteller"
COPY = "copy"


def main() -> None:
    """Read the command line, let the readers read, print the table."""
    parser = argparse.ArgumentParser("tests.load", description=__doc__)
    parser.add_argument("readers", type=int, help="readers over a websocket")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--think", type=float, default=5, help="mean seconds between two requests")
    parser.add_argument("--after", type=float, default=0, help="seconds until memory is read again")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--url", help="a running server; else one is started")
    parser.add_argument(
        "--models",
        nargs="?",
        const=COPY,
        help="a second model that readers switch to: a path or a name, or a copy of the bundled",
    )
    parser.add_argument("--cold", action="store_true", help="nobody has opened a page before")
    parser.add_argument("--browsers", type=int, default=0, help="Chromiums that read beside them")
    given = parser.parse_args()
    with second_model(given.models) as models, server(given.url, models) as (url, log):
        tally, watched = asyncio.run(load(url, given, models))
        found = problems(log.read_text(errors="replace").splitlines()) if log else []
    title = f"{given.readers} readers, {given.browsers} browsers, {given.seconds:g} s"
    title += f"{', cold' if given.cold else ''}, think {given.think:g} s, seed {given.seed}, "
    title += " and ".join(models)
    print(report(title, tally, watched, found))


@contextmanager
def server(url: str | None, models: Sequence[str]) -> Iterator[tuple[str, Path | None]]:
    """Give the address of a server whose readers may open `models`, and its log if it is ours."""
    if url:
        yield url.rstrip("/"), None
        return
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        folder_of_models = Path(models[-1]).parent
        below = ["--models", str(folder_of_models)] if Path(models[-1]).is_dir() else []
        with running_app(log, (*LAUNCH, "--classroom", *below)) as own:
            yield own, log


@contextmanager
def second_model(given: str | None) -> Iterator[tuple[str, ...]]:
    """Give the models that readers choose among."""
    with tempfile.TemporaryDirectory() as folder:
        if given == COPY:
            given = str(shutil.copytree(ROOT / "assets" / "models" / BUNDLED, Path(folder) / "two"))
        yield (BUNDLED, given) if given else (BUNDLED,)


async def load(
    url: str, given: argparse.Namespace, models: Sequence[str]
) -> tuple[Tally, Watched | None]:
    """Let all readers read for the given time; return what they saw, and the server's use."""
    everyone = [mark(number, given.seed) for number in range(given.readers + given.browsers)]
    readers = [Reader(i, everyone, given.seed, models) for i in range(len(everyone))]
    by_socket, by_browser = readers[: given.readers], readers[given.readers :]
    if not given.cold:
        await open_every_page(url)
    try:
        watched = Watched(serving(url))
    except LookupError:  # on another machine
        watched = None
    until = asyncio.get_running_loop().time() + given.seconds
    if watched is None:
        await _all(url, given.think, until, by_socket, by_browser)
    else:
        async with watched:
            await _all(url, given.think, until, by_socket, by_browser)
        if given.after:
            await asyncio.sleep(given.after)
            watched.later = watched.memory()
    tally = Tally()
    for reader in readers:
        tally.join(reader.tally)
    return tally, watched


async def open_every_page(url: str) -> None:
    """Open each page once, as a teacher does before the class."""
    async with Session(url) as session:
        await session.open()
        for page in session.pages:
            await session.open(page)


async def _all(
    url: str, think: float, until: float, by_socket: list[Reader], by_browser: list[Reader]
) -> None:
    async with asyncio.TaskGroup() as group:
        for reader in by_socket:
            group.create_task(reader.read(url, think, until))
        if by_browser:
            group.create_task(watch_pages(url, think, until, by_browser))


if __name__ == "__main__":
    main()
