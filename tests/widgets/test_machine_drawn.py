"""The whole drawing of the machine in Node, by the pen that writes SVG, and its pure parts."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from components.widgets.machine.look import DEFAULT
from components.widgets.machine.payload import shown
from pages.inside.forward_pass.tour_words import STOPS
from tests.widgets.machine_scenes import LOOKS, Scenes, found, given
from tests.widgets.test_kit import NODE

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node on this machine")
NAMES = [*LOOKS, "a number open", "a stream of no numbers", "in another stack"]
DRAWN = """(() => {
  const pen = new SvgPen(scene.place.width, scene.place.height, "#FFF");
  DRAW
  return pen.written();
})()"""
WRONG = re.compile(r"NaN|undefined|null|Infinity|\[object")


@pytest.fixture(scope="module")
def scenes():
    made = {name: given(name) for name in LOOKS}
    look = replace(DEFAULT, open=1, station="query", index=3, off=("mlp 0",))
    number = found("llama", look)
    made["a number open"] = {"parts": number.parts, "state": number.state, "width": 1400}
    made["a stream of no numbers"] = given("gpt2 closed")
    other = given("bart closed")
    made["in another stack"] = other | {"state": other["state"] | {"stack": "encoder", "place": 0}}
    held = Scenes(made)
    yield held
    held.close()


def drawn(scenes, name, draw):
    svg = scenes.ask(name, DRAWN.replace("DRAW", draw))
    assert not WRONG.search(svg), WRONG.search(svg)
    return ET.fromstring(svg)


@pytest.mark.parametrize("name", NAMES)
def test_all_of_it_is_drawn_with_numbers(scenes, name):
    spoil = ""
    if name == "a stream of no numbers":
        spoil = """const river = scene.overview.rivers[0];
        for (const each of ["norms", "attention", "mlp"]) river[each] = river[each].map((one, i) =>
          i % 3 ? one : i % 2 ? NaN : Infinity);
        river.ruler = ruler(river);
        for (const arc of Object.values(scene.path.arcs)) arc[0] = NaN;"""
    root = drawn(scenes, name, f"{spoil} drawAll(pen, scene);")
    texts = {"".join(each.itertext()) for each in root.iter() if each.tag.endswith("text")}
    assert {"tokens", "heads", "MLP"} <= texts
    width, height = float(root.get("width")), float(root.get("height"))
    for each in root.iter():
        if each.tag.endswith(("text", "image")):
            assert -2 <= float(each.get("x")) <= width and -2 <= float(each.get("y")) <= height


@pytest.mark.parametrize("name", NAMES)
def test_what_is_pointed_at_and_where_the_tour_stands_is_lit(scenes, name):
    stations = json.dumps(sorted({stop.station for stop in STOPS} | {"nothing"}))
    root = drawn(
        scenes,
        name,
        f"""for (const {{ x, y }} of thingsOf(scene)) drawHover(pen, scene, hitAt(scene, x, y));
        for (const station of {stations}) drawStop(pen, scene, station);""",
    )
    rects = [each for each in root.iter() if each.tag.endswith("rect")]
    assert len(rects) > 20
    assert all(float(each.get("width").rstrip("%")) >= 0 for each in rects)


def test_the_lens_is_said_in_runs(scenes):
    runs = scenes.ask(
        NAMES[0],
        """["aab", "a", "aba", ""].map((all) => lensRuns({ answers: [...all].map((one) => [one]) })
          .map(({ words, from, to }) => [words, from, to]))""",
    )
    assert runs == [
        [["a", 0, 1], ["b", 2, 2]],
        [["a", 0, 0]],
        [["a", 0, 0], ["b", 1, 1], ["a", 2, 2]],
        [],
    ]


def test_words_are_as_long_as_there_is_room(scenes):
    words = ["", "word", "a long run of words", "名前は🐈🐈です"]
    for text in words:
        for most in (0, 1, 2, 5, 9, 50):
            cut = scenes.ask(
                NAMES[0], f"shortened({json.dumps(text)}, {most}, (one) => [...one].length)"
            )
            assert len(cut) <= most or not text
            if len(text) > most:
                assert cut == (text[: most - 1] + "…" if most > 1 else "")
            else:
                assert cut == text


@pytest.mark.parametrize(
    "token", ["<b>", "&amp;", '"', "\x00", "\x1b[0m", "\ud800", "￾", "\n", "‮abc", "]]>", ""]
)
def test_any_token_is_text_in_the_file(scenes, token):
    text = json.dumps(shown(token))
    root = drawn(scenes, NAMES[0], f"pen.text(1, 2, {text}, {{ fill: '#000', most: 400 }});")
    said = "".join(root[-1].itertext())
    # What XML cannot say at all is a sign that stands for it.
    assert said == re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe]", "�", shown(token))
