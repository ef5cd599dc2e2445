"""The tokenizer tour: every view runs, and what cannot be done is said in a sentence."""

import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.inspection.processor import processor
from components.inspection.tokenizer.cutting import cut, encode
from components.inspection.tokenizer.opening import ready
from components.memory import ResultCache
from components.widgets import measuring
from components.widgets.markup import literal
from pages.text.tokenizer import counts
from pages.text.tokenizer.examples import CONVERSATIONS
from pages.text.tokenizer.guesses import ranges

ROOT = Path(__file__).parents[2]
VIEWS = ["Tokens", "Statistics", "Compare", "Step by step", "Train your own", "Special tokens"]
PROMPT = "Once upon a time there was a little fox named Leo."


def opened(prompt: str = PROMPT, **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/text/tokenizer/tokenizer.py")
    app.query_params["prompt"] = prompt
    app.query_params["tokenizer.name"] = address.pop("tokenizer", "gpt2")
    for name, value in address.items():
        own = name == "view" or name.startswith("tokenizer-")
        app.query_params[name if own else f"tokenizer.{name}"] = value
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


def test_the_poets_question_is_thirteen_tokens(drawn):
    app = opened("Have the bards who preceded me left any theme unsung?")
    assert "**13 tokens**" in words(app)
    assert "53 characters ÷ 13 tokens = **4.08 characters per token**" in words(app)
    assert ":green[✓] Decode(encode(text)) gives the text back" in words(app)
    assert ":green[✓] The tokens' bytes, put together, are the text's bytes" in words(app)
    assert ":green[✓] These are the ids that the tokenizer gives to the text" in words(app)
    assert ":red[✗]" not in words(app)
    assert len(drawn["tokenizer-tokens"].table()) == 13


def test_special_tokens_are_counted_apart_from_the_texts(drawn):
    app = opened(PROMPT, tokenizer="model")
    found = cut("storyteller", PROMPT).total - 1
    assert f"**{found} tokens** + 1 special" in words(app)
    assert f"{len(PROMPT)} characters ÷ {found} tokens" in words(app)
    app = opened(PROMPT, tokenizer="model", view="Statistics")
    assert f"**{found} tokens** + 1 special:" in words(app)
    assert drawn["tokenizer-statistics"].facts["tokens"] == found
    assert drawn["tokenizer-statistics"].facts["special"] == 1
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
    toggles = [each.value for each in app.toggle if each.label == "With a space before it"]
    assert toggles == ([] if always else [True])
    assert ("puts a space before every text itself" in words(app)) == always
    assert f"The ids: **{ids}**" in words(app)


def test_in_a_sentence_hiking_is_what_it_is_there(drawn):
    key = "tokenizer-tokens-guess_a_word_in_a_sentence"
    app = opened(tokenizer="mistral-v1", **{key: "true"})
    tokens = cut("mistral-v1", "hiking").total
    assert f"**{tokens}** for Mistral" not in words(app)
    app.pills(key=f"guess-{key}").set_value("2").run()
    assert f"**{tokens}** for Mistral 7B (v1)." in words(app)
    assert len(drawn[key].table()) == tokens


def test_it_is_said_that_transformers_reads_mistrals_special_tokens_otherwise():
    app = opened(view="Special tokens", tokenizer="mistral-v3")
    assert "as mistral_common tokenizes a plain text" in words(app)
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
        assert "**0 tokens**" in words(app)
    if view == "Train your own":
        assert "There is no text to learn from" in app.error[0].value


def test_a_text_of_100_000_characters_is_shown_a_window_at_a_time():
    app = opened(PROMPT)
    app.session_state["prompt"] = "lamp " * 20_000
    app.run()
    total = encode("gpt2", "lamp " * 20_000).ids.size
    assert f"Shown are positions 0 to 499 of {total:,} tokens." in words(app)


def test_values_out_of_range_in_the_address_are_not_fatal():
    app = opened(view="Nowhere", window="999", text="No such text", size="-5", learned="x")
    assert not app.exception
    assert "The link asks for the view" in words(app)
    assert "The link asks for Text" in words(app)
    assert " tokens**" in words(app)
    for view, name in (("Train your own", "size"), ("Tokens", "window")):
        app = opened(PROMPT, view=view, **{name: "-5", "text": "Alice in Wonderland"})
        assert not app.exception
        assert "The link asks for" in words(app), name


@pytest.mark.parametrize(
    "source", ["google-bert/bert-base-uncased", "no such one!", "/nowhere/tokenizer.json"]
)
def test_a_tokenizer_that_is_not_here_is_explained_and_the_page_goes_on(source):
    app = opened(tokenizer=source)
    assert not app.exception
    assert any(word in words(app) for word in ("not on this machine", "neither", "no folder"))
    assert "Still looking at the chosen model's tokenizer" in words(app)
    assert " tokens**" in words(app)


def uploaded(raw: bytes, name: str = "notes.txt", view: str = "Statistics") -> AppTest:
    app = opened(view=view, text="A file of yours")
    app.file_uploader[0].upload(name, raw, "text/plain")
    return app.run()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("naïve café".encode(), "Read as UTF-8:"),
        ("naïve café".encode("utf-16"), "Read as UTF-16, little-endian: it says so"),
        ("naïve café".encode("latin-1"), "Read as Latin-1: it is not valid UTF-8 (byte EF"),
    ],
)
def test_a_file_is_read_and_its_encoding_stated(raw, said):
    app = uploaded(raw)
    assert not app.exception
    assert said in words(app)
    assert f"**{cut('gpt2', 'naïve café').total} tokens**" in words(app)


