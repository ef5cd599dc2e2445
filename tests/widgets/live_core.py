"""Run the live component's arithmetic where a test can see it: in Node, or in Chromium."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from components.inspection.sampling.settings import Settings
from components.widgets import sampling_playground
from components.widgets.kit import script

FOLDER = Path(sampling_playground.__file__).parent
CORE = script(FOLDER / "core.js", FOLDER / "digest.js", TABLE=sampling_playground.TABLE)
ANSWER = """
function answer({ logits, history, settings, penaltiesBefore }) {
  const numbers = logits.map((x) => (x === null ? -Infinity : x));
  const prepared = prepare(Float32Array.from(numbers), history);
  // What was dragged before must leave no trace.
  if (penaltiesBefore) processLogits(prepared, { ...OFF, ...penaltiesBefore });
  const result = processLogits(prepared, settings);
  const ids = [], shares = [];
  for (let r = result.low; r < result.high; r++) {
    ids.push(result.order[r]);
    shares.push(result.share(r));
  }
  return { ids, shares, stages: result.stages, digest: digest(result),
    penalties: Object.keys(PENALTIES), cuts: Object.keys(CUTS) };
}
"""
NODE_LOOP = """
const lines = (await import("node:readline")).createInterface({ input: process.stdin });
for await (const line of lines) {
  let said;
  try { said = answer(JSON.parse(line)); } catch (error) { said = { error: error.stack }; }
  console.log(JSON.stringify(said));
}
"""


class Live(Protocol):
    def __call__(
        self,
        logits: Sequence[float | None],
        history: Sequence[int],
        settings: Settings,
        penalties_before: dict[str, float] | None = None,
    ) -> dict[str, Any]: ...


def question(
    logits: Sequence[float | None],
    history: Sequence[int],
    settings: Settings,
    penalties_before: dict[str, float] | None,
) -> dict[str, Any]:
    return {
        "logits": list(logits),
        "history": list(history),
        "settings": asdict(settings),
        "penaltiesBefore": penalties_before,
    }


@contextmanager
def in_node(folder: Path, core: str = CORE) -> Iterator[Live]:
    node = shutil.which("node")
    assert node
    program = folder / "live_core.mjs"
    program.write_text(core + ANSWER + NODE_LOOP, encoding="utf-8")
    with subprocess.Popen(
        [node, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def live(logits, history, settings, penalties_before=None):  # type: ignore[no-untyped-def]
            asked = question(logits, history, settings, penalties_before)
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            said = json.loads(process.stdout.readline())
            assert "error" not in said, said["error"]
            return said

        yield live
        process.stdin.close()


@contextmanager
def in_chromium() -> Iterator[Live]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.add_script_tag(content=CORE + ANSWER)

        def live(logits, history, settings, penalties_before=None):  # type: ignore[no-untyped-def]
            return page.evaluate("answer", question(logits, history, settings, penalties_before))

        yield live
        browser.close()
