"""What must be so of scores, compared on the very numbers that are drawn."""

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.stats import t as student
from torch import Tensor

from components.inspection import rounding
from components.inspection.attribution.problem import AttributionProblem
from components.inspection.checks import Check
from components.inspection.forward_pass import observe
from components.inspection.noise import allowed

GOAL: Final = 0.05
"""What is called added up of integrated gradients: a gap of a twentieth of the change. A goal of
convergence, which more steps reach or do not; what rounding may do comes on top."""
ONE_IN: Final = 1e6
"""A random sum that is right is farther off than its bound once in so many draws."""
_JUMPS: Final = ", or the target jumps on the way, as where a router chooses other experts"
_TWICE: Final = "A feature was counted twice or left out, or the ends are not those that are drawn."
Way = Callable[
    [Float[Tensor, "token width"], Float[Tensor, "token width"]], Float[Tensor, "token width"]
]
"""Makes of the embeddings and a gradient what a score is the sum of."""


def exact_sum_check(
    scores: Float64[np.ndarray, " free"],
    at_input: float,
    at_baseline: float,
    largest: float,
    terms: int,
) -> Check:
    """Compare the sum of Shapley values with the change: each order adds up exactly.

    Between them lie one rounding of each score to float32, and float64 sums of `terms` differences
    for each piece, of values that are `largest` at most.
    """
    in_sums = rounding.summed(terms, "float64") * 2 * len(scores) * largest
    return Check(
        "the scores sum to the change from baseline to text",
        abs(at_input - at_baseline - float(scores.sum())),
        rounding.unit("float32") * float(np.abs(scores).sum()) + in_sums,
        _TWICE,
    )


def path_sum_check(
    scores: Float64[np.ndarray, " free"],
    at_input: float,
    at_baseline: float,
    size: float,
    terms: int,
    dtype: str,
    in_target: float,
) -> Check:
    """Compare the sum of integrated gradients with the change: in the limit of many steps.

    `size` is the sum of the sizes of what was added up: `terms` gradients times differences, each
    rounded to the format `dtype` of the model. `in_target` is what rounding may do to the target at
    either end.
    """
    change = at_input - at_baseline
    share = rounding.unit(dtype) + rounding.summed(terms)
    return Check(
        f"the scores sum to the change from baseline to text, to within {GOAL:.0%} of it",
        abs(change - float(scores.sum())),
        GOAL * abs(change) + share * size + 2 * in_target,
        "Too few steps, or a baseline from which the way bends too sharply (near a vector of zeros "
        f"a model that norms its vectors turns at once){_JUMPS}: do not trust small scores. Take "
        "more steps, another baseline, or Shapley values, which always add up.",
    )


def random_sum_check(
    totals: Float64[np.ndarray, " point"], at_input: float, at_baseline: float, in_target: float
) -> Check:
    """Compare the sum of gradient SHAP with the change: on average over random points.

    `totals` are the sums at each point; their mean is off by a few standard errors, as
    Student's t distribution says for so many points. `in_target` is what rounding may do to the
    target at either end.
    """
    points = len(totals)
    error = abs(at_input - at_baseline - float(totals.mean()))
    if points < 2:
        return Check("the scores sum to the change on average (one point tells nothing)", error)
    spread = float(totals.std(ddof=1)) / points**0.5
    bound = float(student.ppf(1 - 0.5 / ONE_IN, points - 1)) * spread
    return Check(
        "the scores sum to the change from baseline to text, as nearly as random points can",
        error,
        bound + 2 * in_target,
        f"The gradients were taken elsewhere than on the way from baseline to text{_JUMPS}.",
    )


def no_sum_check(
    scores: Float64[np.ndarray, " free"], at_input: float, at_baseline: float
) -> Check:
    """Report how far the scores of a method that promises nothing are from the change."""
    return Check(
        "the sum of the scores and the change, which this method does not promise to be equal",
        abs(at_input - at_baseline - float(scores.sum())),
    )


