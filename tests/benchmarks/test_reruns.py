"""What a changed control costs the server, for each control of each view: processor and bytes.

The two values of a control have been seen before: what is measured is drawing, not computing.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from components.lesson import find, slug
from components.widgets.chapters import CHAPTERS, HOME
from tests.browser.conftest import running_app
from tests.load.__main__ import open_every_page
from tests.load.controls import Control, among, other, pressed
from tests.load.live import answer, told_by
from tests.load.server import serving
from tests.load.session import Run, Session

ROUNDS = 5
"""Pairs of reruns; the clock of a process goes in steps of 10 ms."""
MOST_UNITS = 7.0
"""Times what some plain Python takes: 60 ms where that takes 8.5."""
MOST_BYTES = 50_000
"""On the wire, compressed."""
SHOWN = 20
PROMPTS = (
    "When Mary and John went to the shop, Mary gave a drink to",
    "Once upon a time there was a little fox named",
)
PAGES = [HOME, *(lesson for lessons in CHAPTERS.values() for lesson in lessons)]
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Cost:
    """What one rerun costs on the average, of the changes of one control."""

    where: str
    control: str
    cpu: float
    wire: float
    size: float
    largest: str

    def row(self) -> str:
        """Return this as a row of Markdown."""
        numbers = f"{1e3 * self.cpu:.0f} | {self.wire / 1e3:.1f} | {self.size / 1e3:.1f}"
        return f"| {self.where} | {self.control} | {numbers} | {self.largest} |"


async def costs_of(session: Session, process: psutil.Process, where: str) -> list[Cost]:
    """Return what each control on the page costs, where it has another value."""
    found = []
    for key in [control.key for control in session.controls]:
        steps = alternately(session, among(session.controls, key=key))
        if steps is None:
            continue
        runs: list[Run] = []
        began = used = 0.0
        for turn in range(2 * ROUNDS + 4):
            if turn == 4:  # both have been seen twice
                runs, began = [], processor(process)
            runs.append(await do(session, key, steps[turn % 2]))
        used = processor(process) - began
        assert not [said for run in runs for said in run.exceptions], (where, key)
        sizes = sum((run.parts for run in runs), Counter())
        (kind, largest), *_ = sizes.most_common(1)
        count = len(runs)
        found.append(
            Cost(
                where,
                key,
                used / count,
                sum(run.wire for run in runs) / count,
                sum(run.size for run in runs) / count,
                f"{kind} {largest / count / 1e3:.0f}",
            )
        )
    return found


async def do(session: Session, key: str, step: object) -> Run:
    """Give the control another value, or tell of an event."""
    control = among(session.controls, key=key)
    if isinstance(step, WidgetState):
        return await session.send(control, step)
    return await session.set(control, step)


def alternately(session: Session, control: Control) -> tuple[object, object] | None:
    """Return two things that a reader may do with a control by turns; None for what is not
    measured: what computes on purpose, goes elsewhere, or is no part of the view."""
    if control.kind == "bidi_component":
        if answer(control) is None:
            return None
        return told_by(control, Random(1)), told_by(control, Random(2))
    if control.kind == "button":
        dialog = control.key.startswith(("table-", "code-")) and not control.aside
        return (pressed(control), pressed(control)) if dialog else None
    if control.key == "prompt":
        return PROMPTS
    if control.aside or control.key == "view" or control.kind in ("text_input", "text_area"):
        return None
    now = session.values[control.id]
    then = other(control, now, Random(0))
    return None if then == now else (then, now)


def processor(process: psutil.Process) -> float:
    """Return the seconds of processor that a process has used."""
    return float(sum(process.cpu_times()[:2]))


async def costs_of_page(url: str, page: str) -> list[Cost]:
    """Return what the controls of all views of a page cost, and of all kinds of each view."""
    found, process = [], serving(url)
    async with Session(url, remembers=1) as session:
        await session.open(page)
        for view in views(session):
            name, chosen = f"{page or 'home'}, {view}".rstrip(", "), {"view": view} if view else {}
            async with Session(url, remembers=1) as fresh:
                await fresh.open(page, **chosen)
                found += await costs_of(fresh, process, name)
            for kind in other_kinds(page, view):
                async with Session(url, remembers=1) as fresh:
                    await fresh.open(page, **chosen, **kind)
                    found += await costs_of(fresh, process, f"{name}, {', '.join(kind.values())}")
    return found


def other_kinds(page: str, view: str) -> list[dict[str, str]]:
    """Return, as an address has them, the kinds of a view besides the one that is shown."""
    folders = {Path(lesson.path).stem: Path(lesson.path).parent for lesson in PAGES}
    if not view or folders[page].name != page:  # it stands alone in its chapter: it has no views
        return []
    found = find(".".join(folders[page].parts), view)
    kinds = [kind for kind in found.kinds if kind != next(iter(found.kinds))]
    return [{f"{page}.{slug(found.kind)}": kind} for kind in kinds]


def views(session: Session) -> list[str]:
    """Return the names of a page's views; one without a name where there are none."""
    found = [control for control in session.controls if control.key == "view"]
    return [option.content for option in found[0].proto.options] if found else [""]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of which every page has been opened."""
    with running_app(tmp_path_factory.mktemp("app") / "server.log") as url:
        asyncio.run(open_every_page(url))
        yield url


@pytest.fixture(scope="module")
def costs(request: pytest.FixtureRequest) -> Iterator[list[Cost]]:
    """What was measured; the dearest and the largest are printed at the end."""
    found: list[Cost] = []
    yield found
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n| view | control | CPU ms | KB sent | KB unpacked | largest, KB |")
        print("| --- | --- | ---: | ---: | ---: | --- |")
        for cost in sorted(found, key=lambda cost: -cost.cpu)[:SHOWN]:
            print(cost.row())
        for cost in sorted(found, key=lambda cost: -cost.wire)[:SHOWN]:
            print(cost.row())


def unit() -> float:
    """Return the seconds of processor that some plain Python takes on this machine now."""
    took = []
    for _ in range(5):
        began = time.process_time()
        sum(number * number for number in range(300_000))
        took.append(time.process_time() - began)
    return min(took)


@pytest.mark.parametrize("page", PAGES, ids=lambda lesson: Path(lesson.path).stem)
def test_a_changed_control_is_cheap(page, app, costs):
    name = "" if page is HOME else Path(page.path).stem
    found = asyncio.run(costs_of_page(app, name))
    costs += found
    most = MOST_UNITS * unit()
    dear = [cost.row() for cost in found if cost.cpu > most]
    large = [cost.row() for cost in found if cost.wire > MOST_BYTES]
    assert not dear
    assert not large
