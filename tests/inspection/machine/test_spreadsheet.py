"""A head as a workbook: its formulas, computed by another hand, give what the model gave."""

import io
import zipfile
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from components.inspection.attention.scores import score_rule
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.machine import spreadsheet as module
from components.inspection.machine.spreadsheet import (
    MOST_TOKENS,
    OUTPUTS,
    WEIGHTS,
    Spreadsheet,
    spreadsheet,
)
from components.inspection.machine.spreadsheet_cells import MOST_SHOWN, signs
from components.inspection.machine.spreadsheet_sheets import workbook
from components.inspection.recording import AttentionRecord
from tests import tiny
from tests.inspection.machine.formulas import Calculator
from tests.inspection.positions import networks

TEXT, TARGET = "the cat", "a dog"
DTYPES = ["float32", "bfloat16", "float16"]
CASES = [
    *((family, "decoder") for family in ("llama", "gemma2", "bloom", "mpt", "mistral", "gpt2")),
    *((family, "decoder") for family in ("falcon", "qwen3", "gpt_oss", "deepseek_v3")),
    ("bert", "encoder"),
    *(("t5", group) for group in ("encoder", "decoder", "cross")),
    ("bart", "cross"),
]
HOSTILE = ("=1+1", "=", "@SUM(A1)", "+1", "-1", "12", "TRUE", "#N/A", "\x00\x1b\ufffe", "\ud800")
HOSTILE += ("_x000D_", "👩‍🚀")


@cache
def model_of(family: str, dtype: str = "float32"):
    if family == "gpt_oss":
        network = networks.of("GptOss", num_local_experts=4, num_experts_per_tok=2)
        return networks.model(network, dtype=dtype)
    if family == "deepseek_v3":
        return networks.model(networks.deepseek_v3(), dtype=dtype)
    return tiny.model(family, dtype)


def target_of(model) -> str | None:
    return TARGET if model.kind == "seq2seq" else None


@cache
def made(family: str, group: str, dtype: str = "float32", head: int = 2) -> Spreadsheet:
    model = model_of(family, dtype)
    return spreadsheet(model, TEXT, target_of(model), group, 1, head)


@cache
def recorded(family: str, group: str, dtype: str = "float32", text: str = TEXT) -> AttentionRecord:
    """The same sublayer, recorded anew."""
    model = model_of(family, dtype)
    kind, stack = ("cross", "decoder") if group == "cross" else ("self", group)
    return list(record(model, text, target_of(model), bare=True).of(stack, kind))[1]


def title_row(found: Calculator, sheet: str, title: str) -> int:
    """Return the row in which the title of a block stands that begins with `title`."""
    for (cell,) in found.book[sheet].iter_rows(max_col=1):
        if str(cell.value or "").startswith(title):
            return cell.row
    raise AssertionError(f"no block '{title}' on sheet '{sheet}'")


def block(found: Calculator, sheet: str, title: str, rows: int, columns: int) -> np.ndarray:
    """Return the values of a block, as its title names it."""
    top, cells = title_row(found, sheet, title) + 1, found.book[sheet]
    return np.array(
        [
            [found.value(sheet, cells.cell(top + i, 3 + j).coordinate) for j in range(columns)]
            for i in range(rows)
        ],
        dtype=object,
    )


def verdicts(found: Calculator) -> list[str]:
    """Return what the verdict cells of weights and outputs show."""
    rows = {cell.value: cell.row for (cell,) in found.book["Read me"].iter_rows(max_col=1)}
    return [found.value("Read me", f"B{rows[name]}") for name in ("Weights", "Outputs")]


