"""The methods of context extension, by the names that transformers gives them: plain values."""

from dataclasses import dataclass
from typing import Final, Literal

ExtensionMethod = Literal[
    "trained", "theta", "linear", "dynamic", "by_parts", "yarn", "longrope", "llama3"
]

NAMES: Final[dict[ExtensionMethod, str]] = {
    "trained": "As trained",
    "theta": "Larger theta",
    "linear": "Linear (position interpolation)",
    "dynamic": "Dynamic NTK",
    "by_parts": "NTK-by-parts",
    "yarn": "YaRN",
    "longrope": "LongRoPE",
    "llama3": "Llama 3",
}
SAYS: Final[dict[ExtensionMethod, str]] = {
    "trained": "The model's own rotation.",
    "theta": "Another base for all pairs: base times factor^(d/(d-2)), so that the slowest pair "
    "is slowed by the factor and the fastest hardly (“NTK-aware”, bloc97, 2023).",
    "linear": "Every position is divided by the factor: f'(x, m) = f(x, m L / L'). All pairs are "
    "slowed alike. Made to be followed by a little training on long texts; without, as here, it "
    "disturbs fast pairs at every length, also within the trained one (Chen et al., 2023).",
    "dynamic": "As a larger base, but only for texts longer than the trained context L, and the "
    "more the longer they are: for L' tokens the slowest pair is slowed by f L' / L - (f - 1). At "
    "f times the trained length that is f² - f + 1, not f: 13 times for f = 4, 241 for f = 16. So "
    "its factor is not like that of the other ways (bloc97 and emozilla, 2023).",
    "by_parts": "Pairs that turn often keep their speed, pairs that never complete a turn are "
    "slowed by the factor, with a ramp between (bloc97, 2023). It is YaRN without its temperature.",
    "yarn": "Pairs that turn often keep their speed, pairs that never complete a turn are slowed "
    "by the factor, with a ramp between (NTK-by-parts); and the logits of attention grow by "
    "(0.1 ln s + 1)² (Peng et al., 2023).",
    "longrope": "A divisor for each pair, one list for short and one for long texts; Microsoft "
    "finds them by a search (Ding et al., 2024). Here: 1 for short texts, and for long ones "
    "factor^(i/last).",
    "llama3": "Wavelengths below a quarter of the context are kept, those beyond it divided by the "
    "factor, with a ramp between (Llama 3.1, 2024).",
}
LOW: Final = 1.0
HIGH: Final = 16.0


@dataclass(frozen=True)
class ContextExtension:
    """One way and how far."""

    method: ExtensionMethod = "trained"
    factor: float = 4.0
    """How many times the trained context is wanted, from 1 to 16."""

    @property
    def name(self) -> str:
        """As shown to readers."""
        return NAMES[self.method] + ("" if self.method == "trained" else f", {self.factor:g} times")
