"""The attention page: every view runs, and what cannot be done is said in a sentence."""

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.lesson import Shown, slug
from components.widgets.markup import literal
from pages.inside.attention.examples import SENTENCES, token_of
from tests import tiny

ROOT = Path(__file__).parents[2]
VIEWS = ["All heads", "One head", "BertViz", "Step by step", "While writing", "Masks and sharing"]
PROMPT = "When Mary and John went to the shop, Mary gave a drink to"


KINDS = {
    "One head": ("show", ("this head", "mean of the heads", "largest of the heads", "rollout")),
    "BertViz": ("bertviz_view", ("head", "model", "neuron")),
    "Step by step": ("numbers", ("of the model", "of a small example")),
    "Masks and sharing": (
        "part",
        ("this model's mask", "shared keys and values", "other masks"),
    ),
}
"""What the kinds of a view are called in the address."""
FOLDS = {
    "Step by step": (
        "one_dot_product_number_by_number",
        "what_the_head_adds_to_the_residual_stream",
    ),
    "Masks and sharing": ("why_it_matters_the_square_grows_fast",),
}
"""Parts below a view, by their names in the address."""
PARTS = [
    (view, {name: kind})
    for view in VIEWS
    for name, kinds in [KINDS.get(view, ("", ("",)))]
    for kind in kinds
]
UNCHECKED = {"shared keys and values", "other masks"}
"""Kinds with nothing to check, and no question."""
SHARED = ("view", "model", "layer", "head", "query", "key", "prompt", "dtype")
WRITE = "Measure while it writes"


def opened(prompt: str = PROMPT, before: dict[str, str] | None = None, **address: str) -> AppTest:
    """Open the page at `address`, folds and all, in a session that holds `before`."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/inside/attention/attention.py")
    app.query_params["prompt"] = prompt
    for name, value in (before or {}).items():
        app.session_state[name] = value
    view = address.get("view", "All heads")
    for fold in FOLDS.get(view, ()):
        app.query_params[f"attention-{slug(view)}-{fold}"] = "true"
    for name, value in address.items():
        if name:
            app.query_params[name if name in SHARED else f"attention.{name}"] = value
    return app.run()


def written(app: AppTest) -> AppTest:
    """Let the model write."""
    return next(each for each in app.button if each.label == WRITE).click().run()


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def verdicts(app: AppTest) -> list[str]:
    """Lines of checks: green, red, grey."""
    lines = "\n".join(str(part.value) for part in app.markdown).splitlines()
    return [line.strip() for line in lines if line.startswith((":green[✓]", ":red[✗]", ":gray[·]"))]


GREEN = re.compile(r":green\[✓\] [A-Z“].+: off by \*\*[\d.e+-]+\*\*, allowed [\d.e+-]+\.")
"""A check that holds, with how far off it is, and how far it may be."""


def holds(app: AppTest) -> bool:
    """Say whether checks are shown, and all of them green, with numbers within their bounds."""
    lines = verdicts(app)
    assert lines and [line for line in lines if not GREEN.fullmatch(line)] == []
    for line in lines:
        error, bound = re.findall(r"off by \*\*(.+)\*\*, allowed (.+)\.$", line)[0]
        assert float(error) <= float(bound), line
    return True


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Tiny models of three kinds as folders, which is what a reader may type."""
    made = {}
    for family in ("t5", "bert", "bloom"):
        folder = tmp_path_factory.mktemp(family)
        tiny.network(family).save_pretrained(folder)
        tiny.tokenizer().save_pretrained(folder)
        made[family] = str(folder)
    return made


@pytest.mark.parametrize(("view", "kind"), PARTS)
def test_every_view_runs_on_the_default_model(view, kind):
    app = opened(view=view, **kind)
    assert not app.exception and not app.error
    assert app.title[0].value == "Attention"
    assert "The link" not in said(app)
    if view == "While writing":
        written(app)
    assert not app.exception and not app.error
    assert UNCHECKED & set(kind.values()) or holds(app)


@pytest.mark.parametrize(("view", "kind"), PARTS)
@pytest.mark.parametrize("family", ["t5", "bert", "bloom"])
def test_every_view_runs_on_other_kinds_of_models(folders, view, kind, family):
    app = opened("the cat the cat", view=view, model=folders[family], target="dog", **kind)
    assert not app.exception
    if (view, family) == ("While writing", "bert"):
        assert "writes nothing" in app.error[0].value
        return
    if view == "While writing":
        written(app)
    assert not app.exception and not app.error
    assert UNCHECKED & set(kind.values()) or holds(app)