@pytest.mark.parametrize(
    ("family", "group", "dtype"),
    [
        (*case, dtype)
        for dtype in DTYPES
        for case in CASES
        if dtype == "float32" or case[0] in ("llama", "gemma2", "bloom", "gpt_oss", "bert", "t5")
    ],
)
def test_the_formulas_give_what_the_model_gave(family, group, dtype):
    sheet, one = made(family, group, dtype), recorded(family, group, dtype)
    assert [check.verdict for check in sheet.checks] == ["holds"] * 3, sheet.checks
    found = Calculator(sheet.file)
    shown = found.everything()  # none of them raises, so none shows an error
    assert len(shown) > 4 * one.weights[2].size
    readers, read = one.weights.shape[1:]
    assert len(sheet.tokens) == readers
    # Neighbouring query heads share a key-value head: 0 0 1 1 of two.
    kv = 2 * len(one.keys) // one.heads
    dots = block(found, "Scores", "query · key", readers, read).astype(float)
    queries, keys = one.queries[2].astype(float), one.keys[kv].astype(float)
    np.testing.assert_allclose(dots, queries @ keys.T, rtol=1e-9, atol=1e-12)
    scores = block(found, "Softmax", "Scores (", readers, read)
    np.testing.assert_array_equal(scores == "masked", ~one.visible[2])
    for row, theirs, seen in zip(scores, one.scores[2], one.visible[2], strict=True):
        ours, theirs = row[seen].astype(float), theirs[: len(seen)][seen].astype(float)
        off = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 1e-1}[dtype] * max(1, abs(ours).max())
        np.testing.assert_allclose(ours - ours[0], theirs - theirs[0], atol=off)
    weights = block(found, "Softmax", "Weights", readers, read).astype(float)
    outputs = block(found, "Output", "Output: a", readers, one.outputs.shape[-1]).astype(float)
    off = {"float32": 2e-5, "float16": 2e-2, "bfloat16": 2e-1}[dtype]
    np.testing.assert_allclose(weights, one.weights[2], atol=off)
    np.testing.assert_allclose(outputs, one.outputs[2], atol=2 * off)
    assert (weights[~one.visible[2]] == 0).all()
    assert verdicts(found) == ["holds", "holds"]
    ours, theirs = module.evaluated(_head(family, group, dtype))
    np.testing.assert_allclose(weights, ours, atol=1e-12)
    np.testing.assert_allclose(outputs, theirs, atol=1e-12)


def _head(family: str, group: str, dtype: str = "float32", text: str = TEXT):
    """What the workbook of head 2 of layer 1 is made from."""
    one = recorded(family, group, dtype, text)
    names = [tuple(f"token {i}" for i in range(count)) for count in one.weights.shape[1:]]
    return module._head(one, score_rule(one), 2, *names)


def test_recorded_numbers_are_there_to_the_last_digit():
    found, one = Calculator(made("llama", "decoder").file), recorded("llama", "decoder")
    sheet = "Queries keys values"
    for title, array in (("Queries", one.queries[2]), ("Keys", one.keys[1])):
        shown = block(found, sheet, title, *array.shape).astype(np.float32)
        np.testing.assert_array_equal(shown, array)
    shown = block(found, sheet, "Values", *one.values[1].shape).astype(np.float32)
    np.testing.assert_array_equal(shown, one.values[1])
    shown = block(found, "Softmax", "Recorded", *one.weights[2].shape).astype(np.float32)
    np.testing.assert_array_equal(shown, one.weights[2])


@pytest.mark.parametrize("family", ["llama", "gemma2", "bloom", "gpt_oss"])
def test_a_step_is_there_where_the_family_has_it(family):
    found = Calculator(made(family, "decoder").file)
    titles = [str(cell.value) for (cell,) in found.book["Scores"].iter_rows(max_col=1)]
    assert any(title.startswith("cap ×") for title in titles) == (family == "gemma2")
    assert any(title.startswith("Added for") for title in titles) == (family == "bloom")
    headings = [cell.value for cell in found.book["Softmax"][4]]
    assert ("sink" in headings) == (family == "gpt_oss")
    if family == "gemma2":
        assert found.value("Scores", "D2") == 2.0
    if family == "gpt_oss":
        sums = block(found, "Softmax", "Weights", len(TEXT) + 1, len(TEXT) + 1).sum(-1)
        assert (sums < 1 - 1e-3).all()  # the sink takes its share


