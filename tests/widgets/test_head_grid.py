"""Thumbnails: levels in Python, colours in the browser."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.figures import theme
from components.widgets import head_grid, settled
from components.widgets.head_grid import HIDDEN, LEVELS, SIDE, names, opening, thumbnail
from components.widgets.kit import script

NODE = shutil.which("node")
FOLDER = Path(head_grid.__file__).parent
PIXELS = script(
    FOLDER / "shares.js", FOLDER.parent / "kit" / "pixels.js", FOLDER.parent / "kit" / "bytes.js"
)


def test_levels_say_the_weights():
    weights = np.array([[1, 0], [0.25, 0.75]], dtype=np.float32)
    levels = thumbnail(weights, np.tri(2, dtype=bool), log=False)
    assert levels.tolist() == [[LEVELS, HIDDEN], [64, 190]]


def test_the_logarithmic_levels_tell_small_weights_apart():
    weights = np.array([[1, 0.1, 0.01, 0.0001, 0]], dtype=np.float32)
    levels = thumbnail(weights, np.ones((1, 5), bool), log=True)
    assert levels[0].tolist() == [254, 190, 127, 0, 0]


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300))
def test_a_thumbnail_is_small_and_shows_the_largest_weight(rows, columns):
    weights = np.zeros((rows, columns), dtype=np.float32)
    weights[rows // 2, columns // 3] = 1
    levels = thumbnail(weights, np.ones((rows, columns), bool), log=False)
    assert max(levels.shape) <= SIDE
    assert levels.max() == LEVELS and (levels == LEVELS).sum() == 1


def test_a_cell_is_hidden_only_if_all_of_it_is():
    visible = np.zeros((128, 128), bool)
    visible[1, 0] = True
    levels = thumbnail(np.zeros((128, 128), np.float32), visible, log=False)
    assert levels[0, 0] == 0 and (levels == HIDDEN).sum() == SIDE * SIDE - 1


@pytest.mark.skipif(NODE is None, reason="no Node on this machine")
def test_the_browser_paints_a_level_as_the_theme_colours_it():
    levels = np.array([0, 127, 254, 255], dtype=np.uint8)
    text = base64.b64encode(levels.tobytes()).decode()
    program = f"""{PIXELS}
    const colours = palette({json.dumps(theme.ATTENTION)});
    console.log(JSON.stringify([...paint(bytesOf({json.dumps(text)}), 1, 3, colours)]));
    """
    done = subprocess.run(
        [NODE, "--input-type=module"], input=program, capture_output=True, text=True, check=True
    )
    middle, dark, clear = np.array(json.loads(done.stdout)).reshape(3, 4).tolist()
    assert middle == [155, 132, 201, 255]  # #9B84C9, at one half
    assert dark == [63, 29, 120, 255]  # #3F1D78, at one
    assert clear[3] == 0


@pytest.mark.skipif(NODE is None, reason="no Node on this machine")
@pytest.mark.parametrize(
    ("weight", "log", "said"),
    [
        (1.0, False, "≈ 100%"),
        (0.25, False, "≈ 25%"),
        (0.0, False, "≈ 0%"),
        (1.0, True, "≈ 100%"),
        (0.1, True, "≈ 10%"),
        (0.003, True, "≈ 0.3%"),
        (0.0, True, "0.01% or less"),
    ],
)
def test_the_browser_reads_a_weight_back_off_its_level(weight, log, said):
    level = thumbnail(np.array([[weight]], np.float32), np.ones((1, 1), bool), log)[0, 0]
    said_by = f"console.log(shareOf({level}, {json.dumps(log)}), '|', shareOf({HIDDEN}, true));"
    done = subprocess.run(
        [NODE, "--input-type=module"],
        input=PIXELS + said_by,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("|") == [f"{said} ", " \n"]


@settings(deadline=None)
@given(st.integers(1, 300))
def test_there_is_a_name_for_each_row_of_a_thumbnail(tokens):
    cells = thumbnail(np.zeros((tokens, 1), np.float32), np.ones((tokens, 1), bool), False)
    texts = [f"t{place}" for place in range(tokens)]
    found = names(texts, len(cells))
    assert len(found) == len(cells)
    size = -(-tokens // SIDE)
    assert [name.split()[0] for name in found] == texts[::size]


def test_a_head_is_drawn_from_its_own_layer_whatever_its_number(monkeypatch):
    """In a hybrid, layers 1 and 3 attend: they are the first two of the weights."""
    sent: dict[str, object] = {}
    monkeypatch.setattr(head_grid, "_COMPONENT", lambda **given: sent.update(given))
    weights = np.zeros((2, 1, 1, 1), np.float32)
    weights[1] = 1.0
    cells = [
        head_grid.HeadCell(place, number, 0, "mixed", "#000000", ())
        for place, number in ((0, 1), (1, 3))
    ]
    opened: list[tuple[int, int]] = []
    head_grid.head_grid(
        weights,
        np.ones((2, 1, 1), bool),
        (["a"], ["a"]),
        cells,
        1,
        [(0, "#FFFFFF")],
        False,
        (3, 0),
        "heads",
        lambda layer, head: opened.append((layer, head)),
    )
    data = sent["data"]
    assert list(base64.b64decode(data["levels"])) == [0, LEVELS]
    assert [head["layer"] for head in data["heads"]] == [1, 3]
    assert data["selected"] == 1
    monkeypatch.setattr(head_grid.st, "session_state", {"heads": {"opened": 1}})
    sent["on_opened_change"]()
    assert opened == [(3, 0)]


ROW = SimpleNamespace(tells=lambda *_keys: None)


class Link(dict[str, str]):
    """An address, as Streamlit reads it."""

    def get_all(self, key: str) -> list[str]:
        """Return all values of a key."""
        return [self[key]] if key in self else []


@pytest.mark.parametrize(
    ("held", "link", "found"),
    [
        ({}, {}, (1, 0)),
        ({"layer": "3", "head": "1"}, {"layer": "1"}, (3, 1)),
        ({}, {"layer": "3", "head": "1"}, (3, 1)),
        ({}, {"layer": "2", "head": "x"}, (1, 0)),
    ],
)
def test_the_head_that_other_views_show_is_marked(held, link, found, monkeypatch):
    """In a hybrid whose layers 1 and 3 attend."""
    state = dict(held)
    monkeypatch.setattr(opening.st, "session_state", state)
    monkeypatch.setattr(opening.st, "query_params", Link(link))
    assert opening.chosen(ROW, (1, 3), range(2)) == found
    opening.open_head("One head", 3, 1)
    chosen = {key: state[key] for key in ("layer", "head", "view")}
    assert chosen == {"layer": "3", "head": "1", "view": "One head"}


def test_what_a_link_asks_for_in_vain_is_told(monkeypatch):
    monkeypatch.setattr(opening.st, "session_state", {})
    monkeypatch.setattr(opening.st, "query_params", Link(layer="99"))
    assert opening.chosen(ROW, (0, 1), range(2)) == (0, 0)
    (said,) = settled.corrections(["layer", "head"])
    assert said == "The link asks for Layer “99”; there is: 0, 1. Using 0."
