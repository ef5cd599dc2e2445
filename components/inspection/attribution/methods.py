"""Captum's attribution methods, all on the embeddings of the text, all without hooks.

Kokhlikyan et al., "Captum: A unified and generic model interpretability library for PyTorch"
(2020). Methods that follow gradients run on the embedding vectors, and a token's score is the sum
over its vector; methods that take pieces away run on switches, one for each piece.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.inspection.attribution.catalogue import (
    METHODS,
    MOST,
    USUAL,
    Effort,
    MethodName,
    all_orders,
    cost,
)
from components.inspection.attribution.question import Posed, Question
from components.inspection.attribution.units import Units
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Attribution:
    """What one method says of one question."""

    method: MethodName
    units: Units
    scores: NDArray[np.float32]
    """[unit], in units of the target (logits). Above 0 speaks for the answer, below 0 against it.
    NaN for pieces that are held fixed."""
    at_input: float
    at_baseline: float
    forwards: int
    """Texts that were read."""
    backwards: int
    """Texts through which a gradient was sent back."""

    @property
    def total(self) -> float:
        """The sum of the scores."""
        return float(np.nansum(self.scores.astype(np.float64)))

    @property
    def change(self) -> float:
        """What there was to explain."""
        return self.at_input - self.at_baseline

    @property
    def gap(self) -> float:
        """The change that the scores do not account for: 0 for a complete method."""
        return self.change - self.total


def attribute(
    model: Model,
    question: Question,
    method: MethodName,
    effort: Effort = USUAL,
    progress: Progress = silent,
) -> Attribution:
    """Share out the target of `question` among the pieces of its text.

    Raises:
        InspectionError: the question cannot be put, or the effort is out of bounds.
    """
    _check(method, effort)
    # Counting how far it is needs the number of pieces, which posing the question tells.
    posed = Posed(model, question)
    pieces = len(posed.units.free)
    total = cost(method, pieces, effort)[0]
    posed.score.tell = lambda done: progress(min(1.0, done / total), METHODS[method].title)
    at_input, at_baseline = posed.ends()
    found = _WAYS[method](posed, effort).detach().float().cpu().numpy()
    scores = np.full(len(posed.units.texts), np.nan, np.float32)
    scores[posed.units.free] = found
    return Attribution(
        method=method,
        units=posed.units,
        scores=scores,
        at_input=at_input,
        at_baseline=at_baseline,
        forwards=posed.score.forwards,
        backwards=posed.score.backwards,
    )


def _check(method: str, effort: Effort) -> None:
    if method not in METHODS:
        raise InspectionError(f"There is no method '{method}'; there is: {', '.join(METHODS)}.")
    for name in ("steps", "samples", "window"):
        value, most = getattr(effort, name), getattr(MOST, name)
        if not 1 <= value <= most:
            raise InspectionError(f"{name.capitalize()} must be from 1 to {most}, not {value}.")


def _by_piece(posed: Posed, attributions: Tensor) -> Tensor:
    """Sum [1, token, width] to [free piece]."""
    per_token = attributions[0].detach().float().sum(-1).cpu().numpy()
    return torch.from_numpy(posed.units.summed(per_token)[posed.units.free])


def _integrated_gradients(posed: Posed, effort: Effort) -> Tensor:
    from captum.attr import IntegratedGradients

    return _by_piece(
        posed,
        IntegratedGradients(posed.score).attribute(
            posed.inputs,
            baselines=posed.baseline,
            n_steps=effort.steps,
            internal_batch_size=posed.rows,
        ),
    )


def _gradient_shap(posed: Posed, effort: Effort) -> Tensor:
    from captum.attr import GradientShap

    points, rows = 2 * effort.samples, max(1, posed.rows // 2)
    total = torch.zeros(len(posed.units.free))
    with _global_seed(effort.seed):
        # Captum reads all points at once; so it is asked for a few at a time.
        for begin in range(0, points, rows):
            some = min(rows, points - begin)
            total += some * _by_piece(
                posed,
                GradientShap(posed.score).attribute(
                    posed.inputs, baselines=posed.baseline, n_samples=some, stdevs=0.0
                ),
            )
    return total / points


def _input_x_gradient(posed: Posed, _effort: Effort) -> Tensor:
    from captum.attr import InputXGradient

    return _by_piece(posed, InputXGradient(posed.score).attribute(_leaf(posed)))


def _saliency(posed: Posed, _effort: Effort) -> Tensor:
    from captum.attr import Saliency

    return _by_piece(posed, Saliency(posed.score).attribute(_leaf(posed), abs=True))


def _ablation(posed: Posed, _effort: Effort) -> Tensor:
    from captum.attr import FeatureAblation

    switches = torch.ones(1, len(posed.units.free))
    return FeatureAblation(posed.with_switches).attribute(
        switches, baselines=0.0, perturbations_per_eval=posed.rows
    )[0]


def _occlusion(posed: Posed, effort: Effort) -> Tensor:
    from captum.attr import Occlusion

    switches = torch.ones(1, len(posed.units.free))
    return Occlusion(posed.with_switches).attribute(
        switches,
        sliding_window_shapes=(min(effort.window, switches.shape[1]),),
        baselines=0.0,
        perturbations_per_eval=posed.rows,
    )[0]


def _shapley(posed: Posed, effort: Effort) -> Tensor:
    from captum.attr import ShapleyValueSampling

    switches = torch.ones(1, len(posed.units.free))
    sampling = ShapleyValueSampling(posed.with_switches)
    # Its own orders come from torch's global generator, which readers share.
    sampling.permutation_generator = lambda pieces, _samples: _orders(pieces, effort)
    return sampling.attribute(
        switches, baselines=0.0, n_samples=effort.samples, perturbations_per_eval=posed.rows
    )[0]


def _orders(pieces: int, effort: Effort) -> Iterator[Sequence[int]]:
    """Yield the orders in which pieces are added: all of them, or some drawn with the seed."""
    if all_orders(pieces, effort):
        yield from itertools.permutations(range(pieces))
        return
    generator = torch.Generator().manual_seed(effort.seed)
    for _ in range(effort.samples):
        yield torch.randperm(pieces, generator=generator).tolist()


def _leaf(posed: Posed) -> Tensor:
    # Captum would say in a warning that it turns gradients on by itself.
    return posed.inputs.clone().requires_grad_()


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Seed NumPy's and torch's global generators for a while, and put them back.

    Captum's GradientShap draws from both. The model's turn is held meanwhile.
    """
    before = np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed)
        try:
            yield
        finally:
            np.random.set_state(before)


_WAYS: dict[MethodName, Callable[[Posed, Effort], Tensor]] = {
    "integrated_gradients": _integrated_gradients,
    "gradient_shap": _gradient_shap,
    "input_x_gradient": _input_x_gradient,
    "saliency": _saliency,
    "ablation": _ablation,
    "occlusion": _occlusion,
    "shapley": _shapley,
}
