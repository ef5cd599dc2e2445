"""The kit: every component is put together by it, and none says again what it has."""

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from components.figures import theme
from components.figures.numbers import percent
from components.figures.visible import visible
from components.widgets import kit, sampling_playground
from components.widgets.kit import GIVEN, in_order, last_release, script, style

KIT = Path(kit.__file__).parent
WIDGETS = KIT.parent
COMPONENTS = sorted(path.parent for path in WIDGETS.glob("*/*.js") if path.stem == path.parent.name)
NODE = shutil.which("node")
IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
DEFINED = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
EXPORTED = re.compile(r"^export (?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def text(path):
    return path.read_text(encoding="utf-8")


def run(program):
    if NODE is None:
        pytest.skip("Node is not on this machine")
    done = subprocess.run(
        [NODE, "--input-type=module"], input=program, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


INLINE = {"frame.py", "full_screen.py", "while_typing.py"}
"""Components of a few lines, which have no file of their own and draw no data."""


def test_streamlit_is_given_scripts_in_one_place():
    python = [path for path in WIDGETS.rglob("*.py") if path.name not in INLINE]
    assert [path for path in python if "components.v2" in text(path)] == [KIT / "__init__.py"]
    reads = re.compile(r"""["'}][\w/]*\.(?:js|css)["']""")
    assert [path for path in python if reads.search(text(path))] == [KIT / "__init__.py"]


def test_every_script_and_style_sheet_belongs_to_a_component():
    assert len(COMPONENTS) >= 7
    used = {path for folder in COMPONENTS for path in in_order(folder / f"{folder.name}.js")}
    assert set(WIDGETS.rglob("*.js")) == used
    sheets = {folder / f"{folder.name}.css" for folder in COMPONENTS} | {KIT / "kit.css"}
    assert set(WIDGETS.rglob("*.css")) == sheets


def test_no_component_defines_what_the_kit_has():
    kits = {name for path in KIT.glob("*.js") for name in DEFINED.findall(text(path))}
    assert {"element", "visible", "percent", "isDark", "walk", "Dragged"} <= kits
    again = {
        path.relative_to(WIDGETS).as_posix(): sorted(kits & set(DEFINED.findall(text(path))))
        for path in WIDGETS.rglob("*.js")
        if path.parent != KIT
    }
    assert {path: names for path, names in again.items() if names} == {}


def test_what_the_kit_does_is_not_done_beside_it():
    """Making elements, watching sizes and frames, reading the theme, saving files."""
    own = re.compile(
        r"document\.createElement|requestAnimationFrame|new ResizeObserver|new WeakMap"
        r"|\.download =|\bbtoa\(|\batob\("
    )
    found = {path.name for path in WIDGETS.rglob("*.js") if own.search(text(path))}
    assert found == {
        path.name for path in KIT.glob("*.js") if own.search(text(path))
    } and found >= {"elements.js", "dragged.js", "live.js", "saving.js", "bytes.js", "colours.js"}


def test_the_kit_has_nothing_that_only_one_component_uses_or_none():
    """Numbers and text are of a kind; all else has to serve two."""
    users = Counter(
        (path.parent / name).resolve().name
        for folder in COMPONENTS
        for path in folder.glob("*.js")
        for name in {name for _, name in IMPORT.findall(text(path))}
        if (path.parent / name).resolve().parent == KIT
        for _ in [0]
    )
    assert set(users) == {path.name for path in KIT.glob("*.js")} and min(users.values()) >= 2


@pytest.mark.parametrize("path", sorted(WIDGETS.rglob("*.js")), ids=lambda path: path.name)
def test_a_module_imports_what_there_is_and_uses_it(path):
    for names, file in IMPORT.findall(text(path)):
        if file.endswith(GIVEN):
            continue
        there = EXPORTED.findall(text(path.parent / file))
        body = IMPORT.sub("", text(path))
        for name in (name.strip() for name in names.split(",")):
            assert name in there, f"{file} exports no {name}"
            assert re.search(rf"\b{name}\b", body), f"{name} is imported and not used"


@pytest.mark.parametrize("folder", COMPONENTS, ids=lambda folder: folder.name)
def test_a_component_is_one_script_in_which_no_name_is_taken_twice(folder, tmp_path):
    whole = script(folder / f"{folder.name}.js", TABLE=sampling_playground.TABLE)
    assert not re.search("^import ", whole, re.MULTILINE)
    assert whole.count("export default live(") == 1
    if NODE:
        file = tmp_path / "whole.mjs"
        file.write_text(whole, encoding="utf-8")
        done = subprocess.run([NODE, "--check", str(file)], capture_output=True, text=True)
        assert done.stderr == ""
    assert style(folder).startswith(text(KIT / "kit.css"))


def test_a_module_that_two_use_is_there_once_and_above_both(tmp_path):
    (tmp_path / "a.js").write_text(
        'import { b } from "./b.js";\nimport { X } from "./given.js";\nexport default b(X);\n'
    )
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\nexport const b = c;\n')
    (tmp_path / "c.js").write_text("export const c = (x) => x;\n")
    assert script(tmp_path / "a.js", tmp_path / "c.js", X=[1]) == (
        "const X = [1];\nconst c = (x) => x;\nconst b = c;\nexport default b(X);"
    )
    with pytest.raises(OSError, match="missing"):
        (tmp_path / "d.js").write_text('import { e } from "./missing.js";\n')
        script(tmp_path / "d.js")


def test_the_colours_are_those_of_the_figures():
    css = text(KIT / "kit.css")
    blocks = re.findall(r"\.live(?:\.dark)? \{([^}]*)\}", css)[:2]
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in blocks)
    assert [light[f"t{n}"] for n in range(6)] == list(theme.TINTS)
    assert [dark[f"t{n}"] for n in range(6)] == list(theme.TINTS_DARK)
    named = {"probability": theme.PROBABILITY, "query": theme.QUERY, "key": theme.KEY}
    assert {name: light[name] for name in named} == named
    assert {name: dark[name] for name in named} == {
        name: theme.DARK[colour] for name, colour in named.items()
    }
    assert light["highlight"] == theme.HIGHLIGHT


SHARES = [0, 1, 0.5, 0.0123, 0.0004, 0.001, 0.00099, 0.0994, 0.0996, 0.9994, 0.9997, 0.25, 1e-9]


def test_percentages_are_written_as_in_the_figures():
    program = script(KIT / "numbers.js")
    program += f"console.log(JSON.stringify({SHARES}.map(percent)))"
    assert json.loads(run(program)) == [percent(share) for share in SHARES]


TEXTS = [" the", "a\tb\r\nc", "é <b>&\"'", "", "鸟 🎵"]


def test_signs_are_those_of_the_figures():
    program = script(KIT / "text.js")
    program += f"console.log(JSON.stringify({json.dumps(TEXTS)}.map(visible)))"
    assert json.loads(run(program)) == [visible(each) for each in TEXTS]
    shown = run(script(KIT / "text.js") + r"console.log(visible('\u0000\u001b\u007f'))")
    assert shown == "␀␛␡\n"


PAGE = """
let frames = [], sent = [];
globalThis.requestAnimationFrame = (draw) => frames.push(draw);
globalThis.ResizeObserver = class { observe() {} disconnect() {} };
class View extends Dragged {
  constructor() { super({ isConnected: true }); this.at = "O"; this.drawn = 0; }
  state() { return this.at; }
  draw() { this.drawn += 1; return this.at; }
  tell(result) { return { at: result }; }
  take(subject, state, release) {
    const brought = this.brings(subject, state, release, (_, value) => sent.push(value));
    if (brought) this.at = state;
    this.redraw(brought);
    this.next();
  }
  drag(to, released = true) { this.at = to; this.redraw(released); this.next(); }
  next() { frames.splice(0).forEach((draw) => draw(0)); }
}
const view = new View();
view.take("s", "O", 0);
"""


def dragged(steps, shown):
    program = script(KIT / "dragged.js") + PAGE + steps
    return json.loads(run(f"{program}\nconsole.log(JSON.stringify({shown}))"))


@pytest.mark.parametrize(
    ("steps", "at"),
    [
        # The answer to a release changes nothing, and neither does a run that has no news.
        ("view.drag('A'); view.take('s', 'A', 1);", "A"),
        ("view.drag('A'); view.take('s', 'A', 1); view.take('s', 'A', 1);", "A"),
        # Nor does it take back what was dragged since, released or not.
        ("view.drag('A'); view.drag('B'); view.take('s', 'A', 1);", "B"),
        ("view.drag('A'); view.drag('B', false); view.take('s', 'A', 1);", "B"),
        ("view.drag('A'); view.take('s', 'O', 0);", "A"),
        ("view.drag('A'); view.drag('B'); view.drag('A'); view.take('s', 'B', 2);", "A"),
        # What somebody else sets is taken over: also what was dragged to once before.
        ("view.take('s', 'P', 0);", "P"),
        ("view.drag('A'); view.take('s', 'A', 1); view.take('s', 'O', 1);", "O"),
        ("view.drag('A'); view.drag('B'); view.take('s', 'B', 2); view.take('s', 'A', 2);", "A"),
        ("view.drag('A'); view.take('s', 'P', 1);", "P"),
        # Other logits come with their own state, whatever was released before.
        ("view.drag('A'); view.take('t', 'O', 0);", "O"),
    ],
)
def test_who_has_the_last_word_on_what_is_dragged(steps, at):
    assert dragged(steps, "view.at") == at


def test_a_script_is_sent_without_its_comments(tmp_path):
    (tmp_path / "one.js").write_text(
        "/* What\n * it is. */\nexport function f() {\n  // why\n  return 1; // stays\n}\n"
        "/* a */ const kept = 2;\n/* b */\n\nconst url = `http://x\n  y`;\n"
    )
    assert script(tmp_path / "one.js") == (
        "function f() {\nreturn 1; // stays\n}\n/* a */ const kept = 2;\nconst url = `http://x\ny`;"
    )


def test_a_release_is_told_once_and_numbered():
    steps = "view.drag('A', false); view.drag('A'); view.drag('A'); view.drag('B');"
    assert dragged(steps, "sent") == [
        {"release": number, "signature": "s", "at": at}
        # What a run brought is told with no number of its own: the next message is the same then.
        for number, at in enumerate(["O", "A", "B"])
    ]


def test_many_moves_are_drawn_once_in_a_frame():
    steps = "for (let i = 0; i < 9; i++) view.redraw(); view.next();"
    assert dragged(steps, "view.drawn") == 2


@pytest.mark.parametrize(
    ("held", "number"),
    [
        ({}, 0),
        ({"k": {"released": None}}, 0),
        ({"k": {"released": {"release": 4}}}, 4),
        ({"k": {"released": {"release": "4"}}}, 0),
        ({"k": {"released": "nonsense"}}, 0),
        ({"k": {"released": {"release": True}}}, 0),
    ],
)
def test_the_last_release_is_read_with_care(held, number, monkeypatch):
    monkeypatch.setattr(kit.st, "session_state", held)
    assert last_release("k") == number


WALL = """
const all = Array.from({ length: 7 }, (_, i) => ({
  tabIndex: 0, focus() { focused = i; },
  getBoundingClientRect: () => ({ left: 30 * (i % 3), width: 20, top: 40 * Math.floor(i / 3) }),
}));
let focused = null, prevented = 0;
reachable(all, 1);
const press = (here, key) => {
  focused = null;
  const walked = walk({ target: all[here], key, preventDefault: () => { prevented += 1; } }, all);
  return [walked, focused, all.map((each) => each.tabIndex)];
};
"""


@pytest.mark.parametrize(
    ("here", "key", "to"),
    [
        (1, "ArrowRight", 2),
        (2, "ArrowRight", 3),
        (6, "ArrowRight", 6),
        (0, "ArrowLeft", 0),
        (1, "ArrowDown", 4),
        (4, "ArrowUp", 1),
        (4, "ArrowDown", 6),
        (1, "ArrowUp", 1),
        (3, "Home", 0),
        (3, "End", 6),
    ],
)
def test_keys_walk_over_rows_wherever_they_break_and_tab_reaches_one(here, key, to):
    """Seven elements in rows of three: the last row has one."""
    shown = json.dumps([here, key])
    walked, focused, stops = json.loads(
        run(f"{script(KIT / 'walking.js')}{WALL}console.log(JSON.stringify(press(...{shown})))")
    )
    assert walked and focused == to
    assert stops[to] == 0
    assert stops.count(0) == 1 + (here != 1 and to != 1)


def test_other_keys_are_left_to_the_page():
    program = f"{script(KIT / 'walking.js')}{WALL}console.log(press(1, 'Tab')[0], prevented)"
    assert run(program) == "false 0\n"


def test_bytes_come_back_as_they_went():
    program = script(KIT / "bytes.js")
    program += "const a = Float32Array.from({ length: 40000 }, (_, i) => i / 7);"
    program += "const b = new Float32Array(bytesOf(base64Of(a)).buffer);"
    program += "console.log(a.length === b.length && a.every((x, i) => x === b[i]));"
    assert run(program) == "true\n"
