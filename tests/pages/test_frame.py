"""The frame around all pages: one model and one prompt, kept through whatever is typed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants
from streamlit.testing.v1 import AppTest

from components import engine
from components.figures.visible import visible
from components.inspection import catalogue, sources
from components.inspection.load import load_model
from components.inspection.prediction import predict
from components.memory import ModelCache, ResultCache
from components.widgets import chapters, models, settled
from components.widgets.markup import literal
from tests import tiny

ROOT = Path(__file__).parents[2]
NOT_HERE = catalogue.HUB_MODELS[0].source
Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundled models as small as can be: a decoder in the storyteller's place, and a BERT."""
    root = tmp_path_factory.mktemp("bundle")
    for name, family in ((models.DEFAULT, "llama"), ("parrot", "gpt2"), ("reader", "bert")):
        tiny.model(family).network.save_pretrained(root / name)
        tiny.tokenizer().save_pretrained(root / name)
    return root


@pytest.fixture
def open_app(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens the app with the given values in its address."""
    for module in (catalogue, sources):
        monkeypatch.setattr(module, "BUNDLED_FOLDER", bundle)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty-cache"))
    monkeypatch.setattr(engine, "_RESULTS", ResultCache(64, 2**24))
    monkeypatch.setattr(engine, "_MODELS", ModelCache(4))

    def opened(**address: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for name, value in ({"prompt": "to be"} | address).items():
            app.query_params[name] = value
        return checked(app.run())

    return opened


def checked(app: AppTest) -> AppTest:
    """Return `app`, in which nothing crashed and the title still stands."""
    assert [error.value for error in app.exception] == []
    assert [title.value for title in app.title] == ["A transformer behind glass"]
    return app


def typed(app: AppTest, prompt: str) -> AppTest:
    """Type into the prompt box."""
    return checked(app.text_area(key="prompt").set_value(prompt).run())


def chosen(app: AppTest, model: str) -> AppTest:
    """Type the name of a model."""
    return checked(app.text_input(key="model").set_value(model).run())


def errors(app: AppTest) -> str:
    """What is said in red."""
    return "\n".join(error.value for error in app.error)


def shown(app: AppTest) -> str:
    """The prediction below the drawing, and its numbers; empty if there is none."""
    return " ".join(caption.value for caption in app.caption if "Entropy" in caption.value)


def path_of(app: AppTest) -> dict[str, Any]:
    """What the drawing on the page was given of the prompt's last token."""
    given = [json.loads(each.proto.json) for each in app.main.get("bidi_component")]
    (path,) = [data["value"] for data in given if data.get("name") == "path"]
    return path


def expected(family: str, text: str) -> str:
    """The entropy that must be on screen."""
    return f"{predict(tiny.model(family), text).entropy:.2f} bits"


def test_the_app_opens_with_a_prediction(open_app):
    app = open_app()
    assert errors(app) == ""
    assert shown(app).startswith("What comes next, by storyteller? The likeliest next token is ")
    assert expected("llama", "to be") in shown(app)
    found, top = predict(tiny.model("llama"), "to be"), path_of(app)["top"]
    assert top["shares"] == sorted(top["shares"], reverse=True)
    count = len(top["shares"])
    assert count > 5
    assert top["texts"] == [visible(text) for text in found.answers[:count]]
    assert top["shares"] == pytest.approx(found.probabilities[:count].tolist())
    assert not app.get("plotly_chart"), "the first page needs no chart library"


def test_the_sidebar_tells_what_the_model_is(open_app):
    told = "\n".join(caption.value for caption in open_app().sidebar.caption)
    assert "3 layers · 4 heads (2 key-value)" in told
    assert "llama, float32, cpu" in told
    assert "context 64 tokens · vocabulary 261" in told


def test_a_folder_in_the_address_is_a_model(open_app, bundle, tmp_path):
    folder = shutil.copytree(bundle / "parrot", tmp_path / "mine")
    app = open_app(model=str(folder), prompt="or not")
    assert errors(app) == ""
    assert shown(app).startswith("What comes next, by mine? ")
    assert expected("gpt2", "or not") in shown(app)


def test_a_model_deep_in_folders_goes_by_its_short_name(open_app, bundle, tmp_path):
    deep = tmp_path.joinpath(*["a-folder-among-many"] * 6, "m" * 60)
    folder = shutil.copytree(bundle / "parrot", deep)
    app = open_app(model=str(folder), prompt="or not")
    short = "m" * 19 + "…" + "m" * 19
    assert errors(app) == ""
    assert shown(app).startswith(f"What comes next, by {short}? ")
    assert any(f"{short} · " in caption.value for caption in app.sidebar.caption)
    kinds = (app.markdown, app.caption, app.info)
    told = "\n".join(str(each.value) for kind in kinds for each in kind)
    assert "a-folder-among-many" not in told
    chosen(app, NOT_HERE)
    assert f"Still looking at **{short}**" in errors(app)


def test_a_models_name_is_no_markup(open_app, bundle, tmp_path):
    folder = shutil.copytree(bundle / "parrot", tmp_path / "**x** $y$ :red[z]")
    app = open_app(model=str(folder), prompt="or not")
    name = literal("**x** $y$ :red[z]")
    assert shown(app).startswith(f"What comes next, by {name}? ")
    chosen(app, NOT_HERE)
    assert f"Still looking at **{name}**" in errors(app)


def test_another_prompt_or_model_is_another_prediction(open_app):
    app = open_app()
    typed(app, "or not")
    assert expected("llama", "or not") in shown(app)
    chosen(app, "parrot")
    assert "by parrot" in shown(app)
    assert expected("gpt2", "or not") in shown(app)
    chosen(app, "reader")
    assert "by reader? The likeliest masked token is " in shown(app)
    assert expected("bert", "or not") in shown(app)


def listed(app: AppTest) -> list[str]:
    """Return the sources of the list of models from top to bottom."""
    keys = [button.key or "" for button in app.sidebar.button]
    return [key.removeprefix("model-") for key in keys if key.startswith("model-")]


def test_models_of_this_machine_are_offered_first_and_the_rest_by_family(open_app, monkeypatch):
    fetched = catalogue.HUB_MODELS[-1].source
    monkeypatch.setattr(engine, "on_this_machine", lambda source: source == fetched)
    offered = listed(open_app())
    assert offered[:4] == [models.DEFAULT, "parrot", "reader", fetched]
    family = {model.source: model.family for model in catalogue.HUB_MODELS}
    families = [family[source] for source in offered[4:]]
    assert families == sorted(families)
    assert len(offered) == 3 + len(catalogue.HUB_MODELS)


def test_a_model_of_the_list_is_taken_by_its_short_name_and_closes_it(open_app):
    app = open_app()
    app.session_state["models-list"] = True
    checked(app.run())
    assert listed(app).count("parrot") == 1
    labels = [button.label for button in app.sidebar.button]
    assert any(label.startswith("**gpt2** ") and "GPT-2 · 124M" in label for label in labels)
    checked(app.button(key="model-parrot").click().run())
    assert app.text_input(key="model").value == "parrot"
    assert app.session_state["models-list"] is False
    assert "by parrot" in shown(app)


def test_a_sample_prompt_is_one_click(open_app):
    app = open_app()
    checked(app.button(key="sample-A capital").click().run())
    assert app.text_area(key="prompt").value == "The capital of France is"
    assert expected("llama", "The capital of France is") in shown(app)


def test_a_model_that_cannot_be_had_leaves_the_last_good_one(open_app):
    app = chosen(open_app(), "parrot")
    chosen(app, NOT_HERE)
    assert f"'{NOT_HERE}' is not on this machine" in errors(app)
    assert "Still looking at **parrot**" in errors(app)
    assert "by parrot" in shown(app)
    assert expected("gpt2", "to be") in shown(app)
    typed(app, "or not")
    assert "Still looking at **parrot**" in errors(app)
    assert expected("gpt2", "or not") in shown(app)
    chosen(app, "reader")
    assert errors(app) == ""


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("nonsense", "'nonsense' is not on this machine"),
        ("a b", "A hub id looks like"),
        ("/nowhere/at/all", "There is no folder /nowhere/at/all"),
        ("x" * 5_000, "No model has this name"),
    ],
)
def test_an_unknown_model_in_the_address_is_explained(model, said, open_app):
    app = open_app(model=model)
    assert said in errors(app)
    assert [said in error.value for error in app.main.error] == [True], "once, and on the page"
    assert [error.value for error in app.sidebar.error] == []
    told = "\n".join(caption.value for caption in app.sidebar.caption)
    assert "million parameters" in told, "of the model that is looked at"
    assert f"Still looking at **{models.DEFAULT}**" in errors(app)
    assert f"by {models.DEFAULT}" in shown(app)


