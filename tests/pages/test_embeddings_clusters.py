"""Clusters: what is told, what runs again, what waits, and what is said of sentences too few."""

import contextlib
import io
import re

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.inspection.embeddings import maps
from components.memory import ResultCache
from components.widgets import measuring
from pages.text.embeddings.clusters_asked import Reductions
from pages.text.embeddings.one_cluster import listed as list_sentences
from tests.pages.test_lessons import ROOT
from tests.pages.test_lessons import opened as opened_at

PAGE = ROOT / "pages" / "text" / "embeddings" / "embeddings.py"
VIEW = "embeddings-clusters"
ONE = f"{VIEW}-one_cluster"
SEEDS = f"{VIEW}-other_seeds"
KINDS = f"{VIEW}-known_kinds_against_clusters"
NAMES = ("Lily", "Tom", "Anna", "Ben", "Mary", "John", "Sam", "Vera", "Emma", "Jack", "Lucy", "Max")
GROUPS = ("{} went to the park.", "Why is {} so very sad today?", "The red ball is for {}, and it")
WRITTEN = "\n".join(group.format(name) for group in GROUPS for name in NAMES)
"""Three groups of twelve sentences, of another form each."""


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def opened(**address: str) -> AppTest:
    """Open the view; names with a dash are those of folds."""
    named = {
        name if "-" in name else f"embeddings.{name}": value for name, value in address.items()
    }
    app = opened_at(PAGE, {"view": "Clusters"} | named)
    assert not app.exception
    return app


def own(written: str, **address: str) -> AppTest:
    return opened(corpus="your own", sentences=written, **address)


def slider(app: AppTest):
    return next(one for one in app.main.slider if "Least" in one.label)


def test_clusters_are_counted_without_noise(drawn):
    app = opened()
    shown = drawn[VIEW]
    table = shown.table()
    labels, many = set(table["cluster"]), len(set(table["kind"]))
    assert list(table) == ["sentence", "kind", "cluster", "membership", "x", "y"]
    assert len(table) == 360 and many == 8
    clusters = len(labels - {-1})
    noise = int((table["cluster"] == -1).sum())
    assert clusters > 1 and noise > 0
    assert shown.told.startswith(f"**{clusters} clusters.** There are {len(labels)} different")
    assert f"**{noise} of 360** sentences ({noise / 360:.0%})" in shown.told
    assert shown.facts["clusters"] == clusters
    predict = shown.predict
    assert predict.right == predict.answers[(clusters >= many) + (clusters > many)]
    assert [check.verdict for check in shown.checks] == ["holds"] * 5
    assert any("nobody tells HDBSCAN" in one.value for one in app.markdown)


def test_another_least_size_runs_hdbscan_alone(drawn, monkeypatch):
    app = opened()
    before = drawn[VIEW].table()

    def never(*_asked):
        raise AssertionError("UMAP ran again")

    monkeypatch.setattr(maps, "reduced", never)
    slider(app).set_value(5)
    app.run()
    assert not app.exception and not app.error
    after = drawn[VIEW].table()
    assert after["cluster"].max() > before["cluster"].max()
    assert after[["x", "y"]].equals(before[["x", "y"]])
    assert after["cluster"][after["cluster"] >= 0].value_counts().min() >= 5
    with pytest.raises(AssertionError):  # with another seed it must
        assert not opened(cluster_seed="7").exception


def test_own_sentences_in_clear_groups_are_found_and_so_says_the_code(drawn):
    app = own(WRITTEN, least="8")
    assert not app.error
    shown = drawn[VIEW]
    table = shown.table()
    assert list(table) == ["sentence", "cluster", "membership", "x", "y"]
    groups = [set(table["cluster"][12 * group : 12 * group + 12]) for group in range(3)]
    assert len(set.union(*groups)) == 3 and all(len(group) == 1 for group in groups)
    assert "**3 clusters**, and no noise" in shown.told
    assert shown.predict.right == "none"
    for setting in ("min_cluster_size=8", "n_components=5", "random_state=42", "metric='cosine'"):
        assert setting in shown.code
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(shown.code, "shown", "exec"), {})
    assert "clusters: 3 noise: 0.0" in said.getvalue()
    words = {line.split()[1] for line in said.getvalue().splitlines()[1:]}
    names = {re.split(r"[: ]+", trace)[1] for trace in shown.figure.data[2].text}
    assert names == words