@pytest.mark.parametrize("view", ["All heads", "One head", "Step by step", "BertViz"])
@pytest.mark.parametrize("group", ["decoder self-attention", "cross-attention"])
def test_the_attention_of_two_stacks_can_be_chosen(folders, view, group):
    app = opened("the cat", view=view, model=folders["t5"], target="dog", group=group)
    assert not app.exception and not app.error
    assert "The link" not in said(app)
    assert holds(app)


def test_two_stacks_begin_with_the_encoder_that_reads_the_prompt_and_write_in_the_decoder(folders):
    def group(view: str) -> str:
        app = opened("the cat", view=view, model=folders["t5"])
        assert not app.exception and not app.error
        chosen = next(each for each in app.get("button_group") if each.key == "attention.group")
        return str(chosen.value)

    assert group("One head") == "encoder self-attention"
    assert group("While writing") == "decoder self-attention"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("prompt", "words"), [("", "no text"), ("lamp " * 2_000, "shorten it by")])
def test_a_prompt_that_cannot_be_read_is_explained(view, prompt, words):
    app = opened(view=view)
    app.session_state["prompt"] = prompt
    app.run()
    assert not app.exception
    assert words in app.error[0].value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("prompt", ["x", "🦙🦙", "שלום עולם", "</script><b>", "$x_1$ [a](b)"])
def test_unusual_prompts_are_read_on_every_view(view, prompt):
    app = opened(prompt, view=view)
    assert not app.exception and not app.error


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer", "99"),
        ("head", "-1"),
        ("layer", "x"),
        ("scale", "loud"),
        ("view", "none"),
        ("floor", "2"),
        ("show", "all of it"),
    ],
)
def test_a_link_that_asks_for_what_is_not_there_is_explained(name, value):
    app = opened(**({"view": "One head"} | {name: value}))
    assert not app.exception
    told = [each.value for each in app.caption if "The link asks for" in each.value]
    assert any(f"“{value}”" in each for each in told)


@pytest.mark.parametrize("show", ["mean of the heads", "largest of the heads", "rollout"])
@pytest.mark.parametrize("weigh", ["attention", "attention × value"])
def test_heads_are_shown_together(show, weigh):
    app = opened(view="One head", show=show, weigh=weigh, words="true", layer="2")
    assert not app.exception and not app.error


def test_hiding_the_first_token_says_what_it_got(drawn):
    app = opened(view="One head", hide_first="true")
    assert re.search(
        r"Hidden: the first token, which gets \*\*\d+%\*\* of the attention", said(app)
    )
    assert drawn["attention-one_head"].figure.data[0].zmax < 1
    column = np.array(drawn["attention-one_head"].figure.data[0].z, dtype=float)[:, 0]
    assert np.isnan(column).all()


def test_a_long_text_is_cropped_and_says_so(drawn):
    app = opened(" ".join(["the fox sat by the mill"] * 40), view="One head")
    assert not app.exception and not app.error
    assert "tokens; 96 of them are drawn" in said(app)
    app.slider(key="attention.from").set_value(7).run()
    assert list(drawn["attention-one_head"].figure.data[0].x) == list(range(7, 103))
    many = len(drawn["attention-one_head"].table())
    assert many > 200**2, "the table holds the whole text"


def test_the_toy_shows_the_numbers_of_the_source_text(drawn):
    app = opened(view="Step by step", numbers="of a small example", divide="false")
    assert not app.exception and not app.error
    figure = drawn["attention-step_by_step"].figure
    assert tuple(figure.data[6].text[1]) == ("0.269", "0.731", "0")
    app.text_area(key="attention.q").set_value("1 x").run()
    assert "no number" in app.error[0].value


def test_writing_adds_a_row_for_each_token(drawn):
    app = opened(view="While writing", new="3")
    assert "Does the model also attend to what it has just written itself?" in said(app)
    assert "attention-while_writing" not in drawn
    written(app)
    assert not app.exception and not app.error
    assert len(drawn["attention-while_writing"].figure.data[0]["y"]) == 3
    assert holds(app)


def test_another_head_does_not_write_the_text_again(drawn):
    app = written(opened(view="While writing", new="2"))
    first = drawn["attention-while_writing"]
    app.selectbox(key="layer").set_value("2").run()
    assert not app.exception and not app.error
    second = drawn["attention-while_writing"]
    assert second.facts["written"] == first.facts["written"]
    assert (second.facts["layer"], first.facts["layer"]) == (2, 0)
    assert not (second.figure.data[0].z == first.figure.data[0].z).all()


