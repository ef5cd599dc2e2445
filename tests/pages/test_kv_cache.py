"""The lesson on the key-value cache, as a reader meets it, without a browser."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.inspection.kv_cache.summary import Summary, WaySummary
from components.widgets import frame, measuring
from pages.output.kv_cache import parts, timing
from tests import tiny

APP = Path(__file__).parents[2] / "app.py"
VIEWS = (
    "Measured",
    "The same answer",
    "What is in it",
    "Kinds of cache",
    "Where the time goes",
    "Memory planner",
)
WAYS = ("With", "Without")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """Let what takes no button on a quiet machine take none on a busy one."""
    monkeypatch.setattr(measuring, "UNASKED", 1e9)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Save a tiny model in a folder and put it on offer: AppTest knows no typed-in choices."""

    def save(family: str) -> str:
        tiny.network(family).save_pretrained(tmp_path)
        tiny.tokenizer().save_pretrained(tmp_path)
        monkeypatch.setattr(frame, "_offers", lambda: [str(tmp_path)])
        return str(tmp_path)

    return save


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.query_params["model"] = address.pop("model", "storyteller")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page("pages/output/kv_cache/kv_cache.py").run()


def view(name: str, **address: str) -> AppTest:
    short = {"kv_prompt": "16", "kv_new": "8", "kv_repeats": "2"}
    return opened(kv_view=name, **(short | address))


def words(app: AppTest) -> str:
    said = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.title]
    return "\n".join(str(part.value) for part in said)


def verdicts(app: AppTest) -> list[str]:
    """Lines of checks: green, red, grey."""
    lines = "\n".join(str(part.value) for part in app.markdown).splitlines()
    return [line for line in lines if line.startswith((":green[✓]", ":red[✗]", ":gray[·]"))]


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


@pytest.mark.parametrize("name", VIEWS)
def test_each_view_opens_from_a_link(name):
    app = view(name)
    assert not app.exception and not app.error, (app.exception, app.error)
    assert app.title[0].value == "Key-value cache"


def test_measuring_shows_both_ways_and_keeps_them_when_another_setting_is_tried():
    app = button(view("Measured"), "Measure").click().run()
    assert not app.exception
    said = words(app)
    assert "the **same tokens** at every measured step" in said
    assert len(verdicts(app)) == 1 and verdicts(app)[0].startswith(
        ":green[✓] No token that one way"
    )
    assert "Measured at " in said
    assert all(f"{way}, a step takes " in said or f"{way}, no slope" in said for way in WAYS)
    table = app.dataframe[0].value
    assert list(table["positions computed"]) == [16 + 7, 8 * 16 + 28]
    assert (table["in all (s)"] > 0).all()
    labels = [metric.label for metric in app.metric]
    assert labels[:2] == ["Time without / with", "Positions without / with"]
    assert app.metric[1].value == "6.78 ×"
    app.slider[0].set_value(3).run()
    assert "the last measurement, with other settings" in words(app)


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
    said = timing._slopes(Summary((flat, rising), 8, 1.0, 1.0))
    assert said == (
        "With, no slope can be told (95%: -1.0 to +5.0 µs for each token more, which holds 0): "
        "measure more tokens or repeats.  \n"
        "Without, a step takes **+3.0 µs** for each token more (95%: +1.0 to +5.0 µs)."
    )


def test_the_same_answer_states_difference_bound_and_text():
    app = view("The same answer")
    said = words(app)
    assert "no logit differs by more than" in said and "**The same text**" in said
    (line,) = verdicts(app)
    assert line.startswith(":green[✓] With the cache the logits are those without: off by **")
    assert "allowed" in line
    assert "The narrowest choice was step" in app.text[0].value


def test_a_difference_of_nothing_is_not_called_more_exact():
    app = view("The same answer", kv_format="bfloat16")
    said = words(app)
    assert "no logit differs by more than **0**" in said
    assert "That does not make bfloat16 the more exact format" in said
    assert verdicts(app)[0].startswith(":green[✓]")


def test_what_takes_long_waits_for_a_button(monkeypatch):
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    app = view("The same answer")
    assert "About **" in words(app) and not app.get("plotly_chart") and not verdicts(app)
    app = button(app, "Compare").click().run()
    assert not app.exception
    assert verdicts(app)[0].startswith(":green[✓] With the cache")
    app.segmented_control[2].set_value("almost").run()
    assert verdicts(app), "kept for the next run of the page"
    app = view("Where the time goes")
    assert "About **" in words(app) and not verdicts(app)
    app = button(app, "Measure").click().run()
    assert verdicts(app)[0].startswith(":green[✓] Torch counts")
    assert "by you" in words(app)