@pytest.mark.parametrize(
    ("raw", "said"), [(b"%PDF-1.4 ...", "PDF"), (b"", "is empty"), (b"\0\0\0\1" * 99, "zero bytes")]
)
def test_a_file_that_is_no_text_is_refused_kindly(raw, said):
    app = uploaded(raw)
    assert not app.exception
    assert said in app.error[0].value


def test_a_guess_is_asked_for_before_the_tokens_are_shown():
    app = opened(guess="true")
    found = cut("gpt2", PROMPT).total
    assert f"**{found} tokens**" not in words(app)
    assert PROMPT in [each.value for each in app.text]
    _, right = ranges(len(PROMPT), found)
    app.pills(key="guess-tokenizer-tokens").set_value(right).run()
    assert f"Right: {right}" in words(app)
    assert f"It is {found}: look" in words(app)
    assert f"**{found} tokens**" in words(app)
    assert PROMPT not in [each.value for each in app.text]


def test_another_text_is_guessed_anew():
    app = opened(guess="true")
    _, right = ranges(len(PROMPT), cut("gpt2", PROMPT).total)
    app.pills(key="guess-tokenizer-tokens").set_value(right).run()
    app.session_state["prompt"] = PROMPT * 5
    app.run()
    assert not app.exception
    assert "Not quite" not in words(app)
    assert "characters per token" not in words(app)


@pytest.mark.parametrize("characters", [0, 1, 2, 5, 11, 60, 1_000])
def test_the_ranges_to_guess_among_hold_every_number_once(characters):
    answers, _ = ranges(characters, 0)
    assert len(set(answers)) == 4
    held = [ranges(characters, tokens)[1] for tokens in range(characters + 4)]
    assert sorted(held, key=answers.index) == held
    assert set(held) == set(answers) or characters < 2
    for tokens, answer in enumerate(held):
        numbers = [int(each.replace(",", "")) for each in re.findall(r"[\d,]+", answer)]
        if "fewer" in answer:
            assert tokens < numbers[0]
        elif "more" in answer:
            assert tokens >= numbers[0]
        else:
            assert numbers[0] <= tokens <= numbers[-1]


def test_what_does_not_come_back_is_told_and_listed(drawn):
    key = "tokenizer-tokens-round_trip"
    saved = opened("a naïve fox", **{key: "true"})
    assert "They come back as they were." in words(saved)
    assert drawn[key].checks[0].verdict == "holds"


def test_comparing_lists_what_is_not_here():
    app = opened(view="Compare", against="gpt2")
    app.multiselect[0].set_value(["gpt2", "Xenova/gpt-4"]).run()
    assert not app.exception
    assert "Not on this machine: GPT-4" in words(app)
    assert any("Fetch Xenova/gpt-4" in each.label for each in app.button)


