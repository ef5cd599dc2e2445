"""The component's JavaScript, its modules written one after another as one.

A component's script is handed to Streamlit as one text; modules keep it readable and let
its arithmetic be tested alone. `table.js`, which they import, is no file: the rows of the settings
are written there, before all others.
"""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Final

from components.inspection.sampling.settings import RANGES

MODULES: Final = (
    "core.js",
    "digest.js",
    "format.js",
    "rows.js",
    "line.js",
    "curve.js",
    "panel.js",
    "picture.js",
    "playground.js",
)
"""In order: each uses only those before it."""


def script(modules: tuple[str, ...] = MODULES) -> str:
    """Return the table and the modules as one; only the default export stays exported."""
    folder = Path(__file__).parent
    source = "\n".join((folder / name).read_text(encoding="utf-8") for name in modules)
    source = f"const TABLE = {json.dumps([asdict(row) for row in RANGES.values()])};\n{source}"
    source = re.sub(r"^import [^;]*;$", "", source, flags=re.MULTILINE)
    return re.sub(r"^export (?!default)", "", source, flags=re.MULTILINE)


def style() -> str:
    """Return the component's style sheet."""
    return (Path(__file__).parent / "playground.css").read_text(encoding="utf-8")
