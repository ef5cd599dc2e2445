"""What live components are made of: common modules and colours, and how they are put together.

A component is a folder: Python that says what it is given, a script and a style sheet that are
called like the folder, and further modules beside them. Modules import each other and the kit's as
any JavaScript does. Streamlit takes a component's script as one text: they are joined here, and
served as one file (`components/scripts.py`).
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import streamlit as st

from components import scripts

GIVEN: Final = "given.js"
"""No file: what Python gives a script is imported from there."""
_HERE: Final = Path(__file__).parent
_IMPORT: Final = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *(/\*(?:(?!\*/).)*\*/|//[^\n]*)$", re.MULTILINE | re.DOTALL)
"""One that has its lines for itself."""
_EXPORT: Final = re.compile(r"^export (?!default)", re.MULTILINE)


def component(file: str, **given: object) -> Any:
    """Return the component whose Python is `file`, ready to be drawn; `given` as in `script`.

    Its place on the page is a `div` of the class "live" and of the folder's name, with dashes.
    """
    folder = Path(file).parent
    shown = folder.name.replace("_", "-")
    return st.components.v2.component(
        folder.name,
        # With a line break in it, Streamlit does not take this for the path of a file.
        html=f'<div class="frame">\n<div class="live {shown}"></div></div>',
        css=style(folder),
        js=scripts.sent(script(folder / f"{folder.name}.js", **given)),
    )


def script(*modules: Path, **given: object) -> str:
    """Return `modules` and all that they import as one module, each once, below what it uses.

    `given` are the names, and the values as JSON, that they import from `GIVEN`. Only a default
    export stays one.

    Raises:
        OSError: a module is imported that there is not.
    """
    texts = [f"const {name} = {json.dumps(value)};\n" for name, value in given.items()]
    for path in in_order(*modules):
        texts.append(_EXPORT.sub("", _IMPORT.sub("", path.read_text(encoding="utf-8"))))
    # A component is sent with its script: comments and what stands before a line stay here.
    lines = (line.strip() for line in _COMMENT.sub("", "\n".join(texts)).splitlines())
    return "\n".join(filter(None, lines))


def in_order(*modules: Path) -> list[Path]:
    """Return the files of `modules` and of all that they import, each below those it uses."""
    found: list[Path] = []

    def add(path: Path) -> None:
        if path in found or path.name == GIVEN:
            return
        for name in _IMPORT.findall(path.read_text(encoding="utf-8")):
            add((path.parent / name).resolve())
        found.append(path)

    for module in modules:
        add(module.resolve())
    return found


def style(folder: Path) -> str:
    """Return the kit's style sheet, and below it the component's own."""
    sheets = (_HERE / "kit.css", folder / f"{folder.name}.css")
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


def last_release(key: str) -> int:
    """Return how many times the component `key` has told what was dragged, as far as is known."""
    told = (st.session_state.get(key) or {}).get("released")
    # What a browser sends is input like any other: read with care.
    number = told.get("release") if isinstance(told, Mapping) else None
    return number if isinstance(number, int) and number is not True else 0
