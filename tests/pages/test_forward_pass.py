"""The page of the forward pass without a browser: families, addresses, long texts; and its door."""

import json
from typing import Any

import pytest
import transformers as hf
from streamlit.testing.v1 import AppTest

from components.inspection.machine.overview import MOST_ROWS, MOST_TOKENS
from components.widgets import chapters, door
from components.widgets.machine.look import DEFAULT, FIELDS, MOST_OFF, MOST_WRITTEN
from pages.inside.forward_pass.tour_words import STOPS
from tests import tiny
from tests.pages.test_lessons import ROOT

PAGE = "pages/inside/forward_pass/forward_pass.py"
KEY = "forward_pass-the_machine"
TEXT = "to be not"
FAMILIES = (
    *("gpt2", "llama", "gemma2", "gpt_neox", "bloom", "mixtral", "olmo2", "falcon"),
    *("bert", "bert_classifier", "t5", "bart", "headless"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a tiny model, as anybody would have saved it."""
    root = tmp_path_factory.mktemp("models")

    def saved(family: str) -> str:
        place = root / family
        if not place.exists():
            networks = {"headless": lambda: tiny.network("bert").bert, "long": long}
            network = networks.get(family, lambda: tiny.network(family))()
            network.save_pretrained(place)
            tiny.tokenizer().save_pretrained(place)
        return str(place)

    return saved


def long() -> hf.PreTrainedModel:
    """A Llama that reads 2,048 tokens."""
    config = hf.LlamaConfig(**tiny._LLAMA | {"max_position_embeddings": 2048})
    return tiny.built(hf.LlamaForCausalLM, config)


def opened(page: str = PAGE, **address: str) -> AppTest:
    """Open the page; of the address, what is a field of the drawing's look goes by its name."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page(page)
    for name, value in address.items():
        app.query_params[f"forward_pass.{name}" if name in FIELDS else name] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    assert [error.message for error in app.exception] == []
    return app


def sent(app: AppTest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the drawing was told, and its parts by name."""

    def wrong(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    given = [
        json.loads(each.proto.json, parse_constant=wrong)
        for each in app.main.get("bidi_component")
        if '"machine"' in each.proto.json
    ]
    (told,) = [one for one in given if "state" in one]
    return told, {one["name"]: one["value"] for one in given if "name" in one}


def look(app: AppTest) -> dict[str, str]:
    """Return what the address holds of the drawing's look."""
    prefix = "forward_pass."
    values = {name: app.query_params[name] for name in app.query_params if prefix in name}
    return {
        name.removeprefix(prefix): value[0] if isinstance(value, list) else value
        for name, value in values.items()
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_model_is_drawn_opened_and_toured(family, folder, drawn):
    app = opened(model=folder(family), prompt=TEXT, open="1", push="true", stop="5", token="2")
    assert not app.error
    told, parts = sent(app)
    shown = drawn[KEY]
    assert [str(check) for check in shown.checks if check.verdict == "fails"] == []
    rivers = parts["overview"]["rivers"]
    assert [one["name"] for one in rivers] == {
        "t5": ["encoder", "decoder"],
        "bart": ["encoder", "decoder"],
    }.get(family, ["encoder" if "bert" in family or family == "headless" else "decoder"])
    assert parts["block"]["layer"] == told["state"]["open"] == 1
    assert told["state"]["place"] == parts["path"]["place"] == 2
    assert len(parts["tour"]["stops"]) == len(STOPS)
    # What comes behind the last block is, in these, a norm and a sum.
    assert (parts["path"]["push"] is not None) == (family in FAMILIES[:8] or family == "t5")
    assert (parts["path"]["lens"] is None) == (family in ("bert_classifier", "headless"))
    assert (parts["path"]["top"] is None) == (family == "headless")
    if parts["path"]["top"]:
        assert parts["path"]["top"]["asked"] in shown.told
    assert len(shown.files) == 1
    assert told["writes"] == (family not in ("bert", "bert_classifier", "headless"))
    station = next(
        one["station"] for one in parts["block"]["stations"].values() if one["vector"] is not None
    )
    app.query_params["forward_pass.station"] = station
    _, parts = sent(checked(app.run()))
    assert parts["cell"]["holds"] and parts["cell"]["station"] == station


def test_a_classifier_is_stopped_at_the_token_that_it_reads(folder, drawn):
    _, parts = sent(opened(model=folder("bert_classifier"), prompt=TEXT))
    assert parts["path"]["place"] == 0 and parts["path"]["lens"] is not None
    app = opened(model=folder("bert_classifier"), prompt=TEXT, token="2")
    assert sent(app)[1]["path"]["lens"] is None
    assert "judges the text by token 0" in drawn[KEY].told


def test_look_across_is_asked_of_the_decoder_alone(folder):
    for stack, kind in (("decoder", "cross"), ("encoder", "self")):
        app = opened(model=folder("bart"), prompt=TEXT, stack=stack, open="1", cross="true")
        assert sent(app)[1]["block"]["kind"] == kind


def test_parts_are_switched_off_and_what_there_was_is_sent_beside(folder):
    app = opened(model=folder("llama"), prompt=TEXT, off="head 1.2,mlp 0,nonsense")
    told, parts = sent(app)
    assert told["state"]["off"] == ["head 1.2", "mlp 0"]
    plain = sent(opened(model=folder("llama"), prompt=TEXT))[1]
    assert plain["before"] is None
    assert parts["before"]["best"] == [plain["path"]["top"]["texts"][0], *plain_share(plain)]
    assert parts["path"]["top"]["shares"] != plain["path"]["top"]["shares"]


def plain_share(parts: dict[str, Any]) -> list[float]:
    return parts["path"]["top"]["shares"][:1]


def test_what_is_written_stands_behind_the_text_and_says_which_rows_are_kept(folder):
    app = opened(model=folder("llama"), prompt=TEXT, written="9.10")
    told, parts = sent(app)
    (river,) = parts["overview"]["rivers"]
    assert river["ids"][-2:] == [9, 10] and river["total"] == len(TEXT) + 3
    assert told["state"]["place"] == river["total"] - 1
    assert parts["kept"]["rows"] == [1] * (river["total"] - 1) + [0]


HOSTILE = {
    "stack": ("sideways", "encoder", "<b>"),
    "token": ("-1", "9999999", "nan", "1e9", "9" * 5000, "٣"),
    "open": ("-1", "9999999", "true", "0x1"),
    "head": ("-1", "9999999", "9" * 5000),
    "cross": ("true", "perhaps"),
    "step": ("softmax", "biased", "\0"),
    "push": ("true", "1"),
    "toward": ("9999999", "260", "-3"),
    "rather": ("9999999", "0"),
    "off": ("head 0.99,mlp 99,attention 0", ",".join(f"head 0.{i}" for i in range(200)), ";drop"),
    "put": ("mean", "median"),
    "station": ("hidden", "no such station", "a" * 500, "weight", "<img src=x>"),
    "index": ("9999999", "-5"),
    "written": ("9999999", ".".join(["9"] * 500), "..", "a.b"),
    "stop": ("13", "9999999", "-1"),
}


def test_the_hostile_values_are_of_all_that_the_address_holds():
    assert tuple(HOSTILE) == tuple(name for name in FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_link_may_say_anything(name, folder):
    for value in HOSTILE[name]:
        others = {"open": "1", "station": "hidden", "off": "mlp 2"}
        app = opened(model=folder("llama"), prompt=TEXT, **others | {name: value})
        if app.error:
            assert len(app.error[0].value) > 20 and "Traceback" not in app.error[0].value
            continue
        state = sent(app)[0]["state"]
        assert 0 <= state["place"] < len(TEXT) + 1 + len(state["written"])
        assert 0 <= state["head"] < 4
        assert len(state["off"]) <= MOST_OFF and len(state["written"]) <= MOST_WRITTEN


def test_of_a_text_longer_than_the_model_reads_there_is_a_sentence(folder):
    app = opened(model=folder("gpt2"), prompt="x" * 1_100, open="1", stop="2")
    assert "1,101 tokens long, but this model reads at most 64" in app.error[0].value


def test_a_text_of_more_tokens_than_are_recorded_is_refused_in_a_sentence(folder):
    app = opened(model=folder("long"), prompt="x" * MOST_TOKENS, open="1")
    assert f"{MOST_TOKENS + 1:,} tokens long; the whole pass is recorded for" in app.error[0].value


@pytest.mark.parametrize("token", [None, 0, 50, 119])
def test_of_a_longer_text_the_rows_around_the_token_are_drawn(token, folder):
    address = {} if token is None else {"token": str(token)}
    told, parts = sent(opened(model=folder("long"), prompt="ab " * 40, open="2", **address))
    (river,) = parts["overview"]["rivers"]
    place = 120 if token is None else token
    assert told["state"]["place"] == place
    assert (river["rows"], river["total"]) == (MOST_ROWS, 121) and len(river["tokens"]) == MOST_ROWS
    assert river["first"] <= place < river["first"] + MOST_ROWS
    assert len(parts["block"]["keys"]) == MOST_ROWS


def test_another_prompt_begins_anew_but_the_block_stays_open(folder):
    where = {"open": "1", "head": "2", "step": "scaled", "stop": "4"}
    there = {"token": "2", "station": "hidden", "index": "3", "off": "mlp 0", "written": "9"}
    app = opened(model=folder("llama"), prompt=TEXT, **where, **there)
    assert look(app) == where | there
    checked(app.text_area(key="prompt").set_value("or not to be").run())
    assert look(app) == where
    state = sent(app)[0]["state"]
    assert state["open"] == 1 and state["place"] == len("or not to be")
    assert not state["off"] and not state["written"] and not state["station"]
    checked(app.run())
    assert look(app) == where, "the same text again changes nothing"


def test_home_draws_the_machine_and_says_what_comes_next(folder):
    app = opened("pages/about/home.py", model=folder("llama"), prompt=TEXT)
    told, parts = sent(app)
    assert told["door"] and not told["writes"]
    assert told["label"].startswith("The forward pass of ")
    assert {**told["state"], "place": 0, "stack": ""} == {**vars(DEFAULT), **EMPTY}
    assert parts["path"]["top"]["texts"] and parts["block"] is None
    assert any("What comes next, by " in each.value for each in app.caption)


EMPTY = {"off": [], "written": [], "place": 0, "stack": ""}


def test_a_click_on_home_opens_the_forward_pass_there_with_the_same_text():
    app = opened("pages/about/home.py")
    app.session_state[door.CLICKED] = {"open": 2, "head": 1, "nonsense": "x", "token": "3"}
    checked(app.run())
    assert [title.value for title in app.title] == ["Forward pass"]
    assert app.text_area(key="prompt").value == chapters.OPEN
    told, parts = sent(app)
    assert not told["door"] and parts["block"]["layer"] == 2 and parts["block"]["head"] == 1
    assert look(app) == {"open": "2", "head": "1", "token": "3"}
    assert door.CLICKED not in app.session_state