def test_the_counts_of_the_comparison_are_drawn_and_listed(drawn):
    opened(view="Compare", plot="Counts")
    shown = drawn["tokenizer-compare"]
    assert sorted(shown.figure.data[0].x) == sorted(shown.table()["tokens"])


@pytest.mark.parametrize("count", ["Length", "Context windows", "Frequent", "Longest"])
def test_every_statistic_has_its_figure_and_numbers(count, drawn):
    app = opened(view="Statistics", count=count, text="Alice in Wonderland")
    assert not app.exception
    shown = drawn["tokenizer-statistics"]
    (bars,) = shown.figure.data
    table = shown.table()
    if count == "Length":
        assert sum(bars.y) == table["tokens"].sum()
    elif count == "Context windows":
        assert len(bars.x) == len(table)
        assert "1 + ⌈(" in words(app)
    else:
        column = "times" if count == "Frequent" else "bytes"
        assert list(bars.x) == table[column].tolist()


@pytest.mark.parametrize("count", ["Length", "Context windows"])
def test_of_a_time_it_is_said_when_on_what_and_for_whom(count, drawn, monkeypatch):
    """Two readers see one measurement; what takes no time is not worth a word."""

    def said() -> str:
        opened(view="Statistics", **{"tokenizer.count": count})
        return drawn["tokenizer-statistics"].told

    assert "Tokenized in" not in said() and "Measured at" not in said()
    monkeypatch.setattr(counts, "SLOW", 0.0)
    monkeypatch.setattr(measuring, "clock", lambda at: f"[{at}]")
    before = time.time()
    monkeypatch.setattr(engine, "_RESULTS", ResultCache(64, 2**24))
    first, second = said(), said()
    assert first == second and " s: " in first
    found = re.search(r"Measured at \[(.*?)\] on (.*) \(cpu\), (by the first .*)\.\]", first)
    assert found, first
    assert before < float(found[1]) < time.time()
    assert literal(processor()) == found[2]


def test_a_tokenizer_trained_anew_is_shown_whole():
    def slider(app: AppTest):
        return next(each for each in app.slider if each.label == "Pieces learned")

    app = opened(view="Train your own", text="The tour text")
    slider(app).set_value(3).run()
    assert "after 3 of" in words(app)
    first = slider(app).max
    app.segmented_control(key="tokenizer.method").set_value("WordPiece").run()
    assert not app.exception
    assert slider(app).value == slider(app).max != first


def test_another_tokenizers_special_token_is_typed():
    app = opened(view="Special tokens")
    assert app.text_input(key="tokenizer.typed").value == "The end.<|endoftext|>Once more"
    app.text_input(key="tokenizer.typed").set_value("my own").run()
    app.selectbox(key="tokenizer.name").set_value("storyteller").run()
    assert not app.exception
    assert app.text_input(key="tokenizer.typed").value == "The end.<|end|>Once more"


def test_a_longer_text_is_a_click_away_where_there_is_too_little_to_learn_from():
    app = opened(view="Train your own")
    next(each for each in app.button if "Alice" in each.label).click().run()
    assert not app.exception
    assert "from 143,994 characters" in words(app)


def test_a_conversation_is_written_with_the_template():
    app = opened(view="Special tokens", template="Phi-3", **{"in": "A conversation"})
    assert not app.exception
    assert "<s><|user|>\nWhat is 1 + 1?<|end|>\n<|assistant|>" in [c.value for c in app.code]


