"""What stands behind a network's last block: the modules that make logits of its stream.

They are found on the loaded network. One pass over a short text records what each module outside
the blocks was given and gave; a chain of modules is looked for that begins with what left the last
block and ends with the logits, link by link, by equality to the last bit. Between two links may
stand a factor (T5), behind the last one a factor (Cohere, Granite), a bias (BART) or a cap
(Gemma 2), which are no modules. What was found is then run by itself on any state of the stream, in
place of the whole network.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.gathering import array_of
from components.inspection.machine.readout import factors_and_caps
from components.inspection.machine.trace import Call, traced
from components.inspection.model import Model
from components.inspection.probe import probe_ids, probe_target
from components.inspection.running import run_part
from components.inspection.stacks import blocks_of

OWN: Final = "what stands behind the last block makes the model's own logits of the last stream"
READS_MORE: Final = (
    "What stands behind the last block was not found rightly, or it reads more than one place, so "
    "the other rows are not what the model would say there either."
)
ROUNDINGS: Final = 8.0
"""Results that a factor, a cap (quotient, tanh, product) and a bias round, each by a share of a
logit at most."""
FACTORS: Final = 3
"""How many neighbours of a fitted factor are tried, on either side."""


@dataclass(frozen=True, eq=False)
class Link:
    """One module of the chain."""

    path: str
    module: nn.Module
    factor: float
    """What it is given is multiplied with this first; 1: with nothing."""


@dataclass(frozen=True, eq=False)
class End:
    """What is done behind the last module, in this order: factor, cap, bias."""

    factor: float = 1.0
    divisor: float = 1.0
    """Some divide: by this."""
    cap: float | None = None
    bias: Float[Tensor, " answer"] | None = None

    def of(self, given: Float[Tensor, "*axes answer"]) -> Float[Tensor, "*axes answer"]:
        """Return logits from what the last module gave."""
        found = given if self.factor == 1 else given * self.factor
        found = found if self.divisor == 1 else found / self.divisor
        if self.cap is not None:
            found = torch.tanh(found / self.cap) * self.cap
        return found if self.bias is None else found + self.bias.to(found.device)


@dataclass(frozen=True, eq=False)
class Tail:
    """The modules behind the last block, in the order in which they run."""

    model: Model
    links: tuple[Link, ...]
    end: End
    dtype: torch.dtype
    """Of the stream that the first is given."""
    exact: bool
    """On the short text all this gave the network's logits to the last bit."""

    @property
    def paths(self) -> tuple[str, ...]:
        """How the network calls the modules."""
        return tuple(link.path for link in self.links)

    def logits(self, rows: Float[Tensor, "row width"]) -> Float[Tensor, "row answer"]:
        """Return what becomes of each row of the stream by itself, in float32.

        Raises:
            NetworkError: the family's own code raises.
        """
        with torch.no_grad():
            # Each row is a text of one token, so that no row can reach another.
            now = rows.to(self.model.device, self.dtype)[:, None]
            for link in self.links:
                given = now if link.factor == 1 else now * link.factor
                now = _first(run_part(self.model, link.module, given))
            return self.end.of(now)[:, 0].float()

    def check(
        self,
        last: Float32[np.ndarray, "token width"],
        own: Float32[np.ndarray, "token answer"],
    ) -> Check:
        """Compare what this makes of the `last` stream with the network's `own` logits."""
        found = array_of(self.logits(torch.from_numpy(last)))
        allowed = 0.0 if self.exact else ROUNDINGS * rounding.unit(self.model.facts.dtype)
        return rounding.compared(OWN, found, own, allowed * np.abs(own), READS_MORE)


def tail_of(model: Model) -> Tail:
    """Return what stands behind the last block, found now or before.

    Raises:
        InspectionError: no chain of modules leads from the last stream to the logits.
    """
    if "tail" not in model.known:
        model.known["tail"] = _found(model)
    found: Tail | None = model.known["tail"]
    if found is None:
        raise InspectionError(
            f"No modules were found that lead from the stream behind the last block of "
            f"'{model.name}' to its logits."
        )
    return found


