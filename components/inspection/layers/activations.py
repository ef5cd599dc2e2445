"""The activation of a model's MLPs: which function it is, what goes in, and who stays silent.

Sources: Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016); Elfwing et al. (2018) for SiLU;
Shazeer, "GLU Variants Improve Transformer" (2020) for the product with a gate.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64, Int64

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.layers.activations_checked import (
    WORDS,
    Candidate,
    activation_checks,
    before_of,
    candidates_of,
)
from components.inspection.layers.activations_recorded import (
    Silence,
    silence_of,
    silence_shares,
    watched,
)
from components.inspection.machine.mlp_parts import (
    Mlp,
    MlpMaps,
    activated,
    mlp_at,
)
from components.inspection.machine.reading import reading
from components.inspection.machine.streams import same
from components.inspection.machine.trace import Trace, traced
from components.inspection.machine.wiring import wiring_of
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

CURVES: Final = ("relu", "gelu", "gelu_pytorch_tanh", "silu")
"""Functions that are always drawn, by transformers' names."""
BINS: Final = 96
WIDE: Final = 4.0
"""The curves are drawn from minus this to this at least."""


@dataclass(frozen=True)
class Strongest:
    """The number of one neuron at one token that is largest after the activation, either sign."""

    token: int
    neuron: int
    before: float
    after: float
    up: float | None
    """None without a gate."""
    hidden: float
    """What enters the last map."""


@dataclass(frozen=True, eq=False)
class Activations:
    """The activation of one layer's MLP at all tokens, and the silence of all layers'."""

    stack: StackName
    layer: int
    tokens: tuple[str, ...]
    activation: str
    """Its name in transformers."""
    candidates: tuple[Candidate, ...]
    """The best first."""
    gated: bool
    neurons: int
    module: str
    """The path of the module whose output was recorded, in its block; empty if there is none."""
    edges: Float64[np.ndarray, " edge"]
    counts: Int64[np.ndarray, " bin"]
    """Pre-activations of all neurons at all tokens between two edges."""
    silent_counts: Int64[np.ndarray, "threshold bin"]
    """Those of them that are silent, by `THRESHOLDS`."""
    beyond: int
    """Pre-activations outside of the edges."""
    own: Silence
    """Of this layer."""
    silence: tuple[Silence | None, ...]
    """Of each layer; None where it is not known."""
    strongest: Strongest
    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """What the activation is called."""
        return WORDS.get(self.activation, self.activation)

    @property
    def exact(self) -> bool:
        """It gives zeros, not only small numbers."""
        return self.activation.startswith("relu")

    @property
    def fitting(self) -> tuple[str, ...]:
        """What all functions are called that fit what was recorded."""
        fit = [WORDS.get(one.name, one.name) for one in self.candidates if one.strain <= 1]
        return tuple(dict.fromkeys(fit))

    def silent(self, threshold: int) -> Float32[np.ndarray, " layer"]:
        """Return which share of the neurons' outputs is silent in each layer, by `THRESHOLDS`; NaN
        where it is not known."""
        shares = [np.nan if one is None else one.share[threshold] for one in self.silence]
        return np.array(shares, np.float32)

    def never(self, threshold: int) -> Float32[np.ndarray, " layer"]:
        """Return which share of the neurons is silent at every token of the text."""
        shares = [np.nan if one is None else one.never[threshold] for one in self.silence]
        return np.array(shares, np.float32)


def activations(
    model: Model, text: str, stack: StackName, layer: int, progress: Progress = silent
) -> Activations:
    """Let `model` read `text` once, and return what its activations were given and gave.

    Raises:
        InspectionError: there is no such block, its MLP is a mixture of experts or is made in a way
            that is not understood, the text is too long, or what is read are no numbers.
    """
    read, maps = reading(model, text), maps_at(model, stack, layer)
    with watched(model, stack, maps, progress) as silence:
        recording, trace = traced(model, read.ids, read.target, stack, layer, keep=())
    tokens = recording.stack(stack).tokens
    mlp = mlp_at(maps, trace, len(tokens), slice(None), model.facts.dtype)
    if mlp is None:
        raise InspectionError(
            f"The MLP of layer {layer} of '{model.name}' did not run on this text as it did on a "
            "probe. Choose another layer or model."
        )
    rounding.require_numbers(mlp.hidden)
    before = before_of(mlp)
    module, acted = _recorded(trace, before, len(tokens))
    after = activated(before, maps.activation)
    edges = _edges(before)
    mask = silence_of(after)
    return Activations(
        stack,
        layer,
        tokens,
        maps.activation,
        candidates_of(model, mlp),
        mlp.up is not None,
        mlp.neurons,
        module,
        edges,
        np.histogram(before, edges)[0],
        np.stack([np.histogram(before[one], edges)[0] for one in mask]),
        int(((before < edges[0]) | (before > edges[-1])).sum()),
        silence_shares(mask),
        tuple(silence),
        _strongest(mlp, after),
        activation_checks(mlp, acted, model.facts.dtype),
    )


def maps_at(model: Model, stack: StackName, layer: int) -> MlpMaps:
    """Return where the numbers of a block's MLP come from.

    Raises:
        InspectionError: it is a mixture of experts, or that is not understood.
    """
    wiring = wiring_of(model, stack, layer)
    if wiring.mlp is not None:
        return wiring.mlp
    if wiring.router is not None:
        raise InspectionError(
            f"The MLP of layer {layer} of '{model.name}' is a mixture of experts: each token goes "
            "through a few experts of its own, so the layer has no one set of neurons to count. "
            "Choose another layer, or a model without experts, such as storyteller."
        )
    raise InspectionError(
        f"How the MLP of layer {layer} of '{model.name}' makes its hidden numbers is not known: no "
        "map's output, through an activation and perhaps times another map's, is what its last map "
        "reads. Choose another layer or model."
    )


def curves(
    edges: Float64[np.ndarray, " edge"], names: tuple[str, ...]
) -> dict[str, Float64[np.ndarray, " edge"]]:
    """Return functions by their names in transformers, at `edges`."""
    return {name: activated(edges.astype(np.float32), name) for name in dict.fromkeys(names)}


def _recorded(
    trace: Trace, before: Float32[np.ndarray, "token neuron"], tokens: int
) -> tuple[str, Float32[np.ndarray, "token neuron"] | None]:
    """Return the module that was given exactly `before`, and what it gave."""
    for path, call in trace.calls.items():
        if call.simple and same(call.read(tokens), before):
            gave = call.gave(tokens)
            if gave is not None and gave.shape == before.shape:
                return path, gave
    return "", None


def _edges(before: Float32[np.ndarray, "token neuron"]) -> Float64[np.ndarray, " edge"]:
    low, high = np.percentile(before, [0.1, 99.9])
    return np.linspace(min(-WIDE, float(low)), max(WIDE, float(high)), BINS + 1)


def _strongest(mlp: Mlp, after: Float64[np.ndarray, "token neuron"]) -> Strongest:
    token, neuron = np.unravel_index(int(np.abs(after).argmax()), after.shape)
    return Strongest(
        int(token),
        int(neuron),
        float(before_of(mlp)[token, neuron]),
        float(after[token, neuron]),
        None if mlp.up is None else float(mlp.up[token, neuron]),
        float(mlp.hidden[token, neuron]),
    )