def switch_check(problem: AttributionProblem) -> Check:
    """Count the tokens that are replaced, or kept, though their piece is not, or is, away."""
    free = problem.features.free
    # One piece away at a time; all; none.
    away = np.vstack([np.eye(len(free)), np.ones(len(free)), np.zeros(len(free))])
    of_token = np.array(problem.features.of_token)
    expected = np.ones((len(away), len(of_token)), dtype=bool)
    for row, gone in zip(expected, away, strict=True):
        row[np.isin(of_token, free[gone > 0])] = False
    found = problem.there(torch.from_numpy(1 - away)).numpy()
    return Check(
        "a feature that is taken away is replaced in all its tokens, and nothing else is",
        float((found != expected).sum()),
        0.0,
        "The score of one feature is that of another.",
    )


def removal_check(
    problem: AttributionProblem, scores: Float64[np.ndarray, " free"], windows: list[list[int]]
) -> Check:
    """Read the texts behind the largest score alone: the mean fall over `windows` of pieces away.

    A fall is the difference of two targets, and each may be rounded otherwise.
    """
    best = int(np.abs(scores).argmax())
    of_token, free = np.array(problem.features.of_token), problem.features.free
    falls = []
    for window in (one for one in windows if best in one):
        gone = torch.from_numpy(np.isin(of_token, free[window])).to(problem.inputs.device)
        text = torch.where(gone[None, :, None], problem.baseline, problem.inputs)
        with torch.no_grad():
            falls.append(float(problem.target.of(problem.logits)) - float(problem.score(text)[0]))
    return Check(
        "the largest score is how far the target falls when that feature is taken away, read alone",
        abs(float(scores[best]) - float(np.mean(falls))),
        2 * problem.rounding,
        "The scores are not what taking the features away does.",
    )


def gradient_check(
    problem: AttributionProblem, scores: Float64[np.ndarray, " free"], way: Way
) -> Check:
    """Compare scores made of the gradient at the text with those of a pass over the text's ids."""

    def by_token() -> Tensor:
        leaf = problem.inputs.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(problem.score(leaf).sum(), leaf)
        return way(problem.inputs[0], gradient[0]).sum(-1)

    problem.score.count(1, 1)
    seen = observe(problem.model, problem.ids, keep=["logits"], gradients=True)
    leaf = seen.leaves[0]
    assert seen.logits is not None
    target = problem.target.of(problem.score.at_place(seen.logits)[0])
    (gradient,) = torch.autograd.grad(target, leaf)
    says = "the gradient is that of a plain pass over the text's tokens"
    if leaf.shape[0] == 1:
        # Longformer adds padding behind the text, up to a whole window.
        leaf, gradient = leaf[:, : len(problem.ids)], gradient[:, : len(problem.ids)]
    shape = problem.inputs.shape[1:]
    if leaf.numel() != shape.numel():
        return Check(f"{says} (it reads other rows, and cannot be compared)", float("nan"))
    # XLNet has its tokens first, and the one text after them.
    every = way(leaf.detach().float().reshape(shape), gradient.float().reshape(shape))
    expected = by_piece(problem, every)
    _, sizes = np.unique(problem.features.of_token, return_counts=True)
    return Check(
        says,
        float(np.abs(scores - expected).max()),
        # Each token's part may be rounded otherwise, and a piece is the sum over its own.
        float(sizes.max()) * allowed(problem.model, by_token),
        "The gradient was taken at another point, or of another number.",
    )


def by_piece(
    problem: AttributionProblem, every: Float[Tensor, "*axes token width"]
) -> Float64[np.ndarray, "*axes free"]:
    """Sum what was found for the embeddings over the vectors and tokens of each scored piece."""
    per_token = every.detach().double().sum(-1).cpu().numpy()
    return np.asarray(
        problem.features.summed(per_token)[..., problem.features.free], dtype=np.float64
    )