@pytest.mark.parametrize("name", ["device", "dtype"])
def test_an_unknown_choice_in_the_address_is_explained(name, open_app):
    app = open_app(**{name: "foo"})
    warned = "\n".join(warning.value for warning in app.warning)
    assert f"The link asks for {name} “foo”" in warned
    assert "Using auto" in warned
    assert "by storyteller" in shown(app)


def test_a_device_that_this_machine_lacks_is_explained(open_app):
    app = open_app(device="mps")
    assert "This machine has no device 'mps'; it has: cpu" in errors(app)
    assert "by storyteller" in shown(app)


def test_half_precision_in_the_address_is_obeyed(open_app):
    told = "\n".join(caption.value for caption in open_app(dtype="bfloat16").sidebar.caption)
    assert "llama, bfloat16, cpu" in told


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("", "There is no text to read. Type a few words into the prompt"),
        ("x" * 64, "65 tokens long, but this model reads at most 64: shorten it by 1 tokens"),
        ("x" * 100_000, "100,001 tokens long, but this model reads at most 64"),
        ("🎵" * 20_000, "80,001 tokens long"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_explained_and_the_app_goes_on(prompt, said, open_app):
    app = typed(open_app(), prompt)
    assert said in errors(app)
    assert shown(app) == ""
    assert app.text_area(key="prompt").value == prompt, "what was typed must not be lost"
    typed(app, "or not")
    assert errors(app) == ""
    assert expected("llama", "or not") in shown(app)


@pytest.mark.parametrize("prompt", ["\0", " ", "\n\t", "שלום", "e\u0301", "**bold** $x$ <b>", "`"])
def test_an_unusual_prompt_is_read_like_any_other(prompt, open_app):
    app = typed(open_app(), prompt)
    assert errors(app) == ""
    assert expected("llama", prompt) in shown(app)


def test_what_the_address_forgets_of_a_choice_is_said_to_it_again(open_app):
    """As where a link to another page is followed, and the browser forgets what all pages hold."""
    app = checked(open_app(prompt="to be or not").run())
    assert not app.text_area(key="prompt").proto.set_value
    app.query_params.clear()
    checked(app.run())
    box = app.text_area(key="prompt")
    assert box.value == "to be or not" and box.proto.set_value
    app.query_params["prompt"] = box.value
    checked(app.run())
    assert not app.text_area(key="prompt").proto.set_value


def test_of_a_prompt_too_long_for_a_link_it_is_said(open_app):
    app = typed(open_app(), "or not")
    assert not any("too long for a link" in caption.value for caption in app.caption)
    typed(app, "y" * (settled.MOST_IN_LINK + 1))
    assert any("too long for a link" in caption.value for caption in app.caption)
    assert app.text_area(key="prompt").value == "y" * (settled.MOST_IN_LINK + 1)
    typed(app, "or not")
    assert not any("too long for a link" in caption.value for caption in app.caption)
    assert expected("llama", "or not") in shown(app)


def test_a_page_opens_on_its_example_until_the_reader_writes_a_prompt():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert app.text_area(key="prompt").value == chapters.HOME.example
    app.switch_page("pages/inside/positions/positions.py").run()
    assert "gave a drink to" in app.text_area(key="prompt").value
    app.text_area(key="prompt").set_value("or not").run()
    app.switch_page("pages/about/home.py").run()
    assert app.text_area(key="prompt").value == "or not"


@pytest.mark.parametrize("title", ["Home", "Sampling playground"])
def test_where_the_next_token_is_looked_at_the_example_leaves_it_open(title):
    """With the bundled model: a distribution of 2 bits or more has something to reshape."""
    every = [chapters.HOME, *(one for each in chapters.CHAPTERS.values() for one in each)]
    (lesson,) = [one for one in every if one.title == title]
    assert predict(load_model("storyteller"), lesson.example).entropy >= 2


def test_what_nobody_asked_for_in_the_address_does_no_harm(open_app):
    assert "by storyteller" in shown(open_app(nonsense="1", layer="-5"))