def test_measuring_again_is_a_measurement(monkeypatch):
    monkeypatch.setattr(parts, "clock", lambda at: f"[{at}]")
    first = view("Where the time goes")
    second = view("Where the time goes")
    kept = [text for text in words(first).splitlines() if "by the first who opened this" in text]
    assert kept and kept[0] in words(second), "one measurement for all, with its time"
    again = button(second, "Measure again").click().run()
    assert not again.exception
    mine = [text for text in words(again).splitlines() if ", by you" in text]
    assert mine and mine[0].split("]")[0] != kept[0].split("]")[0]


def test_stopping_while_warming_up_is_told_and_loses_nothing(monkeypatch):
    app = button(view("Measured"), "Measure").click().run()
    (before,) = verdicts(app)
    own = engine.stream

    def stream(steps, choice, *inputs):
        """The first word of the measurement, and then a press of Stop."""
        yield next(own(steps, choice, *inputs))

    monkeypatch.setattr(engine, "stream", stream)
    app = button(app, "Measure").click().run()
    assert "Stopped while warming up, before the first step was measured" in words(app)
    assert verdicts(app) == [before], "what was measured before is still there"
    assert "Stopped while" not in words(app.run()), "it is said once"


def test_bytes_are_held_against_the_law():
    app = view("What is in it")
    said = words(app)
    assert [line.split(":", 2)[2].split(" ", 1)[0] for line in verdicts(app)]
    assert [line[:9] for line in verdicts(app)] == [":green[✓]"] * 3
    assert "After each token the cache holds the bytes that the law says: off by **0**" in said
    assert "no key or value changes by more than **0**" in said
    assert len(app.get("plotly_chart")) == 5


def test_windows_have_a_formula_that_gives_what_is_kept(saved):
    app = view("What is in it", model=saved("mistral"), prompt="hello there")
    assert not app.exception and not app.error
    formula = app.latex[0].value
    # 3 layers of 4 rows: 2 x 2 heads x 6 numbers x 4 bytes x 12 rows.
    assert r"\min(T,\,w_l-1)=2\cdot2\cdot6\cdot4\cdot12=1{,}152" in formula
    assert [line[:9] for line in verdicts(app)] == [":green[✓]"] * 3


def test_an_encoder_has_no_cache_and_the_measured_direction_is_told(saved):
    app = view("What is in it", model=saved("bert"), prompt="hello there")
    assert not app.exception and not app.error
    assert "does not write on from a text" in app.info[0].value
    assert "**Everything changes**" in words(app)
    assert "so nothing computed earlier could be kept" in words(app)


def test_of_two_stacks_either_is_looked_at(saved):
    app = view("What is in it", model=saved("t5"), prompt="hello there")
    assert not app.exception and not app.error
    assert "the encoder's keys and values take" in words(app)
    assert "No earlier token changes when the last one does" in verdicts(app)[-1]
    stack = next(one for one in app.segmented_control if one.label == "Of which stack")
    app = stack.set_value("encoder").run()
    assert "That is the encoder, whose text does not grow" in words(app)


def test_a_shorter_context_leaves_the_slider_a_shorter_way(saved):
    """The slider's end follows the room that is left: a value beyond it must not crash."""
    place = saved("llama")
    app = view("What is in it", model=place, prompt="a" * 40, kv_step="20")
    assert not app.exception and app.slider[0].max == 64 - 41
    app.text_area[0].set_value("a" * 53).run()
    assert not app.exception and app.slider[0].max == app.slider[0].value == 10


@pytest.mark.parametrize("name", VIEWS)
def test_in_a_small_window_each_view_starts_with_what_fits(name, saved):
    app = opened(kv_view=name, model=saved("llama"), prompt="hello there")
    assert not app.exception and not app.error, app.error
    if name == "Measured":
        assert [one.value for one in app.select_slider] == [32, 32]


