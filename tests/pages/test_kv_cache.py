"""The lesson on the key-value cache, as a reader meets it, without a browser."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.figures.kv_cache import WITH
from components.inspection.kv_cache.summary import Summary, WaySummary
from components.lesson import Shown
from components.widgets import measuring
from pages.output.kv_cache import timing_words
from pages.output.kv_cache.planner_asked import EXAMPLES
from tests import tiny

ROOT = Path(__file__).parents[2]
VIEWS = ("Timing", "Logits", "Contents", "Cache types", "Roofline", "Memory planner")
FOLDS = {
    "Timing": ("positions_computed",),
    "Contents": ("how_it_grows", "layer_by_layer", "mha_gqa_mqa", "why_it_may_be_kept"),
    "Roofline": ("positions_computed", "the_book_s_4_8_times", "attention_s_share_of_the_work"),
    "Memory planner": ("mha_gqa_mqa",),
}
"""Parts below a view, by their names in the address."""
WAYS = ("With", "Without")
BLUNT = 0.0
"""Seconds that a view may measure unasked, where everything is to wait for a button."""


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Let what takes no button on a quiet machine take none on a busy one."""
    monkeypatch.setattr(measuring, "UNASKED", 1e9)


@pytest.fixture
def asked(monkeypatch):
    """Let every measurement wait for its button."""
    monkeypatch.setattr(measuring, "UNASKED", BLUNT)


@pytest.fixture
def saved(tmp_path):
    """Save a tiny model in a folder that the app can load."""

    def save(family: str) -> str:
        tiny.network(family).save_pretrained(tmp_path)
        tiny.tokenizer().save_pretrained(tmp_path)
        return str(tmp_path)

    return save


