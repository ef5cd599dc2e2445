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
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from components.inspection.attribution.catalogue import (
    METHODS,
    MOST,
    USUAL,
    MethodName,
    MethodSettings,
    cost,
)
from components.inspection.attribution.features import Features
from components.inspection.attribution.problem import AttributionProblem
from components.inspection.attribution.question import Question
from components.inspection.attribution.result import Attribution as Attribution
from components.inspection.attribution.score_checks import (
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
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.running import sent_back

_Pairs = Float64[np.ndarray, "order_pair free"]
"""What each feature brought, the mean of an order and its reverse: of Shapley values."""


@dataclass
class _Found:
    """What a method gives, for the pieces that are scored."""

    scores: Float64[np.ndarray, " free"]
    errors: Float64[np.ndarray, " free"] | None = None
    ends: tuple[float, float] | None = None
    """The target at text and baseline as this method read them, if it did."""
    checks: tuple[Check, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


def attribute(
    model: Model,
    question: Question,
    method: MethodName,
    settings: MethodSettings = USUAL,
    before: Attribution | None = None,
    progress: Progress = silent,
) -> Attribution:
    """Share out the target of `question` among the pieces of its text.

    `before`: Shapley values of the same question and seed, whose orders are kept and not read anew.

    Raises:
        InspectionError: the question cannot be put, or the effort is out of bounds.
    """
    _check_effort(method, settings)
    # Counting how far it is needs the number of pieces, which posing the question tells.
    problem = AttributionProblem(model, question)
    known = _pairs_of(before, problem, method, settings)
    total = cost(method, len(problem.features.free), settings, 2 * len(known))[0]
    problem.score.tell = lambda done: progress(min(1.0, done / total), METHODS[method].title)
    ends = problem.ends()
    with sent_back(model):
        found = _WAYS[method](problem, settings, ends, known)
    at_input, at_baseline = found.ends or ends
    return Attribution(
        method=method,
        features=problem.features,
        scores=_spread(found.scores, problem.features),
        errors=None if found.errors is None else _spread(found.errors, problem.features),
        at_input=at_input,
        at_baseline=at_baseline,
        checks=(*found.checks, problem.text_check(at_input), problem.baseline_check()),
        forwards=problem.score.forwards,
        backwards=problem.score.backwards,
        question=problem.question,
        seed=settings.seed,
        **found.more,
    )


def _check_effort(method: str, settings: MethodSettings) -> None:
    if method not in METHODS:
        raise InspectionError(f"There is no method '{method}'; there is: {', '.join(METHODS)}.")
    for name in ("steps", "samples", "window"):
        value, most = getattr(settings, name), getattr(MOST, name)
        if not 1 <= value <= most:
            raise InspectionError(f"{name.capitalize()} must be from 1 to {most}, not {value}.")


def _pairs_of(
    before: Attribution | None,
    problem: AttributionProblem,
    method: MethodName,
    settings: MethodSettings,
) -> _Pairs:
    """Return the pairs of orders that need not be read again."""
    none = np.zeros((0, len(problem.features.free)))
    if before is None or before.pairs is None or method != "shapley":
        return none
    same = before.question == problem.question and before.seed == settings.seed
    return before.pairs if same and before.pairs.shape[1:] == none.shape[1:] else none


def _spread(
    found: Float64[np.ndarray, " free"], features: Features
) -> Float32[np.ndarray, " feature"]:
    every = np.full(len(features.texts), np.nan, np.float32)
    every[features.free] = found
    return every


def _integrated_gradients(
    problem: AttributionProblem,
    settings: MethodSettings,
    ends: tuple[float, float],
    _known: _Pairs,
) -> _Found:
    from captum.attr import IntegratedGradients

    every = IntegratedGradients(problem.score).attribute(
        problem.inputs,
        baselines=problem.baseline,
        n_steps=settings.steps,
        internal_batch_size=problem.rows,
    )
    scores = by_piece(problem, every[0])
    size, terms = float(every.double().abs().sum()), settings.steps * every.shape[-1]
    dtype = problem.model.facts.dtype
    check = path_sum_check(scores, *ends, size, terms, dtype, problem.rounding)
    return _Found(scores, checks=(check,))


def _gradient_shap(
    problem: AttributionProblem,
    settings: MethodSettings,
    ends: tuple[float, float],
    _known: _Pairs,
) -> _Found:
    from captum.attr import Saliency

    way = problem.inputs - problem.baseline
    # Captum's GradientShap draws its points from torch's and NumPy's global generators, which
    # readers share; so they are drawn here, and Captum computes the gradient at each.
    drawn = torch.rand(settings.steps, generator=torch.Generator().manual_seed(settings.seed))
    parts = []
    for some in drawn.split(max(1, problem.rows // 2)):
        points = problem.baseline + some.to(way.device)[:, None, None] * way
        gradient = Saliency(problem.score).attribute(points.requires_grad_(), abs=False)
        parts.append(by_piece(problem, way * gradient))
    each = np.concatenate(parts)
    error = each.std(0, ddof=1) / len(each) ** 0.5 if len(each) > 1 else None
    check = random_sum_check(each.sum(1), *ends, problem.rounding)
    return _Found(each.mean(0), error, checks=(check,))


def _input_x_gradient(
    problem: AttributionProblem,
    _effort: MethodSettings,
    ends: tuple[float, float],
    _known: _Pairs,
) -> _Found:
    from captum.attr import InputXGradient

    scores = by_piece(problem, InputXGradient(problem.score).attribute(_leaf(problem))[0])
    checks = (gradient_check(problem, scores, torch.mul), no_sum_check(scores, *ends))
    return _Found(scores, checks=checks)


def _saliency(
    problem: AttributionProblem,
    _effort: MethodSettings,
    _ends: tuple[float, float],
    _known: _Pairs,
) -> _Found:
    from captum.attr import Saliency

    scores = by_piece(problem, Saliency(problem.score).attribute(_leaf(problem), abs=True)[0])
    return _Found(scores, checks=(gradient_check(problem, scores, _size_of_gradient),))


def _size_of_gradient(
    _inputs: Float[Tensor, "token width"], gradient: Float[Tensor, "token width"]
) -> Float[Tensor, "token width"]:
    return gradient.abs()


def _leaf(problem: AttributionProblem) -> Float[Tensor, "1 token width"]:
    # Captum would say in a warning that it turns gradients on by itself.
    return problem.inputs.clone().requires_grad_()


def _ablation(
    problem: AttributionProblem,
    _effort: MethodSettings,
    ends: tuple[float, float],
    _known: _Pairs,
) -> _Found:
    from captum.attr import FeatureAblation

    switches = torch.ones(1, len(problem.features.free))
    scores = FeatureAblation(problem.with_switches).attribute(
        switches, baselines=0.0, perturbations_per_eval=problem.rows
    )[0]
    return _removal(problem, scores, [[piece] for piece in range(len(scores))], ends)


def _occlusion(
    problem: AttributionProblem,
    settings: MethodSettings,
    ends: tuple[float, float],
    _known: _Pairs,
) -> _Found:
    from captum.attr import Occlusion

    switches = torch.ones(1, len(problem.features.free))
    width = min(settings.window, switches.shape[1])
    scores = Occlusion(problem.with_switches).attribute(
        switches,
        sliding_window_shapes=(width,),
        baselines=0.0,
        perturbations_per_eval=problem.rows,
    )[0]
    windows = [list(range(at, at + width)) for at in range(len(scores) - width + 1)]
    return _removal(problem, scores, windows, ends)


def _removal(
    problem: AttributionProblem,
    scores: Float[Tensor, " free"],
    windows: list[list[int]],
    ends: tuple[float, float],
) -> _Found:
    found = scores.detach().double().cpu().numpy()
    checks = (
        removal_check(problem, found, windows),
        switch_check(problem),
        no_sum_check(found, *ends),
    )
    return _Found(found, checks=checks)


def _shapley(
    problem: AttributionProblem,
    settings: MethodSettings,
    _ends: tuple[float, float],
    known: _Pairs,
) -> _Found:
    pieces = len(problem.features.free)
    found = shapley(
        problem.with_switches, pieces, settings.samples, settings.seed, problem.rows, known
    )
    # The ends are those of the same sums: read side by side with other texts, they may differ in
    # their last digit from those read alone.
    ends = (float(found.everybody), float(found.nobody))
    scores = found.values.astype(np.float32).astype(np.float64)
    terms = len(found.pairs) or 2 ** (pieces - 1)
    checks = (exact_sum_check(scores, *ends, found.largest, terms), switch_check(problem))
    more: dict[str, Any] = {}
    if found.errors is not None:
        more = {"orders": rounded_up(settings.samples), "pairs": found.pairs}
    return _Found(scores, found.errors, ends, checks, more)


_Way = Callable[[AttributionProblem, MethodSettings, tuple[float, float], _Pairs], _Found]
_WAYS: Final[dict[MethodName, _Way]] = {
    "integrated_gradients": _integrated_gradients,
    "gradient_shap": _gradient_shap,
    "input_x_gradient": _input_x_gradient,
    "saliency": _saliency,
    "ablation": _ablation,
    "occlusion": _occlusion,
    "shapley": _shapley,
}
