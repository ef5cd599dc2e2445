"""The tokenizer tour: every view runs, and what cannot be done is said in a sentence."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.inspection.tokenizer.cutting import cut, encode

ROOT = Path(__file__).parents[2]
VIEWS = ["Tokens", "Statistics", "Compare", "Step by step", "Train your own", "Special tokens"]
PROMPT = "Once upon a time there was a little fox named Leo."


def opened(prompt: str = PROMPT, **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/text/tokenizer.py")
    app.query_params["prompt"] = prompt
    app.query_params["tokenizer"] = address.pop("tokenizer", "gpt2")
    for name, value in address.items():
        app.query_params[f"tok-{name}"] = value
    return app.run()


def words(app: AppTest) -> str:
    return "\n".join(
        str(each.value)
        for kind in (app.markdown, app.caption, app.info, app.warning, app.error)
        for each in kind
    )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("tokenizer", ["model", "mistral-v1"])
def test_every_view_runs_with_every_tokenizer_at_hand(view, tokenizer):
    app = opened(view=view, tokenizer=tokenizer)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Tokenizer tour"


def test_the_poets_question_is_thirteen_tokens():
    app = opened("Have the bards who preceded me left any theme unsung?")
    assert "## 13 tokens" in words(app)
    assert "53 characters ÷ 13 tokens = **4.08 characters per token**" in words(app)
    assert ":green[✓] Decode(encode(text)) gives the text back" in words(app)
    assert ":green[✓] The tokens' bytes, put together, are the text's bytes" in words(app)
    assert ":green[✓] These are the ids that the tokenizer gives to the text" in words(app)
    assert ":red[✗]" not in words(app)


def test_special_tokens_are_counted_apart_from_the_texts():
    app = opened(PROMPT, tokenizer="model")
    found = cut("storyteller", PROMPT).total - 1
    assert f"## {found} tokens + 1 special" in words(app)
    assert f"{len(PROMPT)} characters ÷ {found} tokens" in words(app)
    app = opened(PROMPT, tokenizer="model", view="Statistics")
    assert app.metric[0].value == str(found)
    assert "+ 1 special" in app.metric[0].delta
    app = opened(PROMPT, view="Compare")
    assert f"{found} tokens + 1 special" in words(app)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("tokenizer", ["model", "mistral-v1"])
def test_no_check_is_red(view, tokenizer):
    app = opened("A naïve 🎵 prompt.\n  Two lines", view=view, tokenizer=tokenizer)
    assert not app.exception
    assert ":red[✗]" not in words(app)
    if view in ("Tokens", "Compare", "Step by step"):
        assert ":green[✓]" in words(app)


@pytest.mark.parametrize(
    ("tokenizer", "always", "ids"),
    [("mistral-v1", True, "6,029, 1,837"), ("gpt2", False, "11,241, 1,634")],
)
def test_a_word_in_a_sentence_has_one_space_before_it(tokenizer, always, ids):
    """SentencePiece puts it there itself: a second one would be a token of its own."""
    app = opened(view="Step by step", tokenizer=tokenizer)
    (toggle,) = app.toggle
    assert (toggle.value, toggle.disabled) == (True, always)
    assert f"The ids: **{ids}**" in words(app)


def test_in_a_sentence_hiking_is_what_it_is_there():
    app = opened(tokenizer="mistral-v1")
    app.segmented_control(key="question-0").set_value("2").run()
    tokens = cut("mistral-v1", "hiking").total
    assert f"**{tokens}** for Mistral 7B (v1)." in words(app)


def test_it_is_said_that_transformers_reads_mistrals_special_tokens_otherwise():
    app = opened(view="Special tokens", tokenizer="mistral-v3")
    assert "As mistral_common cuts a plain text" in words(app)
    assert "mistral_common" not in words(opened(view="Special tokens"))


def test_a_file_with_zeros_in_it_is_no_utf_16():
    app = uploaded(b"hello\0world\0 ok")
    assert "zero bytes" in app.error[0].value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("prompt", ["x", "🦙🦙", "שלום عليكم", "a\0b", " ", "lamp " * 20_000])
def test_unusual_prompts_are_shown_on_every_view(view, prompt):
    app = opened(PROMPT, view=view)
    app.session_state["prompt"] = prompt
    app.run()
    assert not app.exception
    if view != "Train your own" or prompt.strip():
        assert not app.error


@pytest.mark.parametrize("view", VIEWS)
def test_an_empty_prompt_has_no_tokens_and_nothing_breaks(view):
    app = opened(PROMPT, view=view)
    app.session_state["prompt"] = ""
    app.run()
    assert not app.exception
    if view == "Tokens":
        assert "## 0 tokens" in words(app)
    if view == "Train your own":
        assert "There is no text to learn from" in app.error[0].value


def test_a_text_of_100_000_characters_is_shown_a_window_at_a_time():
    app = opened(PROMPT)
    app.session_state["prompt"] = "lamp " * 20_000
    app.run()
    total = encode("gpt2", "lamp " * 20_000).ids.size
    assert f"tokens 1 to 500 of {total:,}" in words(app)


def test_values_out_of_range_in_the_address_are_not_fatal():
    app = opened(view="Nowhere", window="999", text="No such text", size="-5", learned="x")
    assert not app.exception
    assert "The link asks for" in words(app)
    assert "## " in words(app)


@pytest.mark.parametrize(
    "source", ["google-bert/bert-base-uncased", "no such one!", "/nowhere/tokenizer.json"]
)
def test_a_tokenizer_that_is_not_here_is_explained_and_the_page_goes_on(source):
    app = opened(tokenizer=source)
    assert not app.exception
    assert any(word in words(app) for word in ("not on this machine", "neither", "no folder"))
    assert "## " in words(app)


def uploaded(raw: bytes, name: str = "notes.txt", view: str = "Statistics") -> AppTest:
    app = opened(view=view, text="A file of yours")
    app.file_uploader[0].upload(name, raw, "text/plain")
    return app.run()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("naïve café".encode(), "Read as **UTF-8**"),
        ("naïve café".encode("utf-16"), "Read as **UTF-16, little-endian**: it says so"),
        ("naïve café".encode("latin-1"), "Read as **Latin-1**: it is not valid UTF-8 (byte EF"),
    ],
)
def test_a_file_is_read_and_its_encoding_stated(raw, said):
    app = uploaded(raw)
    assert not app.exception
    assert said in words(app)
    assert app.metric[0].label == "tokens"
    assert app.metric[0].value == str(cut("gpt2", "naïve café").total)


@pytest.mark.parametrize(
    ("raw", "said"), [(b"%PDF-1.4 ...", "PDF"), (b"", "is empty"), (b"\0\0\0\1" * 99, "zero bytes")]
)
def test_a_file_that_is_no_text_is_refused_kindly(raw, said):
    app = uploaded(raw)
    assert not app.exception
    assert said in app.error[0].value


def test_a_guess_is_asked_for_before_the_tokens_are_shown():
    app = opened(guess="true")
    assert "## " not in words(app)
    found = cut("gpt2", PROMPT).total
    app.number_input[0].set_value(found).run()
    assert f"You said {found}; it is {found}. Exactly." in [each.value for each in app.success]
    assert f"## {found} tokens" in words(app)


def test_comparing_lists_what_is_not_here():
    app = opened(view="Compare", against="gpt2")
    app.multiselect[0].set_value(["gpt2", "Xenova/gpt-4"]).run()
    assert not app.exception
    assert any("GPT-4" in each.label for each in app.expander)


def test_a_longer_text_is_a_click_away_where_there_is_too_little_to_learn_from():
    app = opened(view="Train your own")
    next(each for each in app.button if "Alice" in each.label).click().run()
    assert not app.exception
    assert "from 143,994 characters" in words(app)


def test_a_conversation_is_written_with_the_template():
    app = opened(view="Special tokens", template="Phi-3")
    assert not app.exception
    assert "<s><|user|>\nWhat is 1 + 1?<|end|>\n<|assistant|>" in [c.value for c in app.code]
