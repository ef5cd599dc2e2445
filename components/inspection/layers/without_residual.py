"""The residual connections of every block switched off: what is written replaces the stream.

A block adds what attention writes to the stream, and then what the MLP writes. Here each write is
all that goes on: minus the stream is added to what attention writes, and what the MLP writes is put
where its sum with the stream would leave the block. What must be taken away depends on all that was
taken away before, so each part of each layer is found by a pass of its own, from the first layer
up; a last pass makes all these edits.

Source: He et al., "Deep Residual Learning for Image Recognition" (2016), for the connections.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check, worst
from components.inspection.edits import MOST_EDITS, Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers.fact import KEPT, NAMES, PartName, write_paths, writes_of
from components.inspection.layers.fact_answer import (
    asked_ids,
    plain_check,
    shares_at,
)
from components.inspection.machine.wiring import wiring_of
from components.inspection.masking import answer_place
from components.inspection.model import Model
from components.inspection.prediction import answer_names
from components.inspection.premises import require
from components.inspection.progress import Progress, silent
from components.inspection.recording import StackRecord
from components.inspection.stacks import blocks_of

MOST_TOKENS: Final = 256
ALONE: Final = "with its connection off, the stream behind each part is what that part wrote alone"
ORDER: Final = ("attention", "cross-attention", "MLP")

Writes = Mapping[PartName, Float32[np.ndarray, "layer token width"]]


@dataclass(frozen=True, eq=False)
class WithoutResidual:
    """One text read with the residual connections, and without."""

    tokens: tuple[str, ...]
    """Of the stack that gives the answer."""
    ids: tuple[int, ...]
    """What was read; of two stacks the encoder's."""
    norms: Float32[np.ndarray, "boundary token"]
    """Of the stream as it is. Row 0 enters the first block, row n + 1 leaves block n."""
    norms_without: Float32[np.ndarray, "boundary token"]
    """Of what is there instead, without the connections."""
    answer: str
    """What the model says by itself."""
    probability: float
    """Of `answer`, 0 to 1."""
    probability_without: float
    """Of the same answer."""
    says_without: str
    """What is likeliest without the connections."""
    said_without: float
    """The probability of that, 0 to 1."""
    paths: tuple[tuple[str, ...], ...]
    """[part][layer]: the module that gives what attention, cross-attention, the MLP write."""
    blocks: tuple[str, ...]
    """The module of each layer."""
    checks: tuple[Check, ...]


def passes(layers: int, parts: int = 2) -> int:
    """Return how many times a text is read at most.

    >>> passes(4)
    12
    """
    return layers * parts + 4


def without_residual(model: Model, text: str, progress: Progress = silent) -> WithoutResidual:
    """Let `model` read `text` with its residual connections, and without all of them.

    Raises:
        InspectionError: the model answers nothing, the text is too long, there are too many layers,
            or its blocks do not add one part after the other to one stream that is not normed.
    """
    ids = asked_ids(model, text, MOST_TOKENS)
    plain = record(model, ids, keep=KEPT)
    stack = plain.stack()
    place = answer_place(model, stack.ids)
    residual, writes = _sequential(model, stack)
    layers = len(residual) - 1
    if layers * len(writes) > MOST_EDITS:
        raise InspectionError(
            f"'{model.name}' has {layers} layers of {len(writes)} parts each; at most "
            f"{MOST_EDITS} connections are switched off here. Choose a smaller model."
        )
    edits: list[Edit] = []
    alone: list[dict[PartName, Float32[np.ndarray, "token width"]]] = []
    stream = residual[0]
    for layer in range(layers):
        alone.append({})
        before: Writes | None = None
        since = edits[-1:]  # what is put there makes all that was done before it of no account
        for number, name in enumerate(writes):
            done = (layer * len(writes) + number) / (layers * len(writes))
            progress(done, f"Switching off the connection around layer {layer}'s {NAMES[name]}")
            found = writes_of(model, record(model, ids, keep=("residual",), edits=since).stack())
            if before is not None:
                _require_read(model, before[name][layer], found[name][layer])
            before = found
            write = found[name][layer]
            rounding.require_numbers(write)
            last = number == len(writes) - 1
            edits.append(
                Edit("stream", layer + 1, "put", vector=write)
                if last
                else Edit(name, layer, "add", vector=-stream)
            )
            since = [*since, edits[-1]]
            alone[-1][name] = stream = write
    off = record(model, ids, keep=KEPT, edits=edits)
    after = record(model, ids, keep=("logits",))
    shares, then = (shares_at(model, each, place) for each in (plain, off))
    own, other = int(shares.argmax()), int(then.argmax())
    without = off.stack().residual
    assert without is not None  # the premise has seen it
    return WithoutResidual(
        tokens=stack.tokens,
        ids=tuple(ids),
        norms=np.linalg.norm(residual, axis=-1),
        norms_without=np.linalg.norm(without, axis=-1),
        answer=answer_names(model, [own], len(shares))[0],
        probability=float(shares[own]),
        probability_without=float(then[own]),
        says_without=answer_names(model, [other], len(then))[0],
        said_without=float(then[other]),
        paths=tuple(write_paths(model, stack, name, layers) for name in writes),
        blocks=_block_paths(model, stack.name, layers),
        checks=(
            _alone_check(model, without, writes_of(model, off.stack()), alone),
            plain_check(model, ids, place, (plain, after)),
        ),
    )


