"""The methods on offer, in words, and what each costs before it is started."""

from dataclasses import dataclass
from typing import Final, Literal

from components.inspection.attribution.shapley import EXACT, rounded_up

MethodName = Literal[
    "integrated_gradients",
    "gradient_shap",
    "input_x_gradient",
    "saliency",
    "ablation",
    "occlusion",
    "shapley",
]


@dataclass(frozen=True)
class Method:
    """One way to share out an answer among the features of a text."""

    title: str
    says: str
    """What it does, to follow its name."""
    formula: str
    """In LaTeX: the score of feature i."""
    source: str
    signed: bool = True
    """A negative score speaks against the answer; without a sign only the strength is told."""
    complete: Literal["exactly", "in the limit", "on average", "no"] = "no"
    """Whether the scores sum to the change from the baseline to the text."""


METHODS: Final[dict[MethodName, Method]] = {
    "integrated_gradients": Method(
        "Integrated gradients",
        "walks in small steps from the baseline to the text and adds up the gradients on the way",
        r"\phi_i = (x_i - x'_i)\cdot\int_0^1 \nabla_{x_i} F\big(x' + \alpha (x - x')\big)\,d\alpha",
        "Sundararajan, Taly and Yan 2017",
        complete="in the limit",
    ),
    "gradient_shap": Method(
        "Gradient SHAP",
        "does the same at as many random points of the way instead of even steps",
        r"\phi_i = \mathbb{E}_{\alpha}\big[(x_i - x'_i)\cdot"
        r"\nabla_{x_i} F\big(x' + \alpha (x - x')\big)\big]",
        "Lundberg and Lee 2017; Erion et al. 2021",
        complete="on average",
    ),
    "input_x_gradient": Method(
        "Input × gradient",
        "takes the gradient at the text once, times the embedding; it knows no baseline",
        r"\phi_i = x_i \cdot \nabla_{x_i} F(x)",
        "Shrikumar et al. 2016",
    ),
    "saliency": Method(
        "Saliency",
        "is the length of the gradient: how much a small nudge of the token would change the "
        "answer, not in which direction",
        r"\phi_i = \lVert \nabla_{x_i} F(x) \rVert_1",
        "Simonyan, Vedaldi and Zisserman 2013",
        signed=False,
    ),
    "ablation": Method(
        "Feature ablation",
        "takes each feature away alone and looks how far the target falls",
        r"\phi_i = F(x) - F(x \text{ without } i)",
        "Zeiler and Fergus 2014",
    ),
    "occlusion": Method(
        "Occlusion",
        "takes a window of neighbours away at once, and gives each the mean over its windows",
        r"\phi_i = \frac{1}{|W_i|}\sum_{w \ni i} F(x) - F(x \text{ without } w)",
        "Zeiler and Fergus 2014",
    ),
    "shapley": Method(
        "Shapley values",
        "adds the features to the baseline one by one, and takes the mean of what each brought: "
        f"over all orders of up to {EXACT} features, else over random ones, each with its reverse",
        r"\phi_i = \frac{1}{|\Pi|}\sum_{\pi \in \Pi} F(\text{before } i \cup i) - "
        r"F(\text{before } i)",
        "Shapley 1953; Strumbelj and Kononenko 2010; Mitchell et al. 2022",
        complete="exactly",
    ),
}


BY_TITLE: Final[dict[str, MethodName]] = {row.title: name for name, row in METHODS.items()}
"""The names by their titles, which stand in links."""


@dataclass(frozen=True)
class MethodSettings:
    """How hard a method tries."""

    steps: int = 128
    """Of integrated gradients; random points of gradient SHAP."""
    samples: int = 100
    """Orders of Shapley values, with their reverses: where they are not exact. On storyteller and
    the page's first prompt (14 words) the scores then run to 2.6, their standard errors to 0.4."""
    window: int = 3
    """Features that occlusion takes away at once."""
    seed: int = 0


USUAL: Final = MethodSettings()
MOST: Final = MethodSettings(steps=1024, samples=3200, window=16)
ENDS: Final = 2
"""Texts read besides: the text and the baseline."""
CHECKING: Final = 3
"""And for the check: the text's ids, and twice more to see what rounding may do."""


def exact(pieces: int) -> bool:
    """Say whether Shapley values take every order there is."""
    return pieces <= EXACT


def cost(
    method: MethodName, pieces: int, settings: MethodSettings, known: int = 0
) -> tuple[int, int]:
    """Return how many texts are read at most, and through how many a gradient is sent back.

    `known` orders of Shapley values are there already.

    >>> usual = MethodSettings()
    >>> cost("ablation", 16, usual), cost("shapley", 8, usual)
    ((23, 0), (261, 0))
    """
    window = min(settings.window, pieces)
    new = max(0, rounded_up(settings.samples) - known)
    forwards, backwards = {
        "integrated_gradients": (settings.steps, settings.steps),
        "gradient_shap": (settings.steps, settings.steps),
        # Once, and once more from the ids, and three times to see what rounding may do.
        "input_x_gradient": (5, 5),
        "saliency": (5, 5),
        # The largest score is checked alone.
        "ablation": (2 + pieces, 0),
        "occlusion": (2 + pieces - window + window, 0),
        "shapley": (2**pieces if exact(pieces) else 2 + (pieces - 1) * new, 0),
    }[method]
    return ENDS + CHECKING + forwards, backwards