def test_a_cluster_lists_its_sentences_cut_at_300_characters(drawn):
    long = "Why is Lily so very sad today? " * 12
    own(WRITTEN + "\n" + long.strip(), least="8", **{ONE: "true"})
    table, shown = drawn[VIEW].table(), drawn[ONE]
    label = shown.facts["cluster"]
    listed = [line[2:] for line in shown.told.splitlines() if line.startswith("- ")]
    inside = set(table["sentence"][table["cluster"] == label])
    assert len(listed) == min(12, len(inside))
    assert {line for line in listed if len(line) < 300} <= inside
    assert max(map(len, table["sentence"])) == len(long.strip())
    words = shown.table()
    assert set(words["cluster"]) == set(table["cluster"])
    assert shown.figure.data[0].x[0] == pytest.approx(
        words["c-TF-IDF"][words["cluster"] == label].max(), rel=1e-6
    )
    line = list_sentences(["x" * 301, "y" * 300], 2, 0).splitlines()
    assert line[0] == "All 2 sentences of this cluster:"
    assert line[2:] == [f"- {'x' * 300}…", f"- {'y' * 300}"]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("One sentence.", "at least 2 different ones"),
        ("Twice.\n" * 40, "at least 2 different ones"),
        ("One.\nTwo.\nThree.", "at least 12 different sentences, and here are 3"),
    ],
)
def test_sentences_that_cannot_be_told_apart_are_refused_and_stay(written, says):
    app = own(written)
    (error,) = app.error
    assert says in error.value
    assert app.text_area(key="embeddings.sentences").value == written


def test_kinds_of_own_sentences_are_not_known(drawn):
    app = own(WRITTEN, **{KINDS: "true"})
    assert [error.value[:20] for error in app.error] == ["Of these sentences n"]
    assert "kinds" not in drawn[VIEW].told


def test_what_is_bundled_needs_no_button_by_the_pace_of_two_old_cores(drawn, monkeypatch):
    monkeypatch.setattr(measuring, "UNASKED", 3.0)
    monkeypatch.setitem(maps._PACE, "UMAP", 1.3e-7)
    flat = maps.Settings(components=5)
    assert Reductions(360, (flat, flat)).seconds(None) < 0.5  # type: ignore[arg-type]
    opened()
    assert VIEW in drawn


def test_long_work_says_what_it_costs_and_waits(drawn, monkeypatch):
    monkeypatch.setattr(measuring, "UNASKED", 3.0)
    monkeypatch.setattr(engine, "_RESULTS", ResultCache(256, 2**28))
    monkeypatch.setattr(maps, "seconds", lambda points, _settings: points / 36)
    app = own(WRITTEN)
    assert len(drawn.pop(VIEW).table()) == 36, "of a second each"
    app = opened()
    assert VIEW not in drawn
    (said,) = [one.value for one in app.caption if "Not started" in one.value]
    assert "UMAP of **360** sentences, 2 times, about 20 s here" in said
    (start,) = [button for button in app.main.button if button.label == "Start"]
    app = start.click().run()
    assert not app.exception and len(drawn[VIEW].table()) == 360
    assert "Start" not in {button.label for button in app.main.button}


def test_other_seeds_tell_what_a_rounding_does(drawn):
    app = own(WRITTEN, least="8", **{SEEDS: "true"})
    assert not app.exception
    shown = drawn[SEEDS]
    assert shown.predict.right == "the same"
    assert "**3, 3, 3** clusters" in shown.told and "rounded once more" in shown.told
    assert shown.facts == {"rounded once more": 1.0, "read from the last": 1.0}
