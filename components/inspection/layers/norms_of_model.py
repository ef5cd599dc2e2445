"""The norms that a loaded model's own vectors go through: what goes in, what comes out.

Where they stand is found on the network (`norms_met`); what each of them does is measured on a
probe (`machine.normed`), and compared with what it gave of the reader's own text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.layers.norms_met import FIRST, LAST, met, rows_of_call
from components.inspection.machine.normed import Normed, NormRule, normed
from components.inspection.machine.reading import reading
from components.inspection.machine.trace import Call, block_at, traced
from components.inspection.model import Kind, Model

GIANT: Final = 6.0
"""So many times the root mean square of its vector is a giant number. Of numbers that are spread as
by chance (a normal distribution) one in 500 million is so far out."""


@dataclass(frozen=True, eq=False)
class NormAt:
    """One norm at one token."""

    where: str
    """Where it stands, in words: "before attention"."""
    path: str
    """What the network calls it."""
    module: str
    """Its class."""
    run: int
    """Which of its runs in one pass this is, from 0: of a block that is read again and again."""
    plus_one: bool
    """It multiplies by 1 + its weight."""
    one: Normed
    """Taken apart at this token: one row; its check is that of all tokens."""

    @property
    def given(self) -> Float32[np.ndarray, " width"]:
        """What goes in."""
        return np.asarray(self.one.given[0])

    @property
    def gives(self) -> Float32[np.ndarray, " width"]:
        """What comes out, as recorded."""
        return np.asarray(self.one.gives[0])

    @property
    def divided(self) -> Float64[np.ndarray, " width"]:
        """(what goes in - mean) / scale, before gain and shift."""
        return np.asarray((self.given.astype(np.float64) - self.one.mean[0]) / self.one.scale[0])

    @property
    def giants(self) -> tuple[int, ...]:
        """Which numbers that go in are giant, the largest first."""
        sizes = np.abs(self.given)
        largest = np.argsort(-sizes, kind="stable")[: int((sizes > GIANT * rms(sizes)).sum())]
        return tuple(largest.tolist())


@dataclass(frozen=True, eq=False)
class LayerNorms:
    """The norms around one block, and those before and behind all blocks, at one token."""

    stack: StackName
    layer: int
    place: int
    tokens: tuple[str, ...]
    norms: tuple[NormAt, ...]
    """At least one."""
    inputs: Mapping[str, tuple[int, ...]]
    """The ids that the network was given, by the names of its arguments."""
    kind: Kind

    @property
    def checks(self) -> tuple[Check, ...]:
        """One of each norm."""
        return tuple(norm.one.check for norm in self.norms)


def rms(numbers: Float32[np.ndarray, " width"] | Float64[np.ndarray, " width"]) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.square(numbers, dtype=np.float64).mean()))


def layer_norms(model: Model, text: str, stack: StackName, layer: int, place: int) -> LayerNorms:
    """Return the norms that the vector of token `place` goes through in block `layer` of `stack`.

    Raises:
        InspectionError: there is no such block or token, or no norm is seen.
    """
    read = reading(model, text)
    recording, trace = traced(
        model, read.ids, read.target, stack, layer, keep=("residual",), outside=True
    )
    found = recording.stack(stack)
    if not 0 <= place < len(found.tokens):
        raise InspectionError(
            f"Place {place} was asked for, but this text has {len(found.tokens)} tokens: choose "
            f"one from 0 to {len(found.tokens) - 1}."
        )
    names = {id(module): path for path, module in model.network.named_modules()}
    tokens, norms = len(found.tokens), []
    for where, path, rule in met(model, stack, layer):
        outside = where in (FIRST, LAST)
        call = (trace.outside if outside else trace.calls).get(path)
        if call is not None:
            run = 0 if outside else trace.which
            norms.append(_norm(model, call, rule, where, tokens, place, names, run))
    kept = tuple(norm for norm in norms if norm is not None)
    if not kept:
        block, _ = block_at(model, stack, layer)
        raise InspectionError(
            f"No norm is seen around layer {layer} of '{model.name}': no module there divides a "
            "token's whole vector by its root mean square or its standard deviation, with one gain "
            f"for each number. What there is ({type(block).__name__}) cannot be taken apart here. "
            "Choose another layer or model."
        )
    given_ids = arguments_of(model, inputs_of(model, read.ids, read.target))
    return LayerNorms(
        stack,
        layer,
        place,
        found.tokens,
        kept,
        {name: tuple(given_ids[name][0].tolist()) for name in given_ids if name.endswith("_ids")},
        model.kind,
    )


def _norm(
    model: Model,
    call: Call,
    rule: NormRule,
    where: str,
    tokens: int,
    place: int,
    names: Mapping[int, str],
    run: int,
) -> NormAt | None:
    """Return one norm at `place`; None if it is none of whole vectors."""
    module, dtype = call.module, model.facts.dtype
    given, gives = rows_of_call(call, tokens)
    if given is None or gives is None or given.shape[1] != model.facts.width:
        return None
    row = slice(place, place + 1)
    whole = normed(module, rule, given, gives, dtype, where)
    one = normed(module, rule, given[row], gives[row], dtype, where)
    one = replace(one, check=whole.check)
    path = names.get(id(module), "")
    return NormAt(where, path, type(module).__name__, run, rule.plus_one, one)
