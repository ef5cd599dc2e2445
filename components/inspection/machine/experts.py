"""A mixture of experts: the router's probabilities, which experts were chosen, with what shares.

Source: Fedus et al., "Switch Transformers" (2022), equations 1 and 2; Jiang et al., "Mixtral"
(2024), section 2.1, which gives the chosen experts shares that sum to 1.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from scipy.special import softmax
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.machine.trace import Call, Trace
from components.inspection.model import Model, first_number


@dataclass(frozen=True, eq=False)
class Experts:
    """How a router shares some tokens out."""

    probabilities: Float32[np.ndarray, "row expert"]
    """0 to 1, each row sums to 1: softmax of the router's logits."""
    chosen: Int64[np.ndarray, "row slot"]
    """The experts that a token goes through, the most probable first."""
    shares: Float32[np.ndarray, "row slot"]
    """0 to 1: what each one's output is multiplied by, as recorded."""
    renormalised: bool
    """The shares are the probabilities over their sum."""
    check: Check


@dataclass(frozen=True)
class RouterRule:
    """The module that shares tokens out among experts, and how, as measured on a probe."""

    path: str
    renormalised: bool | None
    """The shares are the probabilities over their sum; None where they are not known."""
    why: str = ""
    """Why they are not."""


def find_router(model: Model, trace: Trace, tokens: int) -> RouterRule | None:
    """Return the router of a block; None without one."""
    config = model.network.config.get_text_config()
    count = first_number(config, "num_experts", "num_local_experts", "n_routed_experts")
    for path, call in trace.calls.items():
        weight = getattr(call.module, "weight", None)
        given = call.read(tokens)
        if (
            count is not None
            and given is not None
            and isinstance(weight, Tensor)
            and weight.shape == (count, given.shape[1])
        ):
            return _rule(path, trace, tokens, model.facts.dtype)
    return None


def _rule(path: str, trace: Trace, tokens: int, dtype: str) -> RouterRule:
    if _slots(trace.calls[path], tokens) is None:
        return RouterRule(path, None, (
            "Its router does not say itself which experts are chosen with what shares, so they are "
            "not known here."
        ))  # fmt: skip
    for renormalised in (True, False):
        found = experts_at(RouterRule(path, renormalised), trace, tokens, slice(None), dtype)
        if found is not None and found.check.holds:
            return RouterRule(path, renormalised)
    return RouterRule(path, None, (
        "The shares of its experts are not the softmax of its router's logits (some families take "
        "a sigmoid, or correct them), so they are not known here."
    ))  # fmt: skip


def experts_at(
    rule: RouterRule, trace: Trace, tokens: int, rows: slice, dtype: str
) -> Experts | None:
    """Return how tokens were shared out; None where that is not known."""
    call = trace.calls.get(rule.path)
    given = None if call is None else call.read(tokens)
    slots = None if call is None else _slots(call, tokens)
    if call is None or given is None or slots is None or rule.renormalised is None:
        return None
    chosen, shares = (each[rows] for each in slots)
    probabilities = softmax(router_logits(call, given[rows]), axis=1)
    off = _logits_off(call, given[rows], dtype)
    check = shares_check(probabilities, chosen, shares, rule.renormalised, off, dtype)
    top = chosen_check(probabilities, chosen, off)
    return Experts(
        probabilities=probabilities.astype(np.float32),
        chosen=chosen,
        shares=shares,
        renormalised=rule.renormalised,
        check=worst([check, top]),
    )


def router_logits(
    call: Call, given: Float32[np.ndarray, "row inputs"]
) -> Float64[np.ndarray, "row expert"]:
    """Return the router's logits for what it was given, in float64."""
    weight = call.module.weight.detach().to("cpu", torch.float64).numpy()  # type: ignore[operator]
    bias = getattr(call.module, "bias", None)
    added = bias.detach().to("cpu", torch.float64).numpy() if isinstance(bias, Tensor) else 0.0
    return given.astype(np.float64) @ weight.T + added


def shares_check(
    probabilities: Float64[np.ndarray, "row expert"],
    chosen: Int64[np.ndarray, "row slot"],
    shares: Float32[np.ndarray, "row slot"],
    renormalised: bool,
    off: float,
    dtype: str,
) -> Check:
    """Compare the shares of the chosen experts with the router's probabilities."""
    ours = np.take_along_axis(probabilities, chosen, axis=1)
    if renormalised:
        ours = ours / ours.sum(1, keepdims=True)
    allowed = rounding.of_softmax(probabilities.shape[1], dtype, ours) + 2 * off * ours
    return rounding.compared(
        "the experts chosen and their shares follow from the router's probabilities",
        shares,
        ours,
        allowed,
        "The tokens are shared out among the experts in another way than is drawn.",
    )


def chosen_check(
    probabilities: Float64[np.ndarray, "row expert"],
    chosen: Int64[np.ndarray, "row slot"],
    off: float,
) -> Check:
    """Compare the probabilities of the chosen experts with the largest ones."""
    ours = np.take_along_axis(probabilities, chosen, axis=1)
    largest = -np.sort(-probabilities, axis=1)[:, : chosen.shape[1]]
    return rounding.compared(
        "the experts chosen and their shares follow from the router's probabilities",
        ours,
        largest,
        4 * off * largest + rounding.of_softmax(probabilities.shape[1], "float32"),
        "Other experts than the most probable ones are chosen.",
    )


def _logits_off(call: Call, given: Float32[np.ndarray, "row inputs"], dtype: str) -> float:
    """Return by how much a logit may be off."""
    weight = call.module.weight.detach().to("cpu", torch.float64).numpy()  # type: ignore[operator]
    sizes = np.abs(given) @ np.abs(weight).T
    share = rounding.unit(dtype) + rounding.summed(given.shape[1])
    return float((share * sizes).max(initial=0.0))


def _slots(
    call: Call, tokens: int
) -> tuple[Int64[np.ndarray, "{tokens} slot"], Float32[np.ndarray, "{tokens} slot"]] | None:
    """Return which experts were chosen for each token, and their shares, out of what a router
    gave; None where it does not say."""
    numbers = [one for one in call.gives if one.dim() == 2 and len(one) == tokens]
    chosen = next((one for one in numbers if not one.is_floating_point()), None)
    if chosen is None:
        return None
    shares = [one for one in numbers if one.is_floating_point() and one.shape == chosen.shape]
    index = chosen.cpu().to(torch.int64).numpy()
    if not shares or index.min() < 0 or index.max() >= len(call.module.weight):  # type: ignore[arg-type]
        return None
    # The last one of that shape: where all experts are chosen, logits have it too.
    return index, shares[-1].cpu().float().numpy()