@pytest.mark.parametrize(
    ("view", "kind"),
    [part for part in PARTS if not UNCHECKED & set(part[1].values())],
)
def test_a_prediction_is_asked_before_its_answer_is_shown(view, kind, drawn):
    app = opened(view=view, **kind)
    if view == "While writing":
        written(app)
    before = said(app)
    question = next(each for each in app.get("button_group") if str(each.key).startswith("guess-"))
    asked = drawn[f"attention-{slug(view)}"].predict
    wrong = next(each for each in asked.answers if each != asked.right)
    question.set_value(wrong).run()
    assert not app.exception
    assert f"**Not quite: {asked.right}.** {asked.because}" in said(app)
    question = next(each for each in app.get("button_group") if str(each.key).startswith("guess-"))
    question.set_value(asked.right).run()
    assert f":green[**✓ Right: {asked.right}.**] {asked.because}" in said(app)
    assert asked.because not in before


def right(drawn: dict[str, Shown], view: str, **address: str) -> str:
    opened(view=view, **address)
    return drawn[f"attention-{slug(view)}"].predict.right


def test_answers_are_those_of_the_model_that_is_loaded(drawn, folders):
    cause, both = "no", "yes"
    assert right(drawn, "Masks and sharing") == cause
    assert right(drawn, "Masks and sharing", model=folders["bert"]) == both
    assert right(drawn, "All heads") == "yes", "the bundled model has induction heads"
    assert right(drawn, "All heads", model=folders["bloom"]) == "no", "random weights have none"
    opened(view="One head", layer="2")
    table = drawn["attention-one_head"].table()
    later = table[(table["query at"] > 0) & (table["key at"] == 0)]["attention weight"].mean()
    assert f"This head gives {later:.0%}" in drawn["attention-one_head"].predict.because


def test_a_model_in_a_long_folder_goes_by_its_short_name(folders, drawn):
    app = opened(view="Masks and sharing", model=folders["bloom"])
    name = literal(Path(folders["bloom"]).name)
    assert f"The mask of {name}: **" in said(app)
    assert folders["bloom"] not in said(app)
    opened(view="One head", model=folders["bloom"])
    assert folders["bloom"] in drawn["attention-one_head"].code, "code opens the whole path"


def test_a_text_of_markup_is_written_on_as_it_stands():
    app = written(opened("**x** $y$ :red[z]", view="While writing", new="2"))
    assert not app.exception and not app.error
    assert f"… {literal('**x** $y$ :red[z]')} → `" in said(app)


def test_a_layer_chosen_for_a_larger_model_gives_way_and_says_so(folders):
    chosen = {"layer": "11", "head": "2"}  # as if before, for a model of 12 layers
    app = opened(view="One head", model=folders["bloom"], before=chosen)
    assert not app.exception and not app.error
    assert (app.selectbox(key="layer").value, app.selectbox(key="head").value) == ("0", "2")
    assert "Layer: 11 is not there now; shown is 0." in said(app)
    assert "The link" not in said(app)


def test_key_value_heads_begin_with_the_model_s_own_and_cost_what_they_cost(drawn, folders):
    app = opened(view="Masks and sharing", part="shared keys and values")
    table = drawn["attention-masks_and_sharing"].table()
    assert table["key-value heads"].tolist() == [1, 2, 4]
    assert "**grouped-query attention (GQA)**, as this model has it" in said(app)
    # 2 x 4 layers x 2 heads x 64 numbers x 512 tokens x 2 bytes
    assert table["cache (MiB)"].tolist() == [0.5, 1.0, 2.0]
    assert "takes **1.00 MiB**, 2 times smaller" in said(app)
    opened(view="Masks and sharing", part="shared keys and values", kv_heads="1")
    assert drawn["attention-masks_and_sharing"].told.startswith("**multi-query attention (MQA)**: ")


def test_other_masks_say_how_far_a_token_reaches(drawn):
    opened(view="Masks and sharing", part="other masks", mask="sliding window", layers="3")
    told = drawn["attention-masks_and_sharing"].told
    assert "After 3 layers, the last of 24 tokens has been reached by **10** of them." in told
    growth = drawn["attention-masks_and_sharing-why_it_matters_the_square_grows_fast"].table()
    assert growth["one head's scores in 16 bits (MiB)"].tolist()[:3] == [0.5, 8, 32]


def test_only_the_kinds_that_are_asked_for_are_drawn_and_none_is_said(drawn, folders):
    app = opened(view="All heads", kinds="induction")
    kinds = drawn["attention-all_heads"].table()["kind, on random tokens"]
    many = int((kinds == "induction").sum())
    assert 0 < many < 16
    assert drawn["attention-all_heads"].alt.startswith(f"{many} of 16 heads")
    app = opened(view="All heads", kinds="induction", model=folders["bloom"])
    assert "No head is of these kinds" in app.error[0].value