def opened(view: str, **address: str) -> AppTest:
    """Open a view with all that is folded away below it."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/output/kv_cache/kv_cache.py")
    app.query_params["view"] = view
    app.query_params["model"] = address.pop("model", "storyteller")
    for fold in FOLDS.get(view, ()):
        app.query_params[f"kv_cache-{view.lower().replace(' ', '_')}-{fold}"] = "true"
    for name, value in address.items():
        shared = name in ("prompt_text", "layer", "lecture")
        app.query_params[name.removesuffix("_text") if shared else f"kv_cache.{name}"] = value
    return app.run()


def short(view: str, **address: str) -> AppTest:
    """Open a view with few tokens."""
    return opened(view, **({"prompt": "16", "new": "8", "repeats": "2"} | address))


def words(app: AppTest) -> str:
    said = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.title]
    return "\n".join(str(part.value) for part in said)


def verdicts(app: AppTest) -> list[str]:
    """Lines of checks: green, red, grey."""
    lines = "\n".join(str(part.value) for part in app.markdown).splitlines()
    return [line for line in lines if line.startswith((":green[✓] ", ":red[✗] ", ":gray[·] "))]


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


def choice(app: AppTest, label: str):
    """A choice by its label, whether its options stand side by side or in a list."""
    found = [*app.selectbox, *app.segmented_control, *app.number_input, *app.slider]
    return next(one for one in found if one.label == label)


def traces(shown: Shown, part: str) -> list:
    return [trace for trace in shown.figure.data if trace.name and part in trace.name]


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens_from_a_link(view, drawn):
    app = short(view)
    assert not app.exception and not app.error, (app.exception, app.error)
    assert app.title[0].value == "Key-value cache"
    assert "The link" not in words(app)
    scope = f"kv_cache-{view.lower().replace(' ', '_')}"
    assert set(drawn) == {scope, *(f"{scope}-{fold}" for fold in FOLDS.get(view, ()))}


def test_measuring_shows_both_ways_and_keeps_them_when_another_setting_is_tried(drawn, asked):
    app = short("Timing")
    assert "You can stop at any time" in words(app)
    assert "7 times as many positions" in words(app), "the question before the answer"
    assert "kv_cache-timing" not in drawn
    app = button(app, "Measure").click().run()
    assert not app.exception
    shown = drawn["kv_cache-timing"]
    assert "the **same tokens** at every measured step" in shown.told
    assert shown.told in words(app)
    (line,) = [each for each in verdicts(app) if "No token that one way" in each]
    assert line.startswith(":green[✓]")
    assert "Measured at " in shown.told and "by you" in shown.told
    assert all(
        f"{way} the cache: **" in shown.told or f"{way} the cache, no slope" in shown.told
        for way in WAYS
    )
    assert "for **6.78 times** as many positions" in shown.told
    assert "tokens per second" in shown.told
    table = shown.table()
    assert len(table) == 2 * 2 * 8 and (table["seconds"] > 0).all()
    assert set(table["prompt_tokens"]) == {"16"} and set(table["model"]) == {"storyteller"}
    assert shown.predict.right in timing_words.ANSWERS and shown.predict.before is None
    app = button(app, "Measure again").click().run()
    app = choice(app, "Repeats").set_value(3).run()
    assert "the last measurement, with other settings" in words(app)
    assert "About **" in words(app), "what it costs with these"
    assert drawn["kv_cache-timing"].facts["repeats"] == 2
    assert "range(2)" in drawn["kv_cache-timing"].code, "its own code"
    app = button(app, "Measure").click().run()
    assert drawn["kv_cache-timing"].facts["repeats"] == 3
    assert "with other settings" not in words(app)


def test_the_last_measurement_stays_when_another_model_is_tried(drawn, asked, saved):
    place = saved("llama")
    app = button(short("Timing", model=place, prompt_text="hello there"), "Measure").click().run()
    assert "with other settings" not in words(app)
    app = app.selectbox(key="dtype").set_value("bfloat16").run()
    assert not app.exception and "with other settings" in words(app)
    shown = drawn["kv_cache-timing"]
    assert shown.facts["dtype"] == "float32" and "dtype=torch.float32" in shown.code
    assert "kv_cache-timing-positions_computed" in drawn


def test_totals_are_told_by_way(drawn):
    app = short("Timing", time="In all")
    assert not app.exception
    shown = drawn["kv_cache-timing"]
    table = shown.table()
    assert list(table["positions computed"]) == [16 + 7, 8 * 16 + 28]
    assert (table["in all (s)"] > 0).all()
    assert [trace.y[-1] for trace in shown.figure.data] == pytest.approx(
        list(table["in all (s)"]), abs=1e-3
    )
    assert "the time to the **first** token" in shown.read


def test_what_was_measured_unasked_waits_for_the_guess(drawn):
    app = short("Timing")
    shown = drawn["kv_cache-timing"]
    cached, bare = shown.predict.before.data
    assert (cached.z == 2).sum() == 23 and (bare.z == 2).sum() == 156
    assert shown.told not in words(app)
    app.button_group(key="guess-kv_cache-timing").set_value(shown.predict.right).run()
    assert shown.told in words(app)
    assert f"✓ Right: {shown.predict.right}." in words(app)
    assert "by the first who opened this" in words(app)
    app = button(app, "Measure again").click().run()
    assert drawn["kv_cache-timing"].predict.before is None
    assert "by you" in words(app)


def test_a_slope_is_said_where_the_measurement_tells_one():
    """Which of the two a busy machine's eight steps give is chance: here the steps are made."""
    flat = WaySummary(
        way="with",
        steps=8,
        median=np.ones(8),
        low=np.ones(8),
        high=np.ones(8),
        first=1.0,
        per_token=1.0,
        total=8.0,
        positions=23,
        slope=2e-6,
        slope_low=-1e-6,
        slope_high=5e-6,
        base=1.0,
    )
    rising = replace(flat, way="without", slope=3e-6, slope_low=1e-6)
    said = timing_words.slopes(Summary((flat, rising), 8, 1.0, 1.0))
    assert said == (
        "With the cache, no slope can be told (95%: -1.0 to +5.0 µs for each extra token, which "
        "holds 0): measure more tokens or repeats.  \n"
        "Without the cache: **+3.0 µs** per step for each extra token of context (95%: +1.0 to "
        "+5.0 µs)."
    )


def test_logits_state_difference_bound_and_text(drawn):
    app = short("Logits")
    shown = drawn["kv_cache-logits"]
    assert "no logit differs by more than" in shown.told and "**The same text**" in shown.told
    (check,) = shown.checks
    assert check.verdict == "holds" and check.says == "with the cache the logits are those without"
    assert any("With the cache the logits" in line and "allowed" in line for line in verdicts(app))
    assert "The narrowest choice was step" in shown.told
    table = shown.table()
    assert check.error == table["largest_difference"].max()
    assert list(table["token"]) == list(table["token without the cache"])
    assert shown.predict.right == ("almost" if check.error else "exactly the same")
    assert not any(
        trace.visible for trace in traces(replace(shown, figure=shown.predict.before), "largest")
    )
    assert traces(shown, "largest")[0].visible


