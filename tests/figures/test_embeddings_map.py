"""Colours of tokens on a map, what is sent of it to the browser, and its tables."""

import base64
import json
import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pytest

from components.figures import theme
from components.figures.embeddings import inks
from components.figures.embeddings.token_map import (
    axes_of,
    map_figure,
    map_table,
    scores_figure,
    seeds_figure,
)
from components.inspection.embeddings import finding
from components.inspection.embeddings.faithful import Scores
from components.inspection.embeddings.maps import Settings
from components.inspection.embeddings.other_maps import OtherSeed
from components.inspection.embeddings.table import KINDS
from components.inspection.embeddings.token_map import TokenMap, token_map
from components.inspection.load import load_model
from components.widgets import point_map
from components.widgets.kit import script

FOLDER = Path(point_map.__file__).parent


@pytest.fixture(scope="module")
def found() -> TokenMap:
    return token_map(load_model("storyteller"), "input", 400, Settings("PCA"))


def test_kinds_have_colours_of_their_own_and_only_those_there_are_are_explained():
    kinds = np.array([0, 0, 3, 6], np.int8)
    drawn = inks.of_kinds(kinds)
    assert drawn.levels.tolist() == [0, 0, 3, 6] and drawn.levels.dtype == np.uint8
    assert drawn.legend == [(0, "begins a word 2"), (3, "punctuation 1"), (6, "special 1")]
    for colours in (drawn.light, drawn.dark):
        assert len(set(colours)) == len(KINDS)


def test_numbers_go_from_the_first_colour_to_the_last_and_what_has_none_is_grey():
    drawn = inks.of_numbers(np.array([0, 1, 10, 100]), ("1", "100"), log=True, missing="none")
    assert drawn.levels.tolist() == [0, 1, 33, 64] and drawn.faint == (0,)
    assert drawn.legend == [(0, "none 1")] and len(drawn.light) == len(drawn.dark) == 65
    same = inks.of_numbers(np.array([2.0, 2.0]), ("2", "2"))
    assert same.levels.tolist() == [1, 1] and not same.legend
    assert inks.of_numbers(np.zeros(3), ("", ""), missing="none").levels.tolist() == [0, 0, 0]


def test_letters_are_those_that_a_token_begins_with():
    assert inks.of_letters([" apple", "##Zoo", "9", " é"]).levels.tolist() == [1, 64, 0, 0]


def test_what_is_lit_stands_before_all_others():
    drawn = inks.lit(np.array([False, True]), "in your prompt")
    assert drawn.levels.tolist() == [0, 1] and drawn.faint == (0,)
    assert drawn.legend[0] == (1, "in your prompt 1")


def test_a_table_says_where_a_token_lies_and_its_true_neighbours(found):
    table = map_table(found)
    assert len(table) == 400
    row = table.iloc[7]
    nearest = int(found.faithful.true[7, 0])
    assert row["neighbour 1"] == table["token"][nearest]
    assert row["distance 1"] == found.faithful.far[7, 0]
    assert (row["x"], row["y"]) == tuple(found.places[7])
    assert row["true neighbours in the picture"] == found.faithful.kept(7)


def test_the_page_to_take_away_has_lines_to_all_neighbours(found):
    figure = map_figure(found, inks.of_kinds(found.kinds), 5)
    points, true, seen = figure.data
    assert len(points.x) == len(points.text) == 400 and points.type == "scattergl"
    assert len(true.x) == len(seen.x) == 30
    assert true.x[0] == points.x[5] and true.x[1] == points.x[found.faithful.true[5, 0]]
    assert figure.layout.xaxis.title.text == axes_of(found)[0] == "first principal axis"


@pytest.mark.parametrize("dark", [False, True])
def test_of_two_seeds_the_token_is_ringed_otherwise_than_its_neighbours(found, dark):
    moved = found.places[:, ::-1].copy()
    share = np.zeros(len(moved))
    two = OtherSeed((1, 2), found.places, moved, share, 10, share.astype(np.float32), ())
    figure = seeds_figure(two, found.tokens, inks.of_kinds(found.kinds), [3, 4], 5)
    for places, (_, near, own) in zip(
        (found.places, moved), (figure.data[:3], figure.data[3:]), strict=True
    ):
        np.testing.assert_array_equal(np.c_[near.x, near.y], places[[3, 4]])
        np.testing.assert_array_equal(np.c_[own.x, own.y], places[[5]])
        assert (near.marker.line.color, own.marker.line.color) == (theme.QUERY, theme.NEGATIVE)
        assert own.marker.size > near.marker.size
    rings = {trace.marker.line.color for trace in theme.lit(figure, dark).data} - {None}
    assert len(rings) == 2


def test_scores_are_drawn_one_bar_each():
    figure = scores_figure([("PCA", Scores(0.6, 0.7, 0.02)), ("chance", Scores(0.5, 0.5, 0.01))])
    assert [list(bar.y) for bar in figure.data] == [[0.6, 0.5], [0.7, 0.5], [0.02, 0.01]]


