"""What is said of a roofline: the question and its answer, and what limits the step."""

from components.figures.kv_cache.work import roofline_chart
from components.inspection.kv_cache.roofline import Limit, Roofline
from components.lesson import Predict
from pages.output.kv_cache import parts

ASKS = "The last step with the cache: what limits it on this machine?"
ANSWERS: dict[Limit, str] = {
    "memory": "bytes moved",
    "compute": "operations",
    "overhead": "starting many small ones",
}
LIMITS: dict[Limit, str] = {
    "memory": "moving bytes limits it: it is memory-bound",
    "compute": "computing limits it: it is compute-bound",
    "overhead": "neither bytes nor operations limit it, but what starting many small ones costs",
}
FORMULA = r"F=2\,W\,n+\sum_{l=1}^{L}4\,H\,d\,n\,T_l+2\,V\,D"
SYMBOLS = (
    "The formula: 2 × numbers in the blocks' matrices (W) × positions (n) + 4 × heads × head size "
    "× positions × tokens attended to (T), over all layers, + 2 × vocabulary × width, since the "
    "vocabulary's logits are asked for at one position only. Operations were counted by torch on "
    "the real passes."
)
EXPERTS = (
    " torch's counter has no formula for products of experts and leaves them out; here they are "
    "counted: each row meets one matrix."
)


def answered(found: Roofline) -> Predict:
    """Ask what limits the step with the cache; what is told below the figure has the answer."""
    limit = found.limit(found.passes[1])
    return Predict(
        ASKS,
        tuple(ANSWERS.values()),
        ANSWERS[limit],
        f"It reaches 1/{parts.ratio(below(found))} of the roof at its arithmetic intensity: "
        f"{LIMITS[limit]}.",
        before=roofline_chart(found),
    )


def below(found: Roofline) -> float:
    """Return how many times below the roof the step with the cache lies."""
    step = found.passes[1]
    return max(found.roof(step.intensity) / step.rate, 1.0)


def why(found: Roofline) -> str:
    step, bare = found.passes[1], found.passes[2]
    more = bare.done.operations / step.done.operations
    limit = found.limit(step)
    said = (
        f"The last step without the cache does **{more:,.0f} times** the operations of the one "
        f"with it, and takes **{bare.seconds / step.seconds:.1f} times** as long. With the cache "
        f"there are {parts.ratio(step.intensity)} operations for each byte (arithmetic intensity; "
        f"the ridge point is at {parts.ratio(found.ridge)}), and the step reaches "
        f"1/{parts.ratio(below(found))} of what the roof allows there: {LIMITS[limit]}. Without, "
        f"there are {parts.ratio(bare.intensity)} for each byte, and "
        f"{bare.rate / step.rate:.1f} times as many are done each second."
    )
    if found.share < 1:
        stopped = f":orange[Stopped after {found.share:.0%} of the rounds.]"
        said = f"{stopped} Medians are over those. {said}"
    if limit == "overhead":
        said += " A model this small cannot show what limits a large one."
    return said
