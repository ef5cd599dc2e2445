"""The tour's question about the MLP: which of its neurons are above zero, or which experts read."""

from collections.abc import Iterator
from itertools import combinations, islice

import numpy as np
from jaxtyping import Float32, Int64

from components.inspection import rounding
from components.inspection.errors import InspectionError
from components.inspection.machine.experts import Experts
from components.inspection.machine.opened import opened_block
from components.inspection.machine.question import MOST_ANSWERS, Question, Seen, share_of
from components.inspection.machine.wiring import wiring_of

SHARES = (0.02, 0.1, 0.25, 0.5, 0.75, 1.0)
"""What might be guessed."""
APART = 0.12
"""A guess that is nearer to the truth than this is not wrong enough to be offered."""


def above_zero(seen: Seen) -> Question:
    """Ask what share of the neurons is above zero; of a mixture, which experts read the token.

    Raises:
        InspectionError: neither can be seen.
    """
    hidden = seen.path.hidden
    if hidden is not None and seen.layer < len(hidden):
        return _neurons(seen, hidden[seen.layer])
    experts = _experts(seen)
    if experts is None:
        raise InspectionError(
            f"What the neurons of layer {seen.layer} are cannot be seen: this model's MLP is built "
            "in a way of its own."
        )
    return _chosen(seen, experts.chosen[0], experts.probabilities[0])


def _neurons(seen: Seen, neurons: Float32[np.ndarray, " neuron"]) -> Question:
    rounding.require_numbers(neurons)
    above, count = int((neurons > 0).sum()), len(neurons)
    share = above / count
    wrong = sorted(
        (one for one in SHARES if abs(one - share) >= APART), key=lambda p: abs(p - share)
    )
    found = {share_of(one): one for one in (share, *wrong[: MOST_ANSWERS - 1])}
    return Question(
        9,
        f"What share of the {count:,} neurons in layer {seen.layer}'s MLP is above zero at "
        f"{seen.named(seen.place)}?",
        tuple(sorted(found, key=found.__getitem__)),
        share_of(share),
        f"{above:,} of {count:,} are above zero when the last matrix of the MLP reads them.",
    )


def _experts(seen: Seen) -> Experts | None:
    """Return how the token is shared out; None where the layer has no router.

    Raises:
        InspectionError: it has one, and what that does is not known.
    """
    if wiring_of(seen.model, seen.stack, seen.layer).router is None:
        return None
    block = opened_block(
        seen.model,
        seen.ids,
        seen.target,
        seen.stack,
        seen.layer,
        seen.head or 0,
        seen.place,
        first_row=seen.place,
        rows=1,
    )
    if block.experts is None:
        raise InspectionError(
            f"Layer {seen.layer} shares tokens out among experts, in a way that is not known here."
        )
    return block.experts


def _chosen(
    seen: Seen, chosen: Int64[np.ndarray, " slot"], probabilities: Float32[np.ndarray, " expert"]
) -> Question:
    right = tuple(sorted(int(one) for one in chosen))
    sets = [right, *islice(_others(right, probabilities), MOST_ANSWERS - 1)]
    if len(sets) < 2:
        raise InspectionError(
            f"Every token goes through {_named(right)}: there is no other set of experts to ask of."
        )
    shares = ", ".join(share_of(float(probabilities[one])) for one in chosen)
    return Question(
        9,
        f"To {len(right)} of its {len(probabilities)} experts the router of layer {seen.layer} "
        f"sends {seen.named(seen.place)}. To which?",
        tuple(_named(one) for one in sorted(sets)),
        _named(right),
        f"The router finds {_named(tuple(int(one) for one in chosen))} likeliest: {shares}.",
    )


def _others(
    right: tuple[int, ...], probabilities: Float32[np.ndarray, " expert"]
) -> Iterator[tuple[int, ...]]:
    """Yield other sets of as many experts, of the least likely ones first."""
    order = [int(one) for one in np.argsort(probabilities, kind="stable")]
    for found in combinations(order, len(right)):
        if tuple(sorted(found)) != right:
            yield tuple(sorted(found))


def _named(experts: tuple[int, ...]) -> str:
    """Return experts by their numbers.

    >>> _named((3,)), _named((0, 2, 5))
    ('expert 3', 'experts 0, 2 and 5')
    """
    *most, last = [str(one) for one in experts]
    return f"experts {', '.join(most)} and {last}" if most else f"expert {last}"