def test_a_difference_of_nothing_is_not_called_more_exact(drawn):
    app = short("Logits", dtype="bfloat16")
    assert not app.exception
    shown = drawn["kv_cache-logits"]
    assert "no logit differs by more than **0**" in shown.told
    assert "That does not make bfloat16 the more exact format" in shown.predict.because
    assert shown.predict.right == "exactly the same"
    assert shown.checks[0].verdict == "holds"
    assert shown.facts["dtype"] == "bfloat16" and "dtype=torch.bfloat16" in shown.code


def test_what_takes_long_waits_for_a_button(drawn, asked):
    app = short("Logits")
    assert "About **" in words(app) and not drawn and not verdicts(app)
    assert "Are the logits the same" in words(app)
    app = button(app, "Compare").click().run()
    assert not app.exception
    assert any(line.startswith(":green[✓] With the cache") for line in verdicts(app))
    drawn.clear()
    app.button_group(key="guess-kv_cache-logits").set_value("almost").run()
    assert drawn["kv_cache-logits"].checks, "kept for the next run of the page"
    app = short("Roofline")
    assert "About **" in words(app) and "kv_cache-roofline" not in drawn
    assert "kv_cache-roofline-attention_s_share_of_the_work" in drawn, "what takes no time is there"
    app = button(app, "Measure").click().run()
    assert any(line.startswith(":green[✓] Torch counts") for line in verdicts(app))
    assert "by you" in drawn["kv_cache-roofline"].told


@pytest.mark.parametrize(
    ("view", "kind"),
    [
        ("Timing", {"time": "Each step"}),
        ("Timing", {"time": "In all"}),
        ("Roofline", {"plot": "Roofline"}),
        ("Roofline", {"plot": "Pass times"}),
        ("Cache types", {}),
    ],
)
def test_measuring_again_is_a_measurement(view, kind, monkeypatch, drawn):
    """Of all that is taken by the clock it is said when, on what and for whom; *again* is again."""
    monkeypatch.setattr(measuring, "clock", lambda at: f"[{at}]")
    key = f"kv_cache-{view.lower().replace(' ', '_')}"

    def said() -> tuple[str, str, str]:
        """When, on what, and by whom."""
        found = re.search(r"Measured at \[(.*?)\] on (.*), (by .*?)\.\]", drawn[key].told)
        assert found, drawn[key].told
        return found.groups()

    first = []
    for _ in range(2):  # two readers
        app = short(view, **kind)
        first.append((said(), drawn[key].table()))
    assert first[0][0] == first[1][0], "one measurement for all, with its time"
    assert first[0][1].equals(first[1][1])
    (began, where, whom), shared = first[0]
    assert "(cpu, " in where and where.endswith(" cores)")
    assert whom == "by the first who opened this with these settings, and kept since"
    again = button(app, "Measure again").click().run()
    assert not again.exception
    later, there, mine = said()
    assert (float(later) > float(began), there, mine) == (True, where, "by you")
    assert not drawn[key].table().equals(shared), "not the remembered numbers"
    again.run()
    assert said() == (later, where, "by you"), "and it stays"
    short(view, **kind)
    assert said() == first[0][0], "others' stays too"


def test_stopping_while_warming_up_is_told_and_loses_nothing(monkeypatch, drawn, asked):
    app = button(short("Timing"), "Measure").click().run()
    before = drawn["kv_cache-timing"].told
    own = engine.stream

    def stream(steps, choice, *inputs):
        """The first word of the measurement, and then a press of Stop."""
        yield next(own(steps, choice, *inputs))

    monkeypatch.setattr(engine, "stream", stream)
    app = button(app, "Measure again").click().run()
    assert "Stopped while warming up, before the first step was measured" in words(app)
    assert drawn["kv_cache-timing"].told == before, "what was measured before is still there"
    assert "Stopped while" not in words(app.run()), "it is said once"


