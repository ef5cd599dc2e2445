"""Attribution methods, all on the embeddings of the text, all without hooks.

Gradients, their integral, ablation and occlusion are Captum's (Kokhlikyan et al., "Captum: A
unified and generic model interpretability library for PyTorch", 2020); Shapley values are our own
(`shapley`), since Captum's sampling tells no standard error. Methods that follow gradients run on
the embedding vectors, and a token's score is the sum over its vector; methods that take pieces away
run on switches, one for each piece.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

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
    cost,
)
from components.inspection.attribution.posed import Posed
from components.inspection.attribution.question import Question
from components.inspection.attribution.result import Attribution as Attribution
from components.inspection.attribution.score_checks import (
    Floats,
    by_piece,
    exact_sum_check,
    gradient_check,
    no_sum_check,
    path_sum_check,
    random_sum_check,
    removal_check,
    switch_check,
)
from components.inspection.attribution.shapley import rounded_up, shapley
from components.inspection.attribution.units import Units
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.running import sent_back


@dataclass
class _Found:
    """What a method gives, for the pieces that are scored."""

    scores: Floats
    errors: Floats | None = None
    ends: tuple[float, float] | None = None
    """The target at text and baseline as this method read them, if it did."""
    checks: tuple[Check, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


def attribute(
    model: Model,
    question: Question,
    method: MethodName,
    effort: Effort = USUAL,
    before: Attribution | None = None,
    progress: Progress = silent,
) -> Attribution:
    """Share out the target of `question` among the pieces of its text.

    `before`: Shapley values of the same question and seed, whose orders are kept and not read anew.

    Raises:
        InspectionError: the question cannot be put, or the effort is out of bounds.
    """
    _check_effort(method, effort)
    # Counting how far it is needs the number of pieces, which posing the question tells.
    posed = Posed(model, question)
    known = _pairs_of(before, posed, method, effort)
    total = cost(method, len(posed.units.free), effort, 2 * len(known))[0]
    posed.score.tell = lambda done: progress(min(1.0, done / total), METHODS[method].title)
    ends = posed.ends()
    with sent_back(model):
        found = _WAYS[method](posed, effort, ends, known)
    at_input, at_baseline = found.ends or ends
    return Attribution(
        method=method,
        units=posed.units,
        scores=_spread(found.scores, posed.units),
        errors=None if found.errors is None else _spread(found.errors, posed.units),
        at_input=at_input,
        at_baseline=at_baseline,
        checks=(*found.checks, posed.text_check(at_input), posed.baseline_check()),
        forwards=posed.score.forwards,
        backwards=posed.score.backwards,
        question=posed.question,
        seed=effort.seed,
        **found.more,
    )


def _check_effort(method: str, effort: Effort) -> None:
    if method not in METHODS:
        raise InspectionError(f"There is no method '{method}'; there is: {', '.join(METHODS)}.")
    for name in ("steps", "samples", "window"):
        value, most = getattr(effort, name), getattr(MOST, name)
        if not 1 <= value <= most:
            raise InspectionError(f"{name.capitalize()} must be from 1 to {most}, not {value}.")


def _pairs_of(
    before: Attribution | None, posed: Posed, method: MethodName, effort: Effort
) -> Floats:
    """Return the pairs [pair, free piece] that need not be read again."""
    none = np.zeros((0, len(posed.units.free)))
    if before is None or before.pairs is None or method != "shapley":
        return none
    same = before.question == posed.question and before.seed == effort.seed
    return before.pairs if same and before.pairs.shape[1:] == none.shape[1:] else none


def _spread(found: Floats, units: Units) -> NDArray[np.float32]:
    every = np.full(len(units.texts), np.nan, np.float32)
    every[units.free] = found
    return every


def _integrated_gradients(
    posed: Posed, effort: Effort, ends: tuple[float, float], _known: Floats
) -> _Found:
    from captum.attr import IntegratedGradients

    every = IntegratedGradients(posed.score).attribute(
        posed.inputs,
        baselines=posed.baseline,
        n_steps=effort.steps,
        internal_batch_size=posed.rows,
    )
    scores = by_piece(posed, every[0])
    size, terms = float(every.double().abs().sum()), effort.steps * every.shape[-1]
    dtype = posed.model.facts.dtype
    check = path_sum_check(scores, *ends, size, terms, dtype, posed.rounding)
    return _Found(scores, checks=(check,))


def _gradient_shap(
    posed: Posed, effort: Effort, ends: tuple[float, float], _known: Floats
) -> _Found:
    from captum.attr import Saliency

    way = posed.inputs - posed.baseline
    # Captum's GradientShap draws its points from torch's and NumPy's global generators, which
    # readers share; so they are drawn here, and Captum computes the gradient at each.
    drawn = torch.rand(effort.steps, generator=torch.Generator().manual_seed(effort.seed))
    parts = []
    for some in drawn.split(max(1, posed.rows // 2)):
        points = posed.baseline + some.to(way.device)[:, None, None] * way
        gradient = Saliency(posed.score).attribute(points.requires_grad_(), abs=False)
        parts.append(by_piece(posed, way * gradient))
    each = np.concatenate(parts)
    error = each.std(0, ddof=1) / len(each) ** 0.5 if len(each) > 1 else None
    check = random_sum_check(each.sum(1), *ends, posed.rounding)
    return _Found(each.mean(0), error, checks=(check,))


def _input_x_gradient(
    posed: Posed, _effort: Effort, ends: tuple[float, float], _known: Floats
) -> _Found:
    from captum.attr import InputXGradient

    scores = by_piece(posed, InputXGradient(posed.score).attribute(_leaf(posed))[0])
    checks = (gradient_check(posed, scores, torch.mul), no_sum_check(scores, *ends))
    return _Found(scores, checks=checks)


def _saliency(posed: Posed, _effort: Effort, _ends: tuple[float, float], _known: Floats) -> _Found:
    from captum.attr import Saliency

    scores = by_piece(posed, Saliency(posed.score).attribute(_leaf(posed), abs=True)[0])
    return _Found(scores, checks=(gradient_check(posed, scores, _size_of_gradient),))


def _size_of_gradient(_inputs: Tensor, gradient: Tensor) -> Tensor:
    return gradient.abs()


def _leaf(posed: Posed) -> Tensor:
    # Captum would say in a warning that it turns gradients on by itself.
    return posed.inputs.clone().requires_grad_()


def _ablation(posed: Posed, _effort: Effort, ends: tuple[float, float], _known: Floats) -> _Found:
    from captum.attr import FeatureAblation

    switches = torch.ones(1, len(posed.units.free))
    scores = FeatureAblation(posed.with_switches).attribute(
        switches, baselines=0.0, perturbations_per_eval=posed.rows
    )[0]
    return _removal(posed, scores, [[piece] for piece in range(len(scores))], ends)


def _occlusion(posed: Posed, effort: Effort, ends: tuple[float, float], _known: Floats) -> _Found:
    from captum.attr import Occlusion

    switches = torch.ones(1, len(posed.units.free))
    width = min(effort.window, switches.shape[1])
    scores = Occlusion(posed.with_switches).attribute(
        switches,
        sliding_window_shapes=(width,),
        baselines=0.0,
        perturbations_per_eval=posed.rows,
    )[0]
    windows = [list(range(at, at + width)) for at in range(len(scores) - width + 1)]
    return _removal(posed, scores, windows, ends)


def _removal(
    posed: Posed, scores: Tensor, windows: list[list[int]], ends: tuple[float, float]
) -> _Found:
    found = scores.detach().double().cpu().numpy()
    checks = (
        removal_check(posed, found, windows),
        switch_check(posed),
        no_sum_check(found, *ends),
    )
    return _Found(found, checks=checks)


def _shapley(posed: Posed, effort: Effort, _ends: tuple[float, float], known: Floats) -> _Found:
    pieces = len(posed.units.free)
    found = shapley(posed.with_switches, pieces, effort.samples, effort.seed, posed.rows, known)
    # The ends are those of the same sums: read side by side with other texts, they may differ in
    # their last digit from those read alone.
    ends = (float(found.everybody), float(found.nobody))
    scores = found.values.astype(np.float32).astype(np.float64)
    terms = len(found.pairs) or 2 ** (pieces - 1)
    checks = (exact_sum_check(scores, *ends, found.largest, terms), switch_check(posed))
    more: dict[str, Any] = {}
    if found.errors is not None:
        more = {"orders": rounded_up(effort.samples), "pairs": found.pairs}
    return _Found(scores, found.errors, ends, checks, more)


_Way = Callable[[Posed, Effort, tuple[float, float], Floats], _Found]
_WAYS: Final[dict[MethodName, _Way]] = {
    "integrated_gradients": _integrated_gradients,
    "gradient_shap": _gradient_shap,
    "input_x_gradient": _input_x_gradient,
    "saliency": _saliency,
    "ablation": _ablation,
    "occlusion": _occlusion,
    "shapley": _shapley,
}