def test_places_are_sent_in_two_bytes_with_their_shape():
    places = np.array([[0, 0], [10, 5], [2.5, 1]], np.float32)
    sent = point_map.quantized(places)
    assert sent.dtype == np.int16
    back = sent / (2 * point_map.RANGE) * 10
    np.testing.assert_allclose(back - back[0], places - places[0], atol=10 / 65_000)
    assert not point_map.quantized(np.ones((3, 2), np.float32)).any()


def test_what_is_sent_of_a_vocabulary_is_small(found, monkeypatch):
    whole = token_map(load_model("storyteller"), "input", 9_999, Settings("PCA"))
    sent = {}
    monkeypatch.setattr(point_map, "_COMPONENT", lambda **given: sent.update(given["data"]))
    around = point_map.Around(3, ((4, 0.5),), ((5, 0.75),), (), ("near", "made"))
    drawn = inks.of_kinds(whole.kinds)
    point_map.point_map(whole.places, whole.tokens, drawn, around, "a map", "map")
    assert len(json.dumps(sent)) < 45_000
    assert base64.b64decode(sent["levels"]) == whole.kinds.tobytes()
    assert len(sent["names"].split("\n")) == 2_560
    assert sent["lists"][1] == {"kind": "made", "words": "made", "points": [[5, "0.75"]]}


@pytest.mark.parametrize("told", [None, "3", True, -1, 400, float("nan")])
def test_what_is_no_point_is_not_looked_at(found, monkeypatch, told):
    asked, picked = {}, []
    monkeypatch.setattr(point_map, "_COMPONENT", lambda **given: asked.update(given))
    around = point_map.Around(0, (), (), (), ("", ""))
    drawn = inks.of_kinds(found.kinds)
    given = (found.places, found.tokens, drawn, around, "", "m")
    point_map.point_map(*given, on_picked=picked.append)
    monkeypatch.setattr(point_map.st, "session_state", {"m": {"picked": told}})
    asked["on_picked_change"]()
    assert picked == []
    point_map.st.session_state["m"]["picked"] = 399
    asked["on_picked_change"]()
    assert picked == [399]


@pytest.mark.parametrize(
    ("typed", "same"),
    [("#{id}", 0), ("#{id} whatever", 0), ("{text}", 0), ("{word}", 0), ("{upper}", 0)],
)
def test_a_token_is_found_by_what_is_typed(found, typed, same):
    word = next(at for at, token in enumerate(found.tokens) if token == " " + token.strip() != " ")
    text = found.tokens[word]
    asked = typed.format(
        id=found.ids[word], text=text.replace(" ", "·"), word=text.strip(), upper=text.upper()
    )
    point = finding.found_token(found, asked)
    assert found.tokens[point].strip().lower() == text.strip().lower()
    assert finding.found_token(found, "#999999") is None
    assert finding.found_token(found, "no such token at all") is None
    assert finding.found_token(found, " · ") is None


def test_a_map_begins_with_the_longest_word_of_the_prompt(found):
    words = [at for at, kind in enumerate(found.kinds) if KINDS[kind] == "begins a word"]
    own = sorted(words, key=lambda at: len(found.tokens[at]))[-3:]
    ids = [int(found.ids[at]) for at in own]
    assert len(found.tokens[finding.first_token(found, ids)]) == len(found.tokens[own[-1]])
    assert finding.first_token(found, ()) == min(
        at for at, kind in enumerate(found.kinds) if "word" in KINDS[kind]
    )
    assert finding.among(found, ids).sum() == 3
    assert finding.matching(found, "").sum() == 0


CASES = """
const points = Float32Array.from([0, 0, 10, 0, 10, 5, 3, 4]);
let view = whole(points, 400, 300, 0);
const out = { corner: pixel(view, 10, 5), unit: view.unit };
const there = pixel(view, 3, 4);
out.under = [under(points, view, ...there, 5), under(points, view, there[0] + 30, there[1], 5)];
view = zoomed(view, 2, ...there);
out.kept = pixel(view, 3, 4).map((each, i) => each - there[i]);
view = moved(view, 15, -7);
out.moved = pixel(view, 3, 4).map((each, i) => each - there[i]);
out.apart = apart([[0, 0, 10, 10], [5, 5, 15, 15], [11, 0, 20, 4], [0, 11, 4, 20]]);
console.log(JSON.stringify(out));
"""


@pytest.mark.skipif(not which("node"), reason="no Node on this machine")
def test_points_lie_where_arithmetic_puts_them(tmp_path):
    program = tmp_path / "looking.mjs"
    program.write_text(script(FOLDER / "looking.js") + CASES, encoding="utf-8")
    done = subprocess.run(["node", program], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["unit"] == 40 and found["corner"] == [400, 50], "5 units are 200 pixels of 300"
    assert found["under"] == [3, -1]
    np.testing.assert_allclose(found["kept"], [0, 0], atol=1e-9)
    np.testing.assert_allclose(found["moved"], [15, -7], atol=1e-9)
    assert found["apart"] == [0, 2, 3]
