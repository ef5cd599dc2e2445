"""One attention head as a workbook whose cells are formulas: from q · k to the head's output.

Queries, keys and values are numbers that were recorded; every later cell is a formula, beside what
the model itself had there. Excel, LibreOffice and Google Sheets compute it alike.

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64
from scipy.special import softmax

from components.inspection import rounding
from components.inspection.attention.maps import Group, record_at, require_group
from components.inspection.attention.scores import ScoreRule, score_rule, weights_allowed
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import inputs_of, record
from components.inspection.machine.spreadsheet_cells import signs
from components.inspection.machine.spreadsheet_sheets import Head, workbook
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.recording import AttentionRecord

MOST_TOKENS: Final = 12
"""Tokens on each side: a sheet of 12 columns can be read on a projector."""
WEIGHTS: Final = "the weights that the spreadsheet's formulas give are the recorded ones"
Bounds = tuple[Float64[np.ndarray, "query key"], Float64[np.ndarray, "query value_size"]]
OUTPUTS: Final = "the outputs that the spreadsheet's formulas give are the recorded ones"


@dataclass(frozen=True, eq=False)
class Spreadsheet:
    """A workbook of one attention head."""

    file: bytes
    """An .xlsx. The same model, text and head give the same bytes."""
    tokens: tuple[str, ...]
    """The query tokens, as the model's vocabulary writes them."""
    name: str
    """A name for the file: plain letters, digits, dots and dashes."""
    checks: tuple[Check, ...]
    """How scores come about, as measured; and the formulas' results against the recorded ones."""


def spreadsheet(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    group: Group,
    layer: int,
    head: int,
) -> Spreadsheet:
    """Let `model` read `text` once, and write one head's attention as a workbook of formulas.

    `target` is what the decoder of an encoder-decoder is given to read; `layer` the network's own
    number of the block.

    Raises:
        InspectionError: the text has more than `MOST_TOKENS` tokens; there is no such attention,
            layer or head; the scores are not one product of query and key, one factor, a cap and a
            bias; a token may read nothing; or some recorded numbers are none.
    """
    one, found, bounds, checks = _worked_out(model, text, target, group, layer, head)
    return Spreadsheet(
        file=workbook(found, bounds, _about(model, one, head, found.readers, found.read)),
        tokens=found.readers,
        name=_name(model.name, group, layer, head),
        checks=checks,
    )


def formulas_checked(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    group: Group,
    layer: int,
    head: int,
) -> tuple[Check, ...]:
    """Return the checks of `spreadsheet`, and write no file.

    Raises:
        InspectionError: as `spreadsheet`.
    """
    return _worked_out(model, text, target, group, layer, head)[-1]


def _worked_out(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    group: Group,
    layer: int,
    head: int,
) -> tuple[AttentionRecord, Head, Bounds, tuple[Check, ...]]:
    """Return what was recorded, the head, how far off rounding may put it, and the checks."""
    require_group(model, group)
    _require_short(model, text, target, group)
    require(model, "scores", "outputs")
    recording = record(model, text, target, keep=["attention"], bare=True)
    one = record_at(recording, group, layer)
    if not 0 <= head < one.heads:
        raise InspectionError(
            f"There is no head {head}: layer {layer} has {one.heads}, counted from 0 to "
            f"{one.heads - 1}."
        )
    readers = recording.stack("decoder" if group == "cross" else group).tokens
    read = recording.stack("encoder").tokens if group == "cross" else readers
    rule = score_rule(one)
    found = _head(one, rule, head, readers, read)
    weights, outputs = evaluated(found)
    # What rounding may do to the weights, it does to their sums of values.
    allowed = weights_allowed(one, rule, head, slice(None), weights)
    values = np.abs(found.values).astype(np.float64)
    share = 4 * rounding.unit(one.dtype) + rounding.summed(len(read))
    bounds = (allowed, allowed @ values + share * (weights @ values))
    meaning = "A formula of the spreadsheet is not what this network computes."
    checks = (
        rule.check,
        rounding.compared(WEIGHTS, weights, found.weights, bounds[0], meaning),
        rounding.compared(OUTPUTS, outputs, found.outputs, bounds[1], meaning),
    )
    return one, found, bounds, checks


def evaluated(
    head: Head,
) -> tuple[Float64[np.ndarray, "query key"], Float64[np.ndarray, "query value_size"]]:
    """Return the weights and outputs that the workbook's formulas give, by the same steps."""
    scores = head.queries.astype(np.float64) @ head.keys.astype(np.float64).T * head.scale
    if head.cap:
        scores = head.cap * np.tanh(scores / head.cap)
    if head.bias is not None:
        scores = scores + head.bias
    scores = np.concatenate([np.where(head.visible, scores, -np.inf), head.sinks], axis=1)
    weights = softmax(scores, axis=1)[:, : len(head.read)]
    return weights, weights @ head.values.astype(np.float64)


def _require_short(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    group: Group,
) -> None:
    names = ("encoder", "decoder") if group == "cross" else (group,)
    for name, ids in inputs_of(model, text, target).items():
        count = ids.shape[1]
        if name in names and count > MOST_TOKENS:
            raise InspectionError(
                f"This text has {count} tokens in the {name}, and a spreadsheet shows a head for "
                f"at most {MOST_TOKENS}, so that it can be read. Shorten the text by "
                f"{count - MOST_TOKENS} tokens or more."
            )


def _head(
    one: AttentionRecord,
    rule: ScoreRule,
    head: int,
    readers: tuple[str, ...],
    read: tuple[str, ...],
) -> Head:
    vectors, kv_head, tokens = one.understood(), one.kv_head(head), one.weights.shape[-1]
    queries, keys, values = vectors.queries[head], vectors.keys[kv_head], vectors.values[kv_head]
    weights, outputs = one.weights[head], vectors.outputs[head]
    rounding.require_numbers(queries, keys, values, weights, outputs)
    visible = one.visible[head]
    if not visible.any(axis=-1).all():
        raise InspectionError(
            f"In layer {one.layer} the mask lets a token read nothing at all, so its softmax has "
            "no scores, and a spreadsheet would divide by 0. Choose another layer."
        )
    shift = np.broadcast_to(rule.shift, (one.heads, len(readers), 1))[head]
    return Head(
        readers=readers,
        read=read,
        queries=queries,
        keys=keys,
        values=values,
        scale=rule.scale,
        cap=rule.cap,
        bias=rule.bias[head] if rule.biased else None,
        visible=visible,
        sinks=one.scores[head, :, tokens:].astype(np.float64) - shift,
        weights=weights,
        outputs=outputs,
    )


def _about(
    model: Model, one: AttentionRecord, head: int, readers: tuple[str, ...], read: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Return the lines that say of what the workbook is."""
    crossing = one.kind == "cross"
    tokens = [*map(signs, read), *(["→", *map(signs, readers)] if crossing else [])]
    place = "decoder reading the encoder" if crossing else one.stack
    counts = f"head {head} of {one.heads} (key-value head {one.kv_head(head)} of {one.kv_heads})"
    return (
        ("Model", f"{model.name} ({model.facts.family}, {model.facts.dtype})"),
        ("Text", " ".join(tokens)),
        ("Head", f"{place}, layer {one.layer}, {counts}; numbers count from 0"),
    )


def _name(model: str, group: Group, layer: int, head: int) -> str:
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", model).strip("-.")[:60] or "model"
    return f"{plain}-{group}-layer-{layer}-head-{head}.xlsx"
