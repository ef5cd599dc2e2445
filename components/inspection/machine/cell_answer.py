"""Numbers of the answer taken apart: a logit, and its probability."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32
from torch import nn

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.distribution import checked_logits, shares_of
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.machine.cell_sums import CellDetail, Operand, Sum, Term, sub
from components.inspection.machine.matching import weights_of
from components.inspection.machine.projected import product_share
from components.inspection.machine.trace import Trace, traced
from components.inspection.model import Model
from components.inspection.recording import Recording


def answer(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
    station: str,
    index: int,
    edits: Sequence[Edit] = (),
) -> CellDetail:
    """Open the logit or the probability of one token of the vocabulary, behind the token `place`.

    Raises:
        InspectionError: the network gives no logit for each token there, or there is no such token.
    """
    recording, trace = traced(
        model, text, target, stack, 0, keep=("logits",), outside=True, edits=edits
    )
    found = recording.stack(stack)
    logits = recording.logits
    if logits is None or logits.ndim != 2 or recording.stacks[-1].name != stack:
        raise InspectionError(
            f"'{model.name}' gives no logit for each token of its {stack}, so none can be opened. "
            "Choose a language model, and the stack that gives its output."
        )
    for what, number, count in (("token", place, len(found.tokens)),
                                ("token of the vocabulary", index, logits.shape[1])):  # fmt: skip
        if not 0 <= number < count:
            raise InspectionError(f"There is no {what} {number}: there are {count}, from 0.")
    if station == "logit":
        return _logit(model, recording, trace, place, index)
    return _probability(model, recording, place, index)


def _logit(model: Model, recording: Recording, trace: Trace, place: int, index: int) -> CellDetail:
    logits = recording.logits
    assert logits is not None
    tokens, dtype = len(recording.stacks[-1].tokens), model.facts.dtype
    head = model.network.get_output_embeddings()
    call = next((one for one in trace.outside.values() if one.module is head), None)
    read = None if call is None else call.read(tokens)
    if head is None or read is None:
        raise InspectionError(
            f"Which map makes the logits of '{model.name}' is not known: its network names none."
        )
    weight, bias = weights_of(head, [index])
    x = read[place].astype(np.float64)
    total = Sum.of_products(lambda n: f"number {n}", weight[0].astype(np.float64), x)
    if bias is not None:
        total.more.append(Term("bias", None, None, float(bias[0])))
    total.off = product_share(len(x), dtype) * total.sizes + rounding.least(dtype)
    symbols = f"z = Σᵢ W_U[{index}, i] · yᵢ" + (" + b" if bias is not None else "")
    config = model.network.config.get_text_config()
    scale, divided = (getattr(config, name, None) for name in ("logit_scale", "logits_scaling"))
    if isinstance(scale, (int, float)) and scale != 1:
        total.times("scale of logits", float(scale), dtype)
        symbols = f"{symbols}, × scale"
    if isinstance(divided, (int, float)) and divided not in (0, 1):
        total.times("1 / scale of logits", 1 / float(divided), dtype)
        symbols = f"{symbols}, ÷ scale"
    cap = getattr(config, "final_logit_softcapping", None)
    if isinstance(cap, (int, float)) and cap:
        unit = rounding.unit(dtype)
        total.then(f"{cap:g}·tanh(z/{cap:g})", cap, cap * float(np.tanh(total.total / cap)))
        total.off += 8 * unit * float(cap)
        symbols = f"{symbols}, capped: cap · tanh(z / cap)"
    further = _behind(model, head, logits, total.total, place, index, total.off)
    if further:
        total.plus("bias behind the map", further, dtype)
        symbols = f"{symbols}, + b"
    recorded = float(logits[place, index])
    operands = [Operand("final norm", place, "all")]
    return total.detail("logit", index, _name(model, recording, "logit", place, index), symbols,
                        recorded, operands)  # fmt: skip


def _behind(
    model: Model,
    head: nn.Module,
    logits: Float32[np.ndarray, "token vocabulary"],
    found: float,
    place: int,
    index: int,
    off: float,
) -> float:
    """Return what a family adds to a logit behind the map (BART, ESM): a table's own number."""
    if abs(float(logits[place, index]) - found) <= off:
        return 0.0
    own = {id(one) for one in head.parameters()}
    tables = (*model.network.parameters(), *model.network.buffers())
    added = [
        float(one.reshape(-1)[index])
        for one in tables
        if one.numel() == logits.shape[1] and one.is_floating_point() and id(one) not in own
    ]
    left = float(logits[place, index]) - found
    return min(added, key=lambda one: abs(one - left), default=0.0)


def _probability(model: Model, recording: Recording, place: int, index: int) -> CellDetail:
    assert recording.logits is not None
    row = checked_logits(recording.logits[place]).astype(np.float64)
    largest = float(row.max())
    total = Sum(
        lambda n: f"e^(logit of '{model.token_texts([n])[0]}' − largest)", np.exp(row - largest)
    )
    own = float(np.exp(row[index] - largest))
    total.after.append(Term(f"e^(z − max) / Σ = {own:.3g} / {total.total:.3g}", total.total, own,
                            own / total.total))  # fmt: skip
    recorded = float(shares_of(recording.logits[place])[index])
    total.off = float(rounding.of_softmax(len(row), "float32", recorded))
    symbols = f"p{sub(index)} = e^(z{sub(index)} − max z) / Σᵥ e^(zᵥ − max z)"
    name = _name(model, recording, "probability", place, index)
    operands = [Operand("logit", place, "all")]
    return total.detail("probability", index, name, symbols, recorded, operands)


def _name(model: Model, recording: Recording, what: str, place: int, index: int) -> str:
    text = model.token_texts([index])[0]
    return f"{what} of '{text}' behind '{recording.stacks[-1].tokens[place]}'"