def test_bytes_are_held_against_the_law(drawn):
    app = short("Contents")
    assert not app.exception and not any(line.startswith(":red") for line in verdicts(app))
    assert len(verdicts(app)) == 3 + 3 + 2 + 1
    grown = drawn["kv_cache-contents-how_it_grows"]
    assert [check.error for check in grown.checks] == [0, 0, 0]
    assert any(
        "After each token the cache holds the bytes that the law says: off by **0**" in line
        for line in verdicts(app)
    )
    table = grown.table()
    assert list(table["bytes_measured"]) == list(table["bytes_by_the_law"])
    assert r"\text{bytes}=2\cdot L" in grown.formula
    reach = drawn["kv_cache-contents-why_it_may_be_kept"]
    assert "no key or value changes by more than **0**" in reach.told
    assert reach.predict.right == "only its own"
    assert len(app.get("plotly_chart")) == 5
    rows = drawn["kv_cache-contents"]
    more = table["bytes_measured"][1] - table["bytes_measured"][0]
    assert rows.predict.right == f"{more:,}"
    assert f"**{table['bytes_measured'][0]:,} bytes**" in rows.told
    layers = drawn["kv_cache-contents-layer_by_layer"].table()
    assert layers["bytes, measured"].sum() == table["bytes_measured"].iloc[-1]
    assert list(layers["bytes, measured"]) == list(layers["bytes, by the law"])


def test_what_is_drawn_of_the_cache_is_its_rows(drawn):
    app = short("Contents", step="3", kv_head="1", layer="2")
    assert not app.exception
    shown = drawn["kv_cache-contents"]
    keys, values = shown.figure.data
    table = shown.table()
    there = len(table)
    assert there == 15 + 3
    assert list(table.filter(like="key 5").to_numpy()[:, 0]) == list(keys.z[:there, 5])
    assert list(table["value 0"]) == list(values.z[:there, 0])
    assert shown.figure.layout.shapes[0].y0 == there - 1.5


def test_sharing_is_seen_as_heads_and_as_bytes(drawn):
    app = short("Contents")
    key = "kv_cache-contents-mha_gqa_mqa"
    assert "**Grouped-query (GQA)**" in drawn[key].told and "as this model is" in drawn[key].told
    app = choice(app, "4 query heads share").set_value("1 key-value head").run()
    assert "**Multi-query (MQA)**: 2,048 bytes for each token, 0.5 times" in drawn[key].told
    assert list(drawn[key].table()["key-value head"]) == [0, 0, 0, 0]
    app = choice(app, "Sharing").set_value("Bytes").run()
    assert not app.exception
    lit = drawn[key].figure.data[0]
    assert [x for x, c in zip(lit.x, lit.marker.color, strict=True) if c == WITH] == [4_096]


def test_windows_have_a_formula_that_gives_what_is_kept(saved, drawn):
    app = short("Contents", model=saved("mistral"), prompt_text="hello there")
    assert not app.exception and not app.error
    # 3 layers of 4 rows: 2 x 2 heads x 6 numbers x 4 bytes x 12 rows.
    grown = drawn["kv_cache-contents-how_it_grows"]
    assert r"\min(T,\,w_l-1)=2\cdot2\cdot6\cdot4\cdot12=1{,}152" in grown.formula
    assert all(line.startswith(":green[✓]") for line in verdicts(app)) and len(grown.checks) == 3


def test_an_encoder_has_no_cache_and_the_measured_direction_is_told(saved, drawn):
    app = short("Contents", model=saved("bert"), prompt_text="hello there")
    assert not app.exception
    assert "does not write on from a text" in app.error[0].value
    assert "The last part below shows what a cache rests on" in app.error[0].value
    shown = drawn["kv_cache-contents-why_it_may_be_kept"]
    assert "**Everything changes**" in shown.told
    assert "so nothing computed earlier could be kept" in shown.told
    assert shown.predict.right == "those of all tokens"


def test_of_two_stacks_either_is_looked_at(saved, drawn):
    app = short("Contents", model=saved("t5"), prompt_text="hello there")
    assert not app.exception and not app.error
    assert "the encoder's keys and values take" in drawn["kv_cache-contents-how_it_grows"].told
    assert "No earlier token changes when the last one does" in verdicts(app)[-1]
    app = choice(app, "Stack").set_value("encoder").run()
    shown = drawn["kv_cache-contents-why_it_may_be_kept"]
    assert "That is the encoder, whose text does not grow" in shown.told


def test_a_shorter_context_leaves_the_slider_a_shorter_way(saved):
    """The slider's end follows the room that is left: a value beyond it must not crash."""
    app = short("Contents", model=saved("llama"), prompt_text="a" * 40, step="14")
    assert not app.exception and (app.slider[0].max, app.slider[0].value) == (16, 14)
    app.text_area[0].set_value("a" * 53).run()
    assert not app.exception and app.slider[0].max == app.slider[0].value == 10