@pytest.mark.parametrize(
    ("sheet", "title", "down", "value"),
    [
        ("Queries keys values", "Keys", 1, 3.0),
        ("Queries keys values", "Queries", 3, 3.0),
        ("Scores", "Mask", 3, 0),
        ("Softmax", "Recorded", 3, 0.9),
    ],
)
def test_whoever_changes_a_number_sees_the_verdict_change(sheet, title, down, value):
    found = Calculator(made("llama", "decoder").file)
    found.book[sheet].cell(title_row(found, sheet, title) + 1 + down, 3).value = value
    assert verdicts(found)[0] == "fails"


@pytest.mark.parametrize(("cell", "value"), [("B2", 1.0), ("D2", 1.0)])
def test_scale_and_cap_are_live(cell, value):
    found = Calculator(made("gemma2", "decoder").file)
    found.book["Scores"][cell].value = value
    assert verdicts(found) == ["fails", "fails"]


def test_another_value_changes_outputs_and_no_weight():
    found = Calculator(made("llama", "decoder").file)
    sheet = "Queries keys values"
    found.book[sheet].cell(title_row(found, sheet, "Values") + 1, 3).value = 9.0
    assert verdicts(found) == ["holds", "fails"]


def test_tokens_are_text_whatever_they_begin_with():
    found = replace(_head("llama", "decoder", text="a" * 11), readers=HOSTILE, read=HOSTILE)
    bounds = (np.zeros(found.weights.shape), np.zeros(found.outputs.shape))
    about = (("Model", "=cmd|' /C calc'!A0"), ("Text", "@a\x00b"))
    file = workbook(found, bounds, about)
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        for name in parts.namelist():
            ET.fromstring(parts.read(name))  # well-formed
    book = load_workbook(io.BytesIO(file))
    shown = [book["Scores"].cell(4, 3 + i) for i in range(len(HOSTILE))]
    assert {cell.data_type for cell in shown} == {"s"} and all(cell.quotePrefix for cell in shown)
    # LibreOffice and Excel read _x005F_ as the sign _, and show _x000D_ as it was.
    expected = [*HOSTILE[:8], "␀␛⟨U+FFFE⟩", "⟨U+D800⟩", "_x005F_x000D_", HOSTILE[11]]
    assert [cell.value for cell in shown] == expected
    assert [book["Read me"][cell].value for cell in ("B2", "B3")] == [about[0][1], "@a␀b"]
    assert {book["Read me"][cell].data_type for cell in ("B2", "B3")} == {"s"}
    Calculator(file).everything()  # no text is among the formulas


@given(st.text(st.characters(exclude_categories=())))
def test_signs_are_what_xml_and_an_eye_can_take(text):
    shown = signs(text)
    assert shown and len(shown) <= 9 * MOST_SHOWN + 1
    assert ET.fromstring(f"<a>{shown.translate({38: None, 60: None, 62: None})}</a>").tag
    shown.encode("utf-8")
    assert not any(ord(one) <= 0x20 or ord(one) & 0xFFFE == 0xFFFE for one in shown)