def fresh(**address: str) -> AppTest:
    """The page as it opens, before anybody wrote a prompt."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/text/tokenizer/tokenizer.py")
    app.query_params.update(address)
    return app.run()


@pytest.mark.parametrize(
    ("view", "text"),
    [
        ("Tokens", "Typed here"),
        ("Compare", "Where methods differ"),
        ("Statistics", "Alice in Wonderland"),
        ("Train your own", "Alice in Wonderland"),
    ],
)
def test_a_view_opens_on_a_text_that_teaches_until_somebody_writes_a_prompt(view, text):
    app = fresh(view=view)
    assert app.selectbox(key="tokenizer.text").value == text
    app.session_state["prompt"] = "The rabbit ran."
    app.run()
    assert not app.exception
    assert app.selectbox(key="tokenizer.text").value == "Typed here"
    assert app.text_area(key="tokenizer.typed_text").value == "The rabbit ran."


def test_a_text_that_was_chosen_stays_from_view_to_view():
    app = fresh(view="Tokens")
    app.selectbox(key="tokenizer.text").set_value("Numbers").run()
    app.segmented_control(key="view").set_value("Compare").run()
    assert not app.exception
    assert app.selectbox(key="tokenizer.text").value == "Numbers"


def test_comparing_begins_with_four_that_differ_in_method(drawn):
    app = fresh(view="Compare")
    assert app.multiselect[0].value == ["storyteller", "gpt2", "wordpiece", "unigram"]
    table = drawn["tokenizer-compare"].table()
    assert set(table["method"]) == {"BPE over bytes", "WordPiece", "Unigram"}
    assert table["tokens"].nunique() > 2
    assert "1 unknown" in words(app)
    assert ":red[✗]" not in words(app)


def test_the_counts_stand_beside_words_characters_and_bytes(drawn):
    app = opened("The Transformer has revolutionized NLP.", view="Compare", plot="Counts")
    _, plain = drawn["tokenizer-compare"].figure.data
    assert sorted(plain.x) == [5, 39, 39]
    assert "39² = 1,521 of characters" in words(app)
    assert "9² = 81 pairs of tokens" in words(app)


def test_a_text_can_be_typed_on_the_page_itself():
    app = opened(text="Typed here")
    box = app.text_area(key="tokenizer.typed_text")
    assert box.value == PROMPT
    app.session_state["prompt"] = "Another prompt"
    app.run()
    assert app.text_area(key="tokenizer.typed_text").value == "Another prompt"
    typed = "Have the bards who preceded me left any theme unsung?"
    app.text_area(key="tokenizer.typed_text").set_value(typed).run()
    assert not app.exception
    assert "**13 tokens**" in words(app)
    app.session_state["prompt"] = "A third"
    app.run()
    assert app.text_area(key="tokenizer.typed_text").value == typed


def test_what_an_added_token_is_there_for_is_said():
    assert "An *end* comes first since" in words(opened(tokenizer="model"))
    assert "An *end* comes first" not in words(opened(tokenizer="wordpiece"))
    assert "Added to every text: `[CLS]` before it, `[SEP]` after it." in words(
        opened(tokenizer="wordpiece")
    )
    assert "Added to every text" not in words(opened(tokenizer="gpt2"))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("tokenizer", ["wordpiece", "unigram"])
def test_every_view_runs_with_the_bundled_ones_and_no_check_is_red(view, tokenizer):
    app = opened("A naïve 🎵 prompt.\n  Two lines", view=view, tokenizer=tokenizer)
    assert not app.exception
    assert not app.error
    assert ":red[✗]" not in words(app)


@pytest.mark.parametrize(
    ("tokenizer", "method", "ids"),
    [
        ("wordpiece", "Longest match", ("them", "##e")),
        ("unigram", "Best path", ("▁the", "me")),
        ("gpt2", "Merging", ("Ġtheme",)),
    ],
)
def test_each_method_is_told_step_by_step(tokenizer, method, ids, drawn):
    app = opened(view="Step by step", tokenizer=tokenizer, word="theme")
    assert f"**{method}" in words(app)
    found = [ready(tokenizer).backend.token_to_id(piece) for piece in ids]
    assert f"The ids: **{', '.join(f'{id_:,}' for id_ in found)}**" in words(app)
    assert drawn["tokenizer-step_by_step"].checks[0].verdict == "holds"
    always = "drops the spaces" in words(app) or "puts a space before every text" in words(app)
    assert always == (tokenizer != "gpt2")


def test_an_example_sets_the_tokenizer_and_the_word(drawn):
    app = opened(view="Step by step")
    app.button(key="example-Best path: theme").click().run()
    assert not app.exception
    assert app.selectbox(key="tokenizer.name").value == "unigram"
    assert app.text_input(key="tokenizer.word").value == "theme"
    assert "**Best path.**" in words(app)
    next(
        each for each in app.button if str(each.key).startswith("example-An unknown")
    ).click().run()
    assert "[UNK]" in drawn["tokenizer-step_by_step"].told
    unknown = ready("wordpiece").backend.token_to_id("[UNK]")
    assert f"The ids: **{unknown}**" in words(app)


@pytest.mark.parametrize("name", list(CONVERSATIONS))
def test_an_example_conversation_is_written_whole(name):
    app = opened(view="Special tokens", template="Phi-3", **{"in": "A conversation"})
    app.button(key=f"example-{name}").click().run()
    assert not app.exception
    (written,) = [each.value for each in app.code if "<|user|>" in each.value]
    said = [text for text in CONVERSATIONS[name].values() if text]
    assert all(text in written for text in said)
    asked = [each for each, text in CONVERSATIONS[name].items() if text and "user" in each]
    assert written.count("<|user|>") == len(asked)


def test_an_answer_that_is_written_opens_another_question():
    app = opened(view="Special tokens", template="Phi-3", **{"in": "A conversation"})
    assert [each.label for each in app.text_input if each.label in ("User", "Assistant")] == [
        "User",
        "Assistant",
    ]
    app.text_input(key="tokenizer.assistant").set_value("2.").run()
    app.text_input(key="tokenizer.user_2").set_value("And 2 + 2?").run()
    assert not app.exception
    (written,) = [each.value for each in app.code if "<|user|>" in each.value]
    assert written.endswith("<|assistant|>\n2.<|end|>\n<|user|>\nAnd 2 + 2?<|end|>\n<|assistant|>")


IDS = "tokenizer-tokens-ids_to_text"


def test_ids_that_are_typed_are_read_as_text(drawn):
    app = opened(**{IDS: "true"})
    first = " ".join(str(token.id) for token in cut("gpt2", PROMPT).tokens)
    assert app.text_input(key="tokenizer.typed_ids").value == first
    app.text_input(key="tokenizer.typed_ids").set_value("40, 262 13").run()
    assert not app.exception
    assert "Together: `I the.`" in words(app)
    assert drawn[IDS].table()["vocabulary entry"].tolist() == ["I", "Ġthe", "."]
    # Another tokenizer reads the same ids as another text.
    app.selectbox(key="tokenizer.name").set_value("wordpiece").run()
    assert app.text_input(key="tokenizer.typed_ids").value == "40, 262 13"
    assert "Together: `I the.`" not in words(app)
    app.text_input(key="tokenizer.typed_ids").set_value("40 99999").run()
    assert "no token with id 99999" in app.error[0].value


def test_another_text_has_other_ids_to_begin_with():
    app = opened(**{IDS: "true"})
    app.selectbox(key="tokenizer.text").set_value("A poet's question").run()
    assert app.text_input(key="tokenizer.typed_ids").value.startswith("11980 262")


def test_another_tokenizer_or_text_begins_with_the_first_window():
    app = opened(text="Alice in Wonderland", window="2")
    assert "positions 500 to" in words(app)
    app.selectbox(key="tokenizer.name").set_value("unigram").run()
    assert not app.exception
    assert "positions 0 to" in words(app)


def test_all_tokens_of_a_long_text_can_be_had():
    app = opened(text="Alice in Wonderland")
    assert any("All 44,307 tokens" in each.label for each in app.get("download_button"))
    assert not any("All " in each.label for each in opened().get("download_button"))


def test_the_window_on_screen_is_told_as_it_is(drawn):
    """A window grows by what shares its last character: 🎵 is three tokens of GPT-2."""
    app = opened(PROMPT)
    app.session_state["prompt"] = "🎵" * 400
    app.run()
    shown = len(drawn["tokenizer-tokens"].table())
    assert f"positions 0 to {shown - 1:,} of 1,200" in words(app)
    assert shown > 500


def test_the_same_absent_tokenizer_chosen_twice_is_explained_twice():
    fold = {"tokenizer-compare-numbers_from_0_to_9_999": "true"}
    app = opened(view="Compare", tokenizer="Xenova/gpt-4", against="Xenova/gpt-4", **fold)
    assert not app.exception
    assert sum("Fetch Xenova/gpt-4" in each.label for each in app.button) == 2