@pytest.mark.parametrize("view", VIEWS)
def test_in_a_small_window_each_view_starts_with_what_fits(view, saved):
    app = opened(view, model=saved("llama"), prompt_text="hello there")
    assert not app.exception and not app.error, app.error
    if view == "Timing":
        assert [choice(app, f"{name} tokens").value for name in ("New", "Prompt")] == ["32", "32"]


def test_too_long_a_prompt_and_too_many_tokens_are_told_what_to_do(saved):
    place = saved("llama")
    app = opened("Timing", model=place, prompt="64", new="32")
    assert "shorten the prompt to 32, or ask for fewer new tokens" in app.error[0].value
    app = opened("Timing", model=place, prompt="8", new="64")
    assert "ask for 63 or fewer" in app.error[0].value


@pytest.mark.parametrize("family", ["t5", "bert", "falcon_alibi"])
@pytest.mark.parametrize("view", VIEWS)
def test_other_models_are_shown_or_explained(view, family, saved, drawn):
    loaded = {"plan": "the loaded model", "of": "the loaded model"}
    app = short(view, model=saved(family), prompt_text="hello there", **loaded)
    assert not app.exception
    assert not any(line.startswith(":red") for line in verdicts(app))
    assert drawn or app.error
    said = " ".join(error.value for error in app.error)
    assert (not app.error) or "does not write on" in said or "cannot be said by the formula" in said


def test_comparing_types_gives_a_row_each(drawn, asked):
    app = button(short("Cache types"), "Measure").click().run()
    assert not app.exception and not app.error
    shown = drawn["kv_cache-cache_types"]
    table = shown.table()
    assert list(table["type"]) == ["dynamic", "static", "sliding window", "quantized, 8-bit float"]
    assert list(table["class"])[1:3] == ["StaticCache", "DynamicSlidingWindowLayer"]
    assert table["largest difference of a logit"][0] == 0
    assert "NVIDIA GPU" in words(app) and "NVIDIA GPU" in shown.read
    assert [check.verdict for check in shown.checks] == ["holds"] * 3
    assert "The smallest here is **quantized, 8-bit float**" in shown.told
    worst = table["largest difference of a logit"].idxmax()
    assert shown.predict.right in table["type"][worst]
    app = choice(app, "Sliding window").set_value("8").run()
    assert "with other settings" in words(app)
    assert drawn["kv_cache-cache_types"].facts["window"] == 32
    assert "sliding(32)" in drawn["kv_cache-cache_types"].code


def test_the_roofline_counts_and_explains(drawn):
    app = short("Roofline")
    assert not app.exception and not app.error
    scope = "kv_cache-roofline"
    counted = drawn[f"{scope}-positions_computed"]
    assert "**156** positions without, **23** with" in counted.told
    assert "156" in counted.formula and "23" in counted.formula
    (check,) = drawn[scope].checks
    assert (check.error, check.bound) == (0, 0)
    assert any(
        "Torch counts the operations that the formula says: off by **0**, allowed 0" in line
        for line in verdicts(app)
    )
    assert "the vocabulary's logits are asked for at one position only" in words(app)
    assert len(drawn[scope].table()) == 3
    assert drawn[scope].predict.right in drawn[scope].predict.answers
    book = drawn[f"{scope}-the_book_s_4_8_times"]
    assert "60 times fewer positions" in book.told and "**2.3 ms**" in book.told
    assert "18,432" in drawn[f"{scope}-attention_s_share_of_the_work"].told


def test_passes_are_timed_beside_the_roof(drawn):
    app = short("Roofline", plot="Pass times")
    assert not app.exception
    shown = drawn["kv_cache-roofline"]
    table = shown.table()
    assert (table["positions"].iloc[0], table["positions"].iloc[-1]) == (1, 23)
    assert list(shown.figure.data[0].y) == pytest.approx(list(table["ms"]))


def test_the_planner_prints_what_the_book_leaves_out(drawn):
    short("Memory planner")
    shown = drawn["kv_cache-memory_planner"]
    assert "**393,216 bytes**" in shown.told and "**1.5 GiB**" in shown.told
    assert shown.predict.right == "less than twice"
    short("Memory planner", plan="Llama-3-8B")
    shown = drawn["kv_cache-memory_planner"]
    assert "**131,072 bytes**" in shown.told
    table = shown.table().set_index("device")
    assert table["memory (GiB)"]["RTX 4090"] == 23.65
    # 0.9 x 14.75 GiB are less than its weights alone; 0.9 x 21.33 are enough.
    assert list(table["fits"][["T4", "Mac, 32 GB"]]) == ["no", "yes"]
    assert table["devices needed"]["T4"] == "2"
    assert "On one device it fits for 11 of the 17 kinds" in shown.told
    assert "the smallest is **Mac, 32 GB** (21.33 GiB" in shown.told
    shared = drawn["kv_cache-memory_planner-mha_gqa_mqa"]
    assert shared.predict.right == "4 times" and "524,288 bytes" in shared.predict.because
    assert shared.table()["bytes for each token"][0] == 524_288


