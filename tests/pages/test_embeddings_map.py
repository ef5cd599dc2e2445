"""The view *Map*: PCA until UMAP is there, stopping, settings, tokens, tables of two models."""

import json
import re
import sys

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.inspection.embeddings import maps
from components.lesson import find
from components.widgets import measuring, running
from tests import tiny
from tests.pages.test_lessons import ROOT, opened

PAGE = ROOT / "pages/text/embeddings/embeddings.py"
FEW = {"embeddings.map_tokens": "120"}


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Maps by PCA under the name of UMAP: what is tested here is the page, not the method."""
    monkeypatch.setitem(maps._METHODS, "UMAP", maps._pca)
    monkeypatch.setattr(engine, "_RESULTS", engine.ResultCache(256, 2**28))


def mapped(**asked: str) -> AppTest:
    app = opened(PAGE, {"view": "Map", **FEW, **asked})
    assert not app.exception and not app.error
    return app


def sent(app: AppTest) -> dict:
    """Return what the one map on the page was sent."""
    (found,) = [each for each in app.main.get("bidi_component") if '"places"' in each.proto.json]
    return json.loads(found.proto.json)


def said(app: AppTest) -> str:
    return "\n".join(str(each.value) for each in (*app.main.markdown, *app.main.caption))


def test_a_map_begins_with_a_word_of_the_prompt_and_names_its_true_neighbours(drawn):
    app = mapped(**{"embeddings.map_tokens": "2560"})
    shown = drawn["embeddings-map"]
    box = app.text_input(key="embeddings.map_token").value
    assert re.fullmatch(r"#\d+ ·\w+", box)
    table = shown.table()
    number, name = box.removeprefix("#").split(" ")
    row = table[table["id"] == int(number)].iloc[0]
    data = sent(app)
    names = data["names"].split("\n")
    assert names[data["chosen"]] == name == row["token"]
    assert [names[point] for point in data["near"]] == [row[f"neighbour {k}"] for k in range(1, 11)]
    told = row["true neighbours in the picture"]
    assert f"**{told}** are among its 10 nearest" in shown.told
    assert len(data["shown"]) == told and len(data["made"]) == 10 - told
    assert shown.predict is not None and shown.facts["trustworthiness"] > 0.5


def test_another_token_colour_and_search_change_the_drawing_alone(drawn, monkeypatch):
    app = mapped()
    before = sent(app)
    monkeypatch.setattr(maps, "reduced", None)  # nothing is computed any more
    app.text_input(key="embeddings.map_token").set_value("no such thing").run()
    assert "No token on this map is “no such thing”" in said(app)
    app.selectbox(key="embeddings.map_colour").set_value("a search").run()
    app.text_input(key="embeddings.map_search").set_value("e").run()
    assert not app.exception
    after = sent(app)
    assert after["places"] == before["places"] and after["levels"] != before["levels"]
    assert after["faint"] == [0] and after["legend"][0][1].startswith("with “e” ")
    for colour in ("frequency", "length", "norm", "first letter", "your prompt"):
        app.selectbox(key="embeddings.map_colour").set_value(colour).run()
        assert not app.exception and sent(app)["levels"]


def test_what_takes_long_waits_with_pca_in_its_place_and_is_there_once_started(drawn, monkeypatch):
    monkeypatch.setattr(measuring, "UNASKED", 3.0)
    monkeypatch.setattr(maps, "seconds", lambda *_: 20.0)
    app = mapped()
    assert "Not started yet. Cost: UMAP of 120 points" in said(app)
    assert "about 20 s here" in said(app)
    shown = drawn["embeddings-map"]
    assert shown.facts["method"] == "PCA" and "(by PCA)" in shown.told
    (start,) = [button for button in app.main.button if button.label == "Start"]
    app = start.click().run()
    assert not app.exception and drawn["embeddings-map"].facts["method"] == "UMAP"
    assert "(by PCA)" not in drawn["embeddings-map"].told
    assert "Start" not in [button.label for button in app.main.button]


def test_while_it_is_computed_pca_is_seen_below_a_bar_with_stop(monkeypatch):
    done: list[str] = []

    def slowly(vectors, settings, progress):
        progress(0.5, "UMAP: round 100 of 200")
        return maps._pca(vectors, settings, progress)

    monkeypatch.setitem(maps._METHODS, "UMAP", slowly)
    monkeypatch.setattr("components.widgets.bar.SOON", 0.0)
    view = find("text.embeddings", "Map")
    home = sys.modules[view.show.__module__]
    draw = home.draw
    monkeypatch.setattr(home, "draw", lambda *given: (done.append(given[-1]), draw(*given)))
    stops = running.stops

    def stop(*what):
        return lambda row: (done.append("Stop"), stops(*what)(row))

    monkeypatch.setattr(running, "stops", stop)
    mapped()
    assert done == ["before", "Stop", "map"]


def test_settings_are_those_of_the_method():
    app = mapped(**{"embeddings.map_method": "t-SNE"})
    keys = {each.key for each in app.number_input}
    assert "embeddings.map_perplexity" in keys and "embeddings.map_neighbours" not in keys
    app = mapped(**{"embeddings.map_method": "PCA"})
    keys = {each.key for each in app.number_input}
    assert not {"embeddings.map_perplexity", "embeddings.map_seed"} & keys


def test_a_model_with_two_tables_gives_the_choice_and_one_without_words_a_map(tmp_path, drawn):
    for family, two in (("llama", True), ("bert_classifier", False)):
        folder = tmp_path / family
        tiny.network(family).save_pretrained(folder)
        tiny.tokenizer().save_pretrained(folder)
        app = mapped(model=str(folder))
        groups = {each.key for each in app.main.get("button_group")}
        assert ("embeddings.map_table" in groups) is two
        assert drawn["embeddings-map"].facts["sample"] == "120 of 261"
    app = opened(
        PAGE,
        {"view": "Map", "model": str(tmp_path / "llama"), "embeddings.map_table": "unembeddings"},
    )
    assert not app.exception and not app.error
