"""The code under each view of the sampling page runs as it stands, and prints what is on screen."""

import contextlib
import io
import re
from dataclasses import replace

import pytest
import torch

from components.engine import ModelChoice
from components.inspection.load import load_model
from components.inspection.sampling.beam import beam_search
from components.inspection.sampling.compare import strategies
from components.inspection.sampling.draws import draws
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.perplexity import surprisals
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import RANGES, Settings
from components.widgets.text_files import ELSEWHERE, MOST_WRITTEN
from pages.output.sampling import code
from pages.output.sampling.logits_words import TOY_LOGITS
from tests import tiny

TEXT = "to be, or not"
KINDS = {"causal": "llama", "masked": "bert", "seq2seq": "t5"}
SOME = [
    Settings(),
    Settings(temperature=0.7, top_k=12, top_p=0.8),
    Settings(temperature=3, min_p=0.02, typical_p=0.9, repetition_penalty=1.3),
    Settings(presence_penalty=0.5, frequency_penalty=-0.3, repetition_penalty=0.8),
    Settings(temperature=0, repetition_penalty=1.5, frequency_penalty=1),
    Settings(top_k=1),
]

ALONE = [
    Settings(**{row.name: row.low + (row.high - row.low) * 0.4})
    for row in RANGES.values()
    if row.stage
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Return, by kind, what a reader chose, and the model that is then loaded."""
    root, found = tmp_path_factory.mktemp("models"), {}

    def choose(kind, dtype="float32"):
        if (kind, dtype) not in found:
            folder = root / kind
            if not folder.exists():
                tiny.model(KINDS[kind]).network.save_pretrained(folder)
                tiny.tokenizer().save_pretrained(folder)
            model = load_model(str(folder), device="cpu", dtype=dtype)
            found[kind, dtype] = ModelChoice(str(folder), "cpu", dtype), model
        return found[kind, dtype]

    return choose


def said(lines):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), torch.random.fork_rng():
        exec(compile(lines, "on-screen", "exec"), {})
    return printed.getvalue().splitlines()


def number(printed):
    return float(printed.removeprefix("tensor(").rstrip(")"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SOME, ids=str)
def test_the_processing_code_prints_the_likeliest_after_the_settings(opened, kind, settings):
    choice, model = opened(kind)
    following = next_token(model, TEXT)
    found = process_logits(following.logits, following.history, settings)
    printed = said(code.processing_code(choice, model.facts, TEXT, settings, following.history))
    left = found.stages[-1].tokens
    assert len(printed) == min(10, left)
    best = sorted(found.after.tolist(), reverse=True)
    for line, share in zip(printed, best, strict=False):
        assert float(line.split()[0]) == pytest.approx(share, abs=6e-5)


@pytest.mark.parametrize("settings", SOME + ALONE, ids=str)
def test_with_the_toy_logits_it_is_their_code(settings):
    found = process_logits(TOY_LOGITS, (1, 2, 2), settings)
    lines = code.processing_code(ModelChoice("x"), None, "", settings, (1, 2, 2), TOY_LOGITS)
    assert "from_pretrained" not in lines
    printed = said(lines)
    assert len(printed) == found.stages[-1].tokens
    for line in printed:
        share, _, token = line.split()
        assert float(share) == pytest.approx(float(found.after[int(token)]), abs=6e-5)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", [Settings(), replace(SOME[1], seed=5), SOME[3]], ids=str)
def test_the_draws_code_prints_the_same_test(opened, kind, dtype, settings):
    choice, model = opened(kind, dtype)
    following = next_token(model, TEXT)
    found = draws(following.logits, following.history, settings, 2000)
    (line,) = said(code.draws_code(choice, model.facts, TEXT, settings, following.history, 2000))
    statistic, p_value = map(float, re.findall(r"=np\.float64\(([^)]+)\)", line))
    assert statistic == pytest.approx(found.statistic, rel=1e-4)
    assert p_value == pytest.approx(found.p_value, rel=1e-4)


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
@pytest.mark.parametrize(
    "settings", [Settings(temperature=0), Settings(temperature=0, repetition_penalty=1.5)], ids=str
)
def test_the_generate_code_writes_what_is_written_greedily(opened, kind, settings):
    choice, model = opened(kind)
    found = strategies(model, TEXT, settings, 1, 6).sampled
    printed = said(code.generate_code(choice, model.facts, TEXT, settings, 6))
    end = model.tokenizer.decode(list(found.tokens))
    assert "\n".join(printed).endswith("\n".join(end.splitlines()))


def test_the_generate_code_runs_with_every_setting_and_stops_where_it_should(opened):
    choice, model = opened("causal")
    for settings in SOME:
        assert said(code.generate_code(choice, model.facts, TEXT, settings, 4))
    stopped = code.generate_code(choice, model.facts, TEXT, Settings(temperature=0), 4, ("a", "."))
    assert "stop_strings=['a', '.']" in stopped
    assert said(stopped)


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
@pytest.mark.parametrize(("beams", "penalty"), [(3, 1.0), (4, 2.0), (1, 1.0)])
def test_the_beam_codes_first_line_is_the_best_beam(opened, kind, beams, penalty):
    choice, model = opened(kind)
    best = beam_search(model, TEXT, beams, 5, penalty).beams[0]
    first = said(code.beam_code(choice, model.facts, TEXT, beams, 5, penalty))[0]
    score, text = first.split("  ", 1)
    if beams > 1:
        assert float(score.removeprefix("tensor(").rstrip(")")) == pytest.approx(
            best.score, abs=1e-3
        )
    assert repr(model.tokenizer.decode(list(best.tokens)))[1:-1] in text


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("times", [1, 9])
def test_the_perplexity_code_prints_the_perplexity_on_screen(opened, kind, dtype, times):
    choice, model = opened(kind, dtype)
    text = "to be, or not to be: that is. " * times
    found = surprisals(model, text, source=TEXT)
    assert found.in_windows == (times > 1 and kind == "causal")
    window = found.context if found.in_windows else None
    (line,) = said(code.perplexity_code(choice, model.facts, text, TEXT, found.before, window))
    assert number(line) == pytest.approx(found.perplexity, rel=1e-4)


def test_a_long_text_is_read_from_a_file(opened, tmp_path, monkeypatch):
    choice, model = opened("causal")
    text = "to be, or not to be:\r\nthat is. " * 100
    assert len(text) > MOST_WRITTEN
    monkeypatch.chdir(tmp_path)
    (tmp_path / ELSEWHERE).write_bytes(text.encode())
    found = surprisals(model, text)
    (line,) = said(code.perplexity_code(choice, model.facts, text, "", found.before, found.context))
    assert number(line) == pytest.approx(found.perplexity, rel=1e-4)


def test_no_code_shown_calls_what_is_private(opened):
    choice, model = opened("causal")
    for settings in SOME:
        lines = code.processing_code(choice, model.facts, TEXT, settings, (1,))
        assert not re.search(r"\._[a-z]", lines)
