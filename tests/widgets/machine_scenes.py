"""Scenes of the drawing, as a page would send them of small models, and a Node that holds them."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.widgets.kit import script
from components.widgets.machine import INKS
from components.widgets.machine.assembled import Assembled, assembled
from components.widgets.machine.look import DEFAULT, Look
from tests import tiny
from tests.widgets.test_kit import NODE, WIDGETS

MACHINE = WIDGETS / "machine"
HERE = Path(__file__).parent
TEXT = "The old key."
LOOKS = {
    "gpt2 closed": ("gpt2", DEFAULT, 1140),
    "gpt2 open, pushed": ("gpt2", replace(DEFAULT, open=1, head=2, push=True), 1400),
    "llama open": ("llama", replace(DEFAULT, open=2, head=3, token=4, step="scores"), 1400),
    "mixture open": ("mixtral", replace(DEFAULT, open=0, step="masked"), 1140),
    "gpt2 narrow": ("gpt2", replace(DEFAULT, open=1, token=0), 500),
    "bert, a token off": ("bert_classifier", replace(DEFAULT, off=("head 0.1", "mlp 2")), 980),
    "bart closed": ("bart", DEFAULT, 1140),
    "bart across": ("bart", replace(DEFAULT, open=1, cross=True, head=1), 1400),
    "t5's encoder open": ("t5", replace(DEFAULT, stack="encoder", open=1, token=3), 1400),
    "a long text": ("llama", replace(DEFAULT, token=70), 1140),
}
"""By name: a family, where the reader is, and how wide the drawing is."""
LONG = {"a long text"}
"""Scenes of a text of more tokens than are drawn."""


def found(family: str, look: Look, text: str = TEXT) -> Assembled:
    """Return what is drawn of one look."""
    model = replace(tiny.model(family), context=400)
    return assembled(lambda inspection, *given: inspection(model, *given), text, look)


def given(name: str) -> dict[str, Any]:
    """Return what the scene of that name is made from."""
    family, look, width = LOOKS[name]
    made = found(family, look, TEXT * 30 if name in LONG else TEXT)
    return {"parts": made.parts, "state": made.state, "width": width}


MODULES = ("hits", "keys", "words", "layout", "data", "drawing", "inks", "pen", "scene")
LOOP = """
const scenes = {};
for (const [name, one] of Object.entries(GIVEN)) scenes[name] = sceneFrom(one);
const { createInterface } = await import("node:readline");
for await (const line of createInterface({ input: process.stdin })) {
  let told;
  try {
    const [name, text] = JSON.parse(line), scene = name && { ...scenes[name] };
    told = { value: eval(text) ?? null };
  } catch (error) { told = { error: String(error.stack) }; }
  console.log(JSON.stringify(told));
}
"""


class Scenes:
    """A Node that holds scenes, and answers one expression about one of them at a time."""

    def __init__(self, names: Mapping[str, dict[str, Any]]) -> None:
        drawn = script(*(MACHINE / f"{name}.js" for name in MODULES), INKS=INKS)
        scene = (HERE / "machine_scenes.js").read_text(encoding="utf-8")
        loop = LOOP.replace("GIVEN", json.dumps(names, allow_nan=False))
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "scenes.mjs"
        file.write_text("\n".join((drawn, scene, loop)), encoding="utf-8")
        assert NODE is not None
        self.node = subprocess.Popen(
            [NODE, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, name: str, expression: str) -> Any:
        """Return what `expression` is worth, in which `scene` is that of the name."""
        assert self.node.stdin is not None and self.node.stdout is not None
        self.node.stdin.write(json.dumps([name, expression]) + "\n")
        self.node.stdin.flush()
        told = json.loads(self.node.stdout.readline())
        assert "error" not in told, told["error"]
        return told.get("value")

    def close(self) -> None:
        """End it."""
        assert self.node.stdin is not None and self.node.stdout is not None
        self.node.stdin.close()
        self.node.wait(10)
        self.node.stdout.close()
        self.folder.cleanup()
