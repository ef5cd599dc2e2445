"""The methods on offer, in words, and what each costs before it is started."""

import math
from dataclasses import dataclass
from typing import Final, Literal

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
    """One way to share out an answer among the pieces of a text."""

    title: str
    says: str
    """What it does, to follow its name."""
    formula: str
    """In LaTeX: the score of piece i."""
    source: str
    signed: bool = True
    """A negative score speaks against the answer; without a sign only the strength is told."""
    complete: Literal["exactly", "in the limit", "no"] = "no"
    """Whether the scores sum to the change from the baseline to the text."""
    dear: bool = False
    """Reads the text hundreds of times."""


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
        "does the same at random points of the way instead of even steps",
        r"\phi_i = \mathbb{E}_{\alpha}\big[(x_i - x'_i)\cdot"
        r"\nabla_{x_i} F\big(x' + \alpha (x - x')\big)\big]",
        "Lundberg and Lee 2017; Erion et al. 2021",
        complete="in the limit",
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
        "takes each piece away alone and looks how far the target falls",
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
        "adds the pieces to the baseline one by one in many orders, and takes the mean of what "
        "each brought",
        r"\phi_i = \frac{1}{|\Pi|}\sum_{\pi \in \Pi} F(\text{before } i \cup i) - "
        r"F(\text{before } i)",
        "Shapley 1953; Strumbelj and Kononenko 2010",
        complete="exactly",
        dear=True,
    ),
}


BY_TITLE: Final[dict[str, MethodName]] = {row.title: name for name, row in METHODS.items()}
"""The names by their titles, which stand in links."""


@dataclass(frozen=True)
class Effort:
    """How hard a method tries."""

    steps: int = 128
    """Of integrated gradients."""
    samples: int = 10
    """Orders of Shapley values; points of gradient SHAP are twice as many."""
    window: int = 3
    """Pieces that occlusion takes away at once."""
    seed: int = 0


USUAL: Final = Effort()
MOST: Final = Effort(steps=1024, samples=200, window=16)
ENDS: Final = 3
"""Texts read besides: for the answer, for the target at the text and at the baseline."""


def all_orders(pieces: int, effort: Effort) -> bool:
    """Say whether Shapley values take every order there is, and so are exact."""
    return pieces < 6 and math.factorial(pieces) <= effort.samples


def orders(pieces: int, effort: Effort) -> int:
    """Return how many orders Shapley values take."""
    return math.factorial(pieces) if all_orders(pieces, effort) else effort.samples


def cost(method: MethodName, pieces: int, effort: Effort) -> tuple[int, int]:
    """Return how many texts are read, and through how many a gradient is sent back.

    >>> cost("ablation", 16, Effort())
    (20, 0)
    """
    window = min(effort.window, pieces)
    forwards, backwards = {
        "integrated_gradients": (effort.steps, effort.steps),
        "gradient_shap": (2 * effort.samples, 2 * effort.samples),
        "input_x_gradient": (1, 1),
        "saliency": (1, 1),
        "ablation": (1 + pieces, 0),
        "occlusion": (2 + pieces - window, 0),
        "shapley": (1 + pieces * orders(pieces, effort), 0),
    }[method]
    return ENDS + forwards, backwards