def test_several_gpus_hold_what_one_does_not(drawn):
    short("Memory planner", plan="Llama-3-70B")
    told = drawn["kv_cache-memory_planner"].told
    assert "it does **not** fit; of **H200** (139.8 GiB) it takes **2**" in told
    short("Memory planner", plan="Llama-3-70B", gpus="2")
    shown = drawn["kv_cache-memory_planner"]
    assert "On 2 GPUs of one kind it fits for 3 of the 10 kinds" in shown.told
    assert "the smallest is **H100**" in shown.told
    assert not shown.table()["device"].str.contains("Mac|laptop").any()
    app = short("Memory planner", plan="Llama-3-70B", gpus="2", plot="By device")
    assert not app.exception
    bars = drawn["kv_cache-memory_planner"].figure.data[0]
    assert [text.startswith("fits") for text in bars.text] == [False] * 7 + [True] * 3


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_sets_what_the_planner_is_asked(name, drawn):
    app = short("Memory planner", plan="Falcon-7B", batch="8", cache_as="8-bit", eager="true")
    app = app.button(key=f"example-{name}").click().run()
    assert not app.exception and not app.error
    facts = drawn["kv_cache-memory_planner"].facts
    sets = {"length": "4096", "batch": "1", "gpus": "1"} | EXAMPLES[name]
    assert facts["model"] == sets["plan"]
    assert [facts[each] for each in ("length", "batch", "gpus")] == [
        int(sets[each]) for each in ("length", "batch", "gpus")
    ]
    assert facts["cache_as"] == "float16 / bfloat16"
    assert "asks for" not in words(app)


def test_the_planner_says_what_windows_do(drawn):
    short("Memory planner", plan="Mistral-7B v0.1", length="32768")
    said = drawn["kv_cache-memory_planner"].told
    assert "**131,072 bytes**" in said
    assert "but every layer keeps 4,095 of them at most (a sliding window)" in said
    assert "**511.9 MiB**" in said


def test_a_text_longer_than_the_model_reads_is_planned_and_said(drawn):
    short("Memory planner", length="8192")
    assert "was made for texts of up to 4,096 tokens" in drawn["kv_cache-memory_planner"].told


@pytest.mark.parametrize(
    ("weights", "estimate"), [("4-bit", True), ("8-bit", True), ("float32", False)]
)
def test_rounded_weights_are_called_an_estimate(weights, estimate, drawn):
    short("Memory planner", weights_as=weights)
    said = drawn["kv_cache-memory_planner"].read
    assert ("**weights are an estimate**" in said) == estimate
    assert ("Weights and cache are exact" in said) != estimate


def test_the_planner_counts_a_folder_and_the_loaded_model(saved, drawn):
    place = saved("llama")
    for plan in ({"plan": "another model", "config": place}, {"plan": "the loaded model"}):
        app = short("Memory planner", model=place, **plan)
        assert not app.exception and not app.error
        said = drawn["kv_cache-memory_planner"].told
        assert "2 × 3 layers × 2 heads × 6 numbers × 2 bytes = **144 bytes**" in said
    assert verdicts(app)[0].startswith(":green[✓] The model's own cache holds the bytes")


def test_too_long_a_prompt_is_explained_not_thrown():
    app = opened("Timing", prompt="4096")
    assert not app.exception
    assert "shorten the prompt to" in app.error[0].value


def test_a_link_with_impossible_values_is_told_so():
    app = opened("Timing", prompt="17", repeats="900")
    assert not app.exception
    said = words(app)
    assert "asks for Prompt tokens “17”" in said and "asks for Repeats “900”" in said


def test_an_unknown_model_for_the_planner_is_explained(drawn):
    for config in ("no/such-model-anywhere", ""):
        app = short("Memory planner", plan="another model", config=config)
        assert not app.exception
        assert app.error and "kv_cache-memory_planner" not in drawn
