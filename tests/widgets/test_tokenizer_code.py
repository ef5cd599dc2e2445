"""The code that the page shows runs as it stands, and prints what the page shows."""

from pathlib import Path

import pytest

from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.training import train
from components.widgets.tokenizer import code

ROOT = Path(__file__).parents[2]
TEXT = "When Mary and John went\nto the shop 🎵"


def run(source: str, **names: object) -> dict[str, object]:
    scope: dict[str, object] = dict(names)
    exec(compile(source, "shown on the page", "exec"), scope)
    return scope


@pytest.mark.parametrize("source", ["gpt2", "mistral-v1", "mistral-v3", "mistral-tekken"])
def test_the_code_prints_the_ids_on_screen(source, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    run(code.cutting(source, TEXT))
    lines = capsys.readouterr().out.splitlines()
    printed = [int(line.split()[0]) for line in lines if line.split()[0].isdigit()]
    assert printed == [token.id for token in cut(source, TEXT).tokens]


def test_the_code_counts_what_the_comparison_counts(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    run(code.comparing(("gpt2", "mistral-v1"), TEXT))
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"assets/tokenizers/gpt2 {cut('gpt2', TEXT).total}"


@pytest.mark.parametrize("method", ["BPE", "WordPiece", "Unigram"])
def test_the_code_learns_what_the_page_learned(method, capfd):
    text = "low low low lower newest newest newest newest widest widest\n" * 20
    learned = run(code.training(method, 300), text=text)["tokenizer"]
    assert learned.get_vocab_size() == train(text, method, 300).size


def test_a_long_text_is_not_written_out():
    assert len(code.cutting("gpt2", "x" * 10_000)) < 1_000
