"""The code that the page shows runs as it stands, and prints what the page shows."""

from pathlib import Path

import pytest

from components.inspection.tokenizer.compare import compare
from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.decoding import decode_ids
from components.inspection.tokenizer.opening import ready
from components.inspection.tokenizer.roundtrip import round_trip
from components.inspection.tokenizer.template import TEMPLATES, ChatMessage, render_chat
from components.inspection.tokenizer.training import LONGEST, cut_after, steps_of, train
from pages.text.tokenizer import code
from pages.text.tokenizer.texts import ChosenText, sample
from tests.inspection.tokenizer.kinds import MADE, tokenizer_called

ROOT = Path(__file__).parents[2]
TEXT = ChosenText("When Mary and John went\nto the shop 🎵", "the prompt")
TYPED = ChosenText("The end.<|end|> <|endoftext|>", "special tokens")
ALICE = ChosenText(sample("alice.txt"), "Alice", file="assets/samples/tokenizer/alice.txt")
NAMED = [
    "gpt2",
    "storyteller",
    "wordpiece",
    "unigram",
    "mistral-v1",
    "mistral-v3",
    "mistral-tekken",
]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the source of a tokenizer: its name, or of one made for the tests its file."""
    root = tmp_path_factory.mktemp("tokenizers")

    def source(name: str) -> str:
        if name not in MADE:
            return name
        path = root / f"{name}.json"
        tokenizer_called(name).backend.save(str(path))
        return str(path)

    return source


def run(source: str, monkeypatch: pytest.MonkeyPatch, folder: Path = ROOT) -> None:
    monkeypatch.chdir(folder)
    exec(compile(source, "shown on the page", "exec"), {})


@pytest.mark.parametrize("name", [*NAMED, *MADE])
@pytest.mark.parametrize("text", [TEXT, TYPED], ids=["plain", "typed"])
def test_the_code_prints_the_ids_on_screen_and_whether_the_text_comes_back(
    name, text, saved, monkeypatch, capsys
):
    source = saved(name)
    run(code.cutting(source, text), monkeypatch)
    *lines, last = capsys.readouterr().out.splitlines()
    printed = [int(line.split()[0]) for line in lines if line.split()[0].isdigit()]
    assert printed == [token.id for token in cut(source, text.text).tokens]
    assert last == str(round_trip(source, text.text).same)


@pytest.mark.parametrize("text", [TEXT, ALICE], ids=["short", "sample"])
def test_the_code_counts_what_the_comparison_counts_mistrals_too(text, monkeypatch, capsys):
    run(code.comparing(tuple(NAMED[1:]), text), monkeypatch)
    found = compare(NAMED[1:], text.text)
    assert capsys.readouterr().out.splitlines() == [
        f"{reading.source} {reading.tokens}" for reading in found.readings
    ]


@pytest.mark.parametrize("method", ["BPE", "WordPiece", "Unigram"])
def test_the_code_learns_what_the_page_learned_and_cuts_as_it_cuts(method, monkeypatch, capfd):
    text = ChosenText("low low low lower newest newest newest newest widest widest\n" * 20, "x")
    run(code.training(method, 300, text, LONGEST, "the newest lowest"), monkeypatch)
    size, tokens = map(int, capfd.readouterr().out.split()[-2:])
    trained = train(text.text, method, 300)
    assert size == trained.size
    assert tokens == cut_after(trained, steps_of(trained), "the newest lowest").total


def test_a_long_text_is_read_from_the_file_that_it_is_in(monkeypatch, capfd):
    assert len(code.cutting("gpt2", ALICE)) < 1_000
    assert not code.needs_file(ALICE)
    run(code.training("BPE", 500, ALICE, LONGEST, "The rabbit"), monkeypatch)
    size, tokens = map(int, capfd.readouterr().out.split()[-2:])
    trained = train(ALICE.text, "BPE", 500)
    assert size == trained.size
    assert tokens == cut_after(trained, steps_of(trained), "The rabbit").total


def test_a_long_text_of_the_readers_own_is_to_be_saved_first(monkeypatch, capsys, tmp_path):
    text = ChosenText("naïve 🎵 line\r\nand another\n" * 100, "a file")
    assert code.needs_file(text)
    assert not code.needs_file(TEXT)
    assert f"# Save the text as {code.ELSEWHERE} beside this.\n" in code.cutting("gpt2", text)
    assert "# Save" not in code.cutting("gpt2", TEXT)
    (tmp_path / code.ELSEWHERE).write_bytes(text.text.encode())
    run(code.comparing(("mistral-tekken",), text), monkeypatch, tmp_path)
    count = compare(("mistral-tekken",), text.text).readings[0].tokens
    assert capsys.readouterr().out == f"mistral-tekken {count}\n"


def test_of_a_very_long_text_the_part_is_taken_that_the_page_learns_from(monkeypatch, capfd):
    run(code.training("BPE", 300, ALICE, 5_000, "x"), monkeypatch)
    size, _ = map(int, capfd.readouterr().out.split()[-2:])
    assert size == train(ALICE.text[:5_000], "BPE", 300).size


def test_a_gguf_file_a_revision_and_a_folder_are_opened_as_transformers_opens_them():
    assert "from_pretrained('models', gguf_file='a.gguf')" in code.loading("models/a.gguf")
    assert "from_pretrained('owner/name', revision='v1')" in code.loading("owner/name", "v1")
    assert "from_pretrained('assets/tokenizers/gpt2')" in code.loading("gpt2")
    assert "from_pretrained('assets/models/storyteller')" in code.loading("storyteller")
    assert ready("storyteller").ends[0] != ()


def test_the_code_writes_the_conversation_that_the_page_shows(monkeypatch, capsys):
    turns = [{"role": "user", "content": "What's 1 + 1?"}]
    names = {"bos_token": "<s>", "eos_token": "</s>"}
    for name, template in TEMPLATES.items():
        run(
            code.chatting(template, turns, True, {"bos_token": "<s>", "eos_token": "</s>"}),
            monkeypatch,
        )
        messages = (ChatMessage("user", "What's 1 + 1?"),)
        text = render_chat(template, messages, True, names)
        assert capsys.readouterr().out == f"{text}\n", name


@pytest.mark.parametrize("name", ["gpt2", "wordpiece", "unigram", "mistral-v1"])
def test_the_code_says_what_ids_say_together(name, monkeypatch, capsys):
    ids = [token.id for token in cut(name, "the rabbit ran", ends=False).tokens]
    run(code.decoding(name, ids), monkeypatch)
    *lines, last = capsys.readouterr().out.splitlines()
    found = decode_ids(name, ids)
    assert last == repr(found.text)
    printed = [int(line.split()[0]) for line in lines if line.split()[0].isdigit()]
    assert printed == ids