def test_the_same_head_gives_the_same_bytes(monkeypatch):
    first = made("llama", "decoder")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert made.__wrapped__("llama", "decoder").file == first.file
    assert made("llama", "decoder", head=1).file != first.file
    with zipfile.ZipFile(io.BytesIO(first.file)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert parts.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2
    assert first.name == "tiny-llama-decoder-layer-1-head-2.xlsx"


def test_what_cannot_be_made_is_explained(tiny_causal, tiny_seq2seq):
    longest = "a" * (MOST_TOKENS - 1)  # and <s>
    assert len(spreadsheet(tiny_causal, longest, None, "decoder", 0, 0).tokens) == MOST_TOKENS
    with pytest.raises(InspectionError, match=r"has 13 tokens in the decoder.* at most 12.*by 1 "):
        spreadsheet(tiny_causal, longest + "a", None, "decoder", 0, 0)
    with pytest.raises(InspectionError, match="has 31 tokens in the encoder"):
        spreadsheet(tiny_seq2seq, "a" * 30, "a", "cross", 0, 0)
    # The decoder's own attention reads nothing of the long text.
    assert len(spreadsheet(tiny_seq2seq, "a" * 30, "a", "decoder", 0, 0).tokens) < MOST_TOKENS
    with pytest.raises(InspectionError, match="no head 4: layer 0 has 4"):
        spreadsheet(tiny_causal, "a", None, "decoder", 0, 4)
    with pytest.raises(InspectionError, match="no layer 9"):
        spreadsheet(tiny_causal, "a", None, "decoder", 9, 0)
    with pytest.raises(InspectionError, match="no cross attention"):
        spreadsheet(tiny_causal, "a", None, "cross", 0, 0)


def test_a_token_that_may_read_nothing_is_refused():
    one = recorded("llama", "decoder")
    scores = one.scores.copy()
    scores[2, 0] = -np.inf
    tokens = ("a",) * scores.shape[1]
    with pytest.raises(InspectionError, match="divide by 0"):
        module._head(replace(one, scores=scores), score_rule(one), 2, tokens, tokens)


def broken_head(monkeypatch, **changes) -> None:
    """Let the head be another than the recorded one before its formulas are evaluated."""
    own = module._head

    def changed(*asked):
        found = own(*asked)
        return replace(found, **{name: change(found) for name, change in changes.items()})

    monkeypatch.setattr(module, "_head", changed)


@pytest.mark.sabotage(WEIGHTS)
@pytest.mark.parametrize(
    ("family", "broken", "dtype"),
    [
        *(("llama", {"scale": lambda head: head.scale * 1.5}, dtype) for dtype in DTYPES),
        *(("gemma2", {"cap": lambda head: None}, dtype) for dtype in DTYPES),
        ("llama", {"keys": lambda head: head.keys[::-1].copy()}, "float32"),
        ("bloom", {"bias": lambda head: None}, "bfloat16"),
        ("mistral", {"visible": lambda head: np.tri(len(head.read), dtype=bool)}, "float16"),
        ("gpt_oss", {"sinks": lambda head: head.sinks[:, :0]}, "float32"),
    ],
)
def test_a_forgotten_step_turns_red(family, broken, dtype, monkeypatch):
    assert made(family, "decoder", dtype).checks[1].verdict == "holds"
    broken_head(monkeypatch, **broken)
    found = made.__wrapped__(family, "decoder", dtype)
    assert found.checks[1].verdict == "fails"
    if dtype == "float32":
        assert verdicts(Calculator(found.file))[0] == "fails"


@pytest.mark.sabotage(OUTPUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_of_another_token_turn_red(dtype, monkeypatch):
    assert made("llama", "decoder", dtype).checks[2].verdict == "holds"
    broken_head(monkeypatch, values=lambda head: head.values[::-1].copy())
    found = made.__wrapped__("llama", "decoder", dtype)
    assert [check.verdict for check in found.checks] == ["holds", "holds", "fails"]
    assert verdicts(Calculator(found.file)) == ["holds", "fails"]


@pytest.mark.sabotage(OUTPUTS)
@pytest.mark.sabotage(WEIGHTS)
def test_what_is_no_number_turns_red(monkeypatch):
    own = module.evaluated
    assert [check.verdict for check in made("llama", "decoder").checks] == ["holds"] * 3
    monkeypatch.setattr(module, "evaluated", lambda head: tuple(one * np.nan for one in own(head)))
    found = made.__wrapped__("llama", "decoder")
    assert [check.verdict for check in found.checks] == ["holds", "fails", "fails"]
