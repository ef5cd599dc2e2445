"""Which part of a model an answer depends on: each attention and each MLP switched off, one a pass.

What a part writes to the residual stream is put to zero, or to its mean over the text's tokens, and
the network goes on with that. What is lost then *depends* on the part, in this text; it need not be
stored there: a part that hands something on is missed just as much.

Sources: Meng et al., "Locating and Editing Factual Associations in GPT" (2022); Geva et al.,
"Transformer Feed-Forward Layers Are Key-Value Memories" (2021); for the mean instead of zero Wang
et al., "Interpretability in the Wild" (2022).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import part
from components.inspection.attribution.targets import find_answer
from components.inspection.checks import Check, worst
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.hooks import Part as Kept
from components.inspection.layers.fact_answer import (
    asked_ids,
    plain_check,
    shares_at,
)
from components.inspection.masking import answer_place
from components.inspection.model import Model
from components.inspection.prediction import answer_names
from components.inspection.progress import Progress, silent
from components.inspection.recording import StackRecord
from components.inspection.stacks import blocks_of

Off = Literal["zero", "mean"]
PartName = Literal["attention", "cross", "mlp"]
NAMES: Final[dict[PartName, str]] = {
    "attention": "attention",
    "cross": "cross-attention",
    "mlp": "MLP",
}
MOST_TOKENS: Final = 256
MOST_PASSES: Final = 768
"""Of one text: 256 layers of three parts."""
KEPT: Final[tuple[Kept, ...]] = ("residual", "logits")
WRITTEN: Final = "what is switched off writes what was put there"
BELOW: Final = "the stream that enters its block stays as it was, to the last bit"


@dataclass(frozen=True, eq=False)
class Ablation:
    """The probability of one answer with one part switched off, for each part in turn."""

    tokens: tuple[str, ...]
    """Of the stack that gives the answer."""
    ids: tuple[int, ...]
    """What was read: with the mask of a masked model; of two stacks the encoder's."""
    place: int
    """Which of `tokens` the answer follows, or replaces; of no meaning for a class."""
    answer: str
    answer_id: int
    likeliest: str
    """What the model says by itself."""
    probability: float
    """Of `answer`, 0 to 1, with nothing switched off."""
    what: Off
    parts: tuple[PartName, ...]
    off: Float32[np.ndarray, "part layer"]
    """Of `answer`, 0 to 1, with that part of that layer switched off."""
    says: tuple[tuple[str, ...], ...]
    """[part][layer]: what is likeliest then."""
    said: Float32[np.ndarray, "part layer"]
    """The probability of that, 0 to 1."""
    paths: tuple[tuple[str, ...], ...]
    """[part][layer]: the module of the network whose output was changed."""
    checks: tuple[Check, ...]

    @property
    def costliest(self) -> tuple[int, int]:
        """The part and the layer without which the answer is least likely."""
        row, layer = np.unravel_index(int(self.off.argmin()), self.off.shape)
        return int(row), int(layer)


def passes(layers: int, parts: int = 3) -> int:
    """Return how many times a text is read at most: also with nothing switched off, three times.

    >>> passes(4, 2)
    11
    """
    return layers * parts + 3