def _block_paths(model: Model, stack: StackName, layers: int) -> tuple[str, ...]:
    blocks = blocks_of(model.network, model.anatomy.stacks[stack])
    names = {id(module): path for path, module in model.network.named_modules()}
    return tuple(names[id(blocks[each % len(blocks)])] for each in range(layers))


def _sequential(
    model: Model, stack: StackRecord
) -> tuple[Float32[np.ndarray, "boundary token width"], Writes]:
    """Return the stream and what is written to it, if part after part is added to it.

    Raises:
        InspectionError: it is not so.
    """
    if model.anatomy.stacks[stack.name].post_norms:
        raise InspectionError(
            f"'{model.name}' norms each sum of stream and write, so without its residual "
            "connections its norms would stand on something else as well. Choose a model that "
            "norms what its parts read, such as storyteller, GPT-2 or Llama."
        )
    require(model, "stream")
    residual, writes = stack.residual, writes_of(model, stack)
    assert residual is not None  # the premise has seen it
    _require_chain(model, stack.name, len(writes))
    return residual, writes


def _require_chain(model: Model, stack: StackName, parts: int) -> None:
    """Go on if the first block was measured to add one part after the other, each read anew."""
    chain = wiring_of(model, stack, 0).chain
    if chain is not None and chain.parallel:
        raise _parallel(model)
    names = () if chain is None else tuple(sub.name for sub in chain.subs)
    if names != tuple(name for name in ORDER if parts == 3 or name != "cross-attention"):
        raise InspectionError(
            f"In what order the parts of a block of '{model.name}' are added to the stream was not "
            "found out, so no connection can be taken away. Choose another model, such as "
            "storyteller."
        )


def _require_read(
    model: Model,
    before: Float32[np.ndarray, "token width"],
    now: Float32[np.ndarray, "token width"],
) -> None:
    """Go on if a part writes something else once the stream before it was changed."""
    if np.array_equal(before, now):
        raise _parallel(model)


def _parallel(model: Model) -> InspectionError:
    return InspectionError(
        f"In '{model.name}' attention and MLP of a block read the same stream side by side "
        "(parallel), so there is one connection around both and none between them: it cannot be "
        "switched off part by part. Choose storyteller, GPT-2 or Llama."
    )


def _alone_check(
    model: Model,
    without: Float32[np.ndarray, "boundary token width"],
    written: Writes,
    alone: list[dict[PartName, Float32[np.ndarray, "token width"]]],
) -> Check:
    """Compare the stream behind each part with what that part wrote.

    The last part's write is put as it is. To the others minus the stream is added, in the network's
    number format, and then the stream: two sums, each rounded by a share of itself. By what the
    stream behind one part is off, that behind the next one is too.
    """
    unit, checks = rounding.unit(model.facts.dtype), []
    meaning = "The stream goes on around a part, or something else was taken away."
    for layer, parts in enumerate(alone):
        stream = without[layer].astype(np.float64)
        *first, last = parts
        off = np.zeros_like(stream)
        for name in first:
            behind = stream + written[name][layer]
            off = off + 2 * unit * (np.abs(stream) + np.abs(parts[name]))
            checks.append(rounding.compared("", behind, parts[name], off, meaning))
            stream = behind
        checks.append(rounding.compared("", without[layer + 1], written[last][layer], 0.0, meaning))
    return worst(checks, ALONE)