def test_too_long_a_prompt_and_too_many_tokens_are_told_what_to_do(saved):
    place = saved("llama")
    app = opened(kv_view="Measured", model=place, kv_prompt="64", kv_new="32")
    assert "shorten the prompt to 32, or ask for fewer new tokens" in app.error[0].value
    app = opened(kv_view="Measured", model=place, kv_prompt="8", kv_new="64")
    assert "ask for 63 or fewer" in app.error[0].value


@pytest.mark.parametrize("family", ["t5", "bert", "falcon_alibi"])
@pytest.mark.parametrize("name", VIEWS)
def test_other_models_are_shown_or_explained(name, family, saved):
    app = view(
        name,
        model=saved(family),
        prompt="hello there",
        kv_plan="the model in the sidebar",
        kv_shares="the model in the sidebar",
    )
    if name in ("Measured", "Kinds of cache") and not app.error:
        app = button(app, "Measure" if name == "Measured" else "Compare").click().run()
    assert not app.exception
    assert not any(line.startswith(":red") for line in verdicts(app))
    if app.error:
        said = " ".join(error.value for error in app.error)
        assert "does not write on" in said or "cannot be said by the formula" in said


def test_comparing_kinds_gives_a_row_each():
    app = button(view("Kinds of cache"), "Compare").click().run()
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert list(table["kind"]) == ["dynamic", "static", "sliding window", "quantized, 8-bit float"]
    assert table["largest difference of a logit"][0] == 0
    assert "NVIDIA GPU" in words(app)
    assert [line[:9] for line in verdicts(app)] == [":green[✓]"] * 3
    assert "The smallest here is **quantized, 8-bit float**" in words(app)


def test_where_the_time_goes_counts_and_explains():
    said = words(view("Where the time goes"))
    assert "**156** positions without, **23** with" in said
    assert "Torch counts the operations that the formula says: off by **0**, allowed 0" in said
    assert "the vocabulary's logits are asked for at one position only" in said
    assert "60 times fewer positions" in said and "**2.3 ms**" in said
    assert "18,432" in said


def test_the_planner_prints_what_the_book_leaves_out():
    app = view("Memory planner")
    said = words(app)
    assert "**393,216 bytes**" in said and "**1.5 GiB**" in said
    app = view("Memory planner", kv_plan="Llama-3-8B")
    assert "**131,072 bytes**" in words(app)
    table = app.dataframe[0].value.set_index("GPU")
    assert table["memory (GiB)"]["RTX 4090"] == 23.65
    # 0.9 x 14.75 GiB are less than its weights alone; 0.9 x 22.03 are enough.
    assert list(table["fits"][["T4", "L4"]]) == ["no", "yes"]


def test_the_planner_says_what_windows_do():
    said = words(view("Memory planner", kv_plan="Mistral-7B v0.1", kv_length="32768"))
    assert "**131,072 bytes**" in said
    assert "but every layer keeps 4,095 of them at most (a sliding window)" in said
    assert "**511.9 MiB**" in said


@pytest.mark.parametrize(
    ("weights", "estimate"), [("4-bit", True), ("8-bit", True), ("float32", False)]
)
def test_rounded_weights_are_called_an_estimate(weights, estimate):
    said = words(view("Memory planner", kv_weights=weights))
    assert ("**weights are an estimate**" in said) == estimate
    assert ("Weights and cache are exact" in said) != estimate


def test_the_planner_counts_a_folder_and_the_loaded_model(saved):
    place = saved("llama")
    for plan in (place, "the model in the sidebar"):
        app = view("Memory planner", model=place, kv_plan=plan)
        assert not app.exception and not app.error
        assert "2 × 3 layers × 2 heads × 6 numbers × 2 bytes = **144 bytes**" in words(app)
    assert verdicts(app)[0].startswith(":green[✓] The model's own cache holds the bytes")


def test_too_long_a_prompt_is_explained_not_thrown():
    app = opened(kv_view="Measured", kv_prompt="4096")
    assert not app.exception
    assert "shorten the prompt to" in app.error[0].value


def test_a_link_with_impossible_values_is_told_so():
    app = opened(kv_view="Measured", kv_prompt="17", kv_repeats="900")
    assert not app.exception
    warned = " ".join(warning.value for warning in app.warning)
    assert "kv_prompt “17”" in warned and "kv_repeats “900”" in warned


def test_an_unknown_model_for_the_planner_is_explained():
    app = view("Memory planner", kv_plan="no/such-model-anywhere")
    assert not app.exception
    assert app.error