def test_the_dot_product_is_that_of_the_strips(drawn):
    app = opened(view="Step by step", layer="1", head="3", query="6", key="2")
    assert not app.exception and not app.error
    fold = "attention-step_by_step-one_dot_product_number_by_number"
    products = drawn[fold].table()["query × key"].sum()
    strips = drawn["attention-step_by_step"].table()
    assert products == pytest.approx(strips["q · k"][2], rel=1e-4)
    assert f"**{strips['softmax'][2]:.1%}**" in drawn[fold].told
    norms = drawn["attention-step_by_step-what_the_head_adds_to_the_residual_stream"]
    assert f"**{norms.table()['norm'][3]:.3f}**" in norms.told


def test_a_masked_key_token_is_not_on_offer():
    app = opened(view="Step by step", query="2")
    assert len(app.selectbox(key="query").options) == 15
    assert len(app.selectbox(key="key").options) == 3


@pytest.mark.parametrize("show", KINDS["One head"][1])
def test_the_code_of_a_square_prints_the_table_on_screen(show, drawn, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    opened(view="One head", show=show, layer="2", head="1")
    shown, names = drawn["attention-one_head"], {}
    exec(compile(shown.code, "shown", "exec"), names)
    own = shown.table()["attention weight"].to_numpy()
    np.testing.assert_allclose(own, names["weights"].numpy().ravel(), atol=1e-6)
    assert capsys.readouterr().out.startswith("tensor(")


def test_weighed_by_values_there_is_no_code_that_would_print_other_numbers(drawn):
    opened(view="One head", weigh="attention × value")
    assert drawn["attention-one_head"].code == ""
    assert "That of the weights alone" in drawn["attention-one_head"].uncoded


def test_where_the_last_token_cannot_be_changed_it_is_said_and_nothing_asked(drawn, folders):
    decoder = {"model": folders["t5"], "group": "decoder self-attention"}
    opened("the cat", view="Masks and sharing", **decoder)
    shown = drawn["attention-masks_and_sharing"]
    assert shown.predict is None
    assert "There is no last token to change: write at least two words." in shown.told
    opened("the cat", view="Masks and sharing", target="dog", **decoder)
    assert drawn["attention-masks_and_sharing"].predict is not None


@pytest.mark.parametrize("name", SENTENCES)
def test_an_example_points_at_its_pair_of_words(name):
    app = opened("the cat", view="All heads")
    app.button(key=f"example-{name}").click().run()
    assert not app.exception and not app.error
    example = SENTENCES[name]
    assert app.session_state["prompt"] == example.prompt
    query, key = (str(app.selectbox(key=each).value) for each in ("query", "key"))
    # A word of several tokens is pointed at where the whole of it has been read: at its last.
    assert example.query.endswith(query.split(" ", 1)[1].removeprefix("·"))
    assert example.key.endswith(key.split(" ", 1)[1].removeprefix("·"))
    assert int(key.split(" ")[0]) < int(query.split(" ")[0]), "a decoder looks back"
    assert app.selectbox(key="attention.sort").value == "weight of one pair"
    assert "Below each square: its layer and head" in said(app)


def test_a_word_that_stands_twice_is_its_last():
    tokens = ("The", " to", "y", " to", " to", "y")
    words = ((0, 1), (1, 3), (3, 4), (4, 6))
    assert token_of(tokens, words, "toy") == 5
    assert token_of(tokens, words, "to") == 3
    assert token_of(tokens, words, "cat") is None


def test_what_is_offered_fits_the_model(folders):
    app = opened("so so", view="All heads", model=folders["bert"])
    app.button(key="example-A gap to fill").click().run()
    assert not app.error
    # With the mask that this very tokenizer has, asked of the word beside it.
    assert app.session_state["prompt"] == "What a horrible <mask>!"
    assert "<mask>" in str(app.selectbox(key="query").value)
    app = opened("so so", view="One head", model=folders["t5"])
    app.button(key="example-Translation: I love llamas").click().run()
    assert not app.error
    chosen = next(each for each in app.get("button_group") if each.key == "attention.group")
    assert chosen.value == "cross-attention"
    assert app.text_input(key="attention.target").value == "Ich liebe Lamas"
    names = {each.key for each in opened(view="All heads").button}
    assert "example-A gap to fill" not in names
    assert "example-Translation: I love llamas" not in names


def test_of_the_largest_weights_it_is_not_said_that_a_row_sums_to_1(drawn):
    opened(view="One head", show="largest of the heads")
    shown = drawn["attention-one_head"]
    assert shown.table().groupby("query at")["attention weight"].sum().max() > 1.1
    assert all(check.says.endswith(", in each head") for check in shown.checks)


def test_an_open_end_is_written_on(drawn):
    app = opened(view="While writing")
    app.button(key="example-An open end").click().run()
    written(app)
    assert not app.error
    assert app.session_state["prompt"] == "Once upon a time there was a"
    assert len(drawn["attention-while_writing"].facts["written"]) == 40
