"""The widget: what is drawn, as traits, one for each part, and what the browser asks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import anywidget
import traitlets

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.notebook.answers import Answers, look_of, read
from components.widgets.kit import script, style
from components.widgets.machine import INKS
from components.widgets.machine.assembled import Assembled

_HERE: Final = Path(__file__).parent
_MACHINE: Final = _HERE.parent / "widgets" / "machine"
_ITS_DEFAULT: Final = "export default live(machineView);\n"
"""What the page takes from the machine's script: a module has one default export, here ours."""
MOST_NUMBER: Final = 2**31
UNFORESEEN: Final = (
    "This could not be drawn, and no reason was foreseen: that is a fault of Vitrine. What went "
    "wrong stands in the notebook's log. The drawing is as it was before."
)


def module() -> str:
    """Return the script of the drawing and of this widget as one module, its style within it."""
    own = (_HERE / "notebook.css").read_text(encoding="utf-8")
    joined = script(_HERE / "notebook.js", INKS=INKS, STYLE=f"{own}\n{style(_MACHINE)}")
    return joined.replace(_ITS_DEFAULT, "")


class Drawing(anywidget.AnyWidget):
    """The forward pass of one model on one text.

    `told` says where the drawing is, and what there is to say; the parts of the drawing are in
    traits called "part_" and their name. A trait that is the same as before is not sent again.
    """

    _esm: ClassVar[str] = module()
    told = traitlets.Dict().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """The parts that there are."""

    def __init__(self, model: Model | str | Path, text: str, look: Mapping[str, Any]) -> None:
        self._look = look_of(look)
        self._answers = Answers(model, text)
        told, parts = self._drawn(0)
        # A widget's traits are counted when it begins: nothing can be asked of one without parts.
        self.add_traits(**{name: traitlets.Dict(allow_none=True).tag(sync=True) for name in parts})
        super().__init__(told=told, names=list(parts), **parts)
        self.on_msg(lambda _widget, content, _buffers: self._asked(content))

    def _drawn(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what is told, and the parts, of what is looked at now; in answer to `number`."""
        try:
            found = self._answers.at(self._look)
        except InspectionError as error:
            return {"problem": str(error), "answered": number}, {}
        # What was asked in vain is not asked again.
        self._look = found.look
        parts = {f"part_{name}": part for name, part in found.parts.items()}
        return {**_told(found), "answered": number}, parts

    def _asked(self, content: Any) -> None:
        """Answer the browser. What it sends is input like any other: it is read with care."""
        if not isinstance(content, Mapping):
            return
        number, before = content.get("number"), self._look
        if not isinstance(number, int) or isinstance(number, bool) or abs(number) > MOST_NUMBER:
            number = 0
        self._look = read(before, content.get("look"))
        parts: dict[str, Any] = {}
        told: dict[str, Any] = {"problem": UNFORESEEN, "answered": number}
        try:
            told, parts = self._drawn(number)
        finally:
            # Whatever happened, the browser waits no longer, and the last good drawing stays.
            if not parts:
                self._look = before
            with self.hold_sync():
                for name, part in parts.items():
                    self.set_trait(name, part)
                self.told = {**self.told, **told}


def _told(found: Assembled) -> dict[str, Any]:
    return {
        "state": found.state,
        "label": found.label,
        "writes": found.read.writes,
        "unknown": list(found.unknown),
        "checks": _verdicts(found.checks),
        "problem": "",
    }


def _verdicts(checks: tuple[Check, ...]) -> dict[str, Any]:
    """Return how many checks hold, and what is said of each that does not."""
    return {
        "hold": sum(check.holds for check in checks),
        "fail": [f"{one}. {one.meaning}".strip() for one in checks if one.verdict == "fails"],
    }