def ablated(
    model: Model, text: str, answer: str | int = "", what: Off = "zero", progress: Progress = silent
) -> Ablation:
    """Let `model` read `text` once for each of its parts, with that part switched off.

    `answer` is a token or a class, by name or number; empty: the model's own likeliest. Of two
    stacks the decoder's parts are switched off, which reads its start token.

    Raises:
        InspectionError: the model answers nothing, the text is too long, there is no such answer,
            or it is not known what the parts write.
    """
    ids = asked_ids(model, text, MOST_TOKENS)
    plain = record(model, ids, keep=KEPT)
    stack = plain.stack()
    place = answer_place(model, stack.ids)
    writes = writes_of(model, stack)
    shares = shares_at(model, plain, place)
    own = int(shares.argmax())
    wanted = find_answer(model, answer, text, len(shares)) if answer != "" else own
    if what == "mean" and len(stack.ids) == 1:
        raise InspectionError(
            f"The {stack.name} of '{model.name}' reads a single token here, whose mean is itself: "
            "nothing would change. Choose zero, or a longer text."
        )
    layers = len(next(iter(writes.values())))
    if layers * len(writes) > MOST_PASSES:
        raise InspectionError(
            f"'{model.name}' has {layers * len(writes):,} parts, and reads the text once without "
            f"each; at most {MOST_PASSES} are tried here. Choose a smaller model."
        )
    rows, checks = [], []
    for number, (name, write) in enumerate(writes.items()):
        found = []
        for layer in range(layers):
            done = (number * layers + layer) / (layers * len(writes))
            progress(done, f"Reading it without the {NAMES[name]} of layer {layer}")
            again = record(model, ids, keep=KEPT, edits=(Edit(name, layer, what),))
            checks.append(_edit_checks(model, stack, again.stack(), write, name, layer, what))
            then = shares_at(model, again, place)
            found.append((then[wanted], int(then.argmax()), then.max()))
        rows.append(found)
    after = record(model, ids, keep=KEPT)
    return Ablation(
        tokens=stack.tokens,
        ids=tuple(ids),
        place=place,
        answer=answer_names(model, [wanted], len(shares))[0],
        answer_id=wanted,
        likeliest=answer_names(model, [own], len(shares))[0],
        probability=float(shares[wanted]),
        what=what,
        parts=tuple(writes),
        off=np.array([[share for share, _, _ in row] for row in rows], np.float32),
        says=tuple(answer_names(model, [best for _, best, _ in row], len(shares)) for row in rows),
        said=np.array([[most for _, _, most in row] for row in rows], np.float32),
        paths=tuple(write_paths(model, stack, name, layers) for name in writes),
        checks=(
            plain_check(model, ids, place, (plain, after)),
            worst([one for one, _ in checks], WRITTEN),
            *([worst([two for _, two in checks if two], BELOW)] if checks[0][1] else []),
        ),
    )


def writes_of(
    model: Model, stack: StackRecord
) -> Mapping[PartName, Float32[np.ndarray, "layer token width"]]:
    """Return what each kind of part wrote to the stream, in the order in which they run.

    Raises:
        InspectionError: it is not known what they write.
    """
    found: dict[PartName, Float32[np.ndarray, "layer token width"] | None] = {
        "attention": stack.attention_writes,
        "cross": stack.cross_writes,
        "mlp": stack.mlp_writes,
    }
    known = {name: one for name, one in found.items() if one is not None}
    if "attention" not in known or "mlp" not in known:
        raise InspectionError(
            f"Vitrine does not know where the family '{model.facts.family}' writes to its residual "
            "stream, so its attention and its MLPs cannot be told apart. Choose another model, "
            "such as storyteller."
        )
    return known


def _edit_checks(
    model: Model,
    before: StackRecord,
    after: StackRecord,
    write: Float32[np.ndarray, "layer token width"],
    name: PartName,
    layer: int,
    what: Off,
) -> tuple[Check, Check | None]:
    """Compare what the part wrote then, and what entered its block, with what they should be."""
    then, own = writes_of(model, after)[name][layer], write[layer]
    expected, allowed = np.zeros_like(own), np.zeros_like(own)
    if what == "mean":
        size = np.abs(own).mean(0, dtype=np.float64)
        expected = np.broadcast_to(own.mean(0, dtype=np.float64), own.shape)
        allowed = rounding.summed(len(own)) * size + rounding.unit(model.facts.dtype) * size
        allowed = allowed + rounding.least(model.facts.dtype)
    meaning = "Another part was switched off than is drawn."
    put = rounding.compared("", then, expected, allowed, meaning)
    if before.residual is None or after.residual is None:
        return put, None
    entered = rounding.compared("", after.residual[layer], before.residual[layer], 0.0, meaning)
    return put, entered


def write_paths(model: Model, stack: StackRecord, name: PartName, layers: int) -> tuple[str, ...]:
    """Return the dotted names of the modules whose outputs are what a kind of part writes."""
    parts = model.anatomy.stacks[stack.name]
    blocks = blocks_of(model.network, parts)
    names = {id(module): path for path, module in model.network.named_modules()}
    path = {
        "attention": parts.attention_write,
        "cross": parts.cross_write,
        "mlp": parts.mlp_write,
    }[name]
    found = [part(blocks[each % len(blocks)], path or "") for each in range(layers)]
    return tuple(names[id(module)] for module in found)