def _found(model: Model) -> Tail | None:
    stack = list(model.anatomy.stacks)[-1]
    recording, trace = traced(
        model, probe_ids(model), probe_target(model), stack, 0, ("residual", "logits"), outside=True
    )
    record, own = recording.stack(stack), recording.logits
    if record.residual is None or own is None or own.ndim != 2 or len(own) != len(record.ids):
        return None
    last = record.residual[-1]
    calls = [(path, call) for path, call in trace.outside.items() if _usable(model, call, last)]
    near = None
    for links, given in _chains(calls, torch.from_numpy(last), ()):
        if given.shape != own.shape or not links:
            continue
        dtype = _dtype(calls, links[0])
        for end in _ends(model, given, own):
            tail = Tail(model, links, end, dtype, exact=True)
            try:
                holds = tail.check(last, own).holds
            except InspectionError:  # it takes more than the stream, as a head with a pooler does
                break
            # In 16 bits several factors give the same logits of one text, and not of another.
            sure = model.facts.dtype == "float32" or end.factor == end.divisor == 1
            loose = replace(tail, exact=holds and sure)
            if holds:
                return loose
            near = near or (loose if loose.check(last, own).holds else None)
    return near


def _usable(model: Model, call: Call, last: Float32[np.ndarray, "token width"]) -> bool:
    """Say whether a module may be a link: it reads rows, changes them, and holds no blocks."""
    given, gave = call.read(len(last)), call.gave(len(last))
    stacks = model.anatomy.stacks.values()
    blocks = {id(one) for parts in stacks for one in blocks_of(model.network, parts)}
    return (
        given is not None
        and gave is not None
        and not np.array_equal(given, gave)
        and not any(id(one) in blocks for one in call.module.modules())
    )


def _chains(
    calls: Sequence[tuple[str, Call]], now: Float[Tensor, "token width"], links: tuple[Link, ...]
) -> Iterator[tuple[tuple[Link, ...], Float[Tensor, "token _"]]]:
    """Yield chains of modules, each of which reads what the one before it gave, and what the last
    gave; whole heads before their parts."""
    # A module ends after all that is in it, and after all whose output it reads.
    for at, (path, call) in reversed(list(enumerate(calls))):
        assert call.given is not None
        given = _rows(call.given, len(now))
        factor = _factor(now, given) if given.shape == now.shape else None
        if factor is not None:
            further = (*links, Link(path, call.module, factor))
            gave = _rows(call.gives[0], len(now))
            yield from _chains(calls[at + 1 :], gave, further)
            yield further, gave


def _factor(now: Float[Tensor, "token width"], given: Float[Tensor, "token width"]) -> float | None:
    """Return what `now` was multiplied with to be `given`; None if it was not."""
    now = now.to(given.dtype)
    if torch.equal(now, given):
        return 1.0
    one, other = now.double(), given.double()
    fitted = float((one * other).sum() / one.square().sum().clamp_min(1e-300))
    width = now.shape[-1]
    for factor in (width**-0.5, width**0.5, *_written(fitted)):
        if torch.equal(now * factor, given):
            return factor
    return None


def _written(fitted: float) -> Iterator[float]:
    """Yield what number may stand in the code where `fitted` was measured."""
    yield from (float(f"{fitted:.{digits}g}") for digits in (3, 6))
    below = above = fitted
    yield fitted
    for _ in range(FACTORS):
        below = float(np.nextafter(np.float32(below), np.float32(-np.inf)))
        above = float(np.nextafter(np.float32(above), np.float32(np.inf)))
        yield from (below, above)


def _ends(
    model: Model, given: Float[Tensor, "token answer"], own: Float32[np.ndarray, "token answer"]
) -> Iterator[End]:
    """Yield what may be done to the last module's output, the plainest first."""
    yield End()
    for bias in (*model.network.parameters(), *model.network.buffers()):
        if bias.is_floating_point() and bias.numel() == own.shape[-1] and bias.any():
            yield End(bias=bias.detach().reshape(-1))
    flat = array_of(given).reshape(-1).astype(np.float64), own.reshape(-1).astype(np.float64)
    for factor, cap in factors_and_caps(model, *flat) if np.isfinite(flat).all() else ():
        if factor == 1 or not factor or not np.isfinite(factor):
            yield End(cap=cap)
            continue
        yield End(factor=float(f"{factor:.3g}"), cap=cap)
        yield End(divisor=float(f"{1 / factor:.3g}"), cap=cap)
        for written in _written(factor):
            yield End(factor=written, cap=cap)
            yield End(divisor=float(f"{1 / written:.6g}"), cap=cap)


def _rows(tensor: Float[Tensor, "..."], tokens: int) -> Float[Tensor, "{tokens} _"]:
    return tensor.detach().cpu().reshape(tokens, -1)


def _dtype(calls: Sequence[tuple[str, Call]], link: Link) -> torch.dtype:
    given = dict(calls)[link.path].given
    assert given is not None
    return given.dtype


def _first(output: Any) -> Tensor:
    found: Tensor = output[0] if isinstance(output, (tuple, list)) else output
    return found
