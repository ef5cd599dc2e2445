"""What the parts of Extension ask for: a method, a factor, and which rotation is extended."""

from components.inspection.positions.context_extension import target_or_none
from components.inspection.positions.extension_methods import HIGH, LOW, NAMES, ContextExtension
from components.inspection.positions.rotation import Rope, formula
from components.inspection.positions.words import said
from components.lesson import Ask
from components.widgets.markup import literal

LLAMA = formula(128, 10_000.0, 2048)


def rope_to_extend(ask: Ask) -> tuple[Rope, str]:
    """Return the rotation that is extended, and of which layers of the model it is."""
    found = ask.inspect(target_or_none)
    if found is None:
        return LLAMA, (
            f"{literal(ask.inspect(said))} So there is nothing of it to extend; shown are Llama's "
            "64 pairs, trained for 2,048 tokens. "
        )
    words = ""
    if found.others:
        words += (
            f"Layers {', '.join(map(str, found.layers))} are extended; layers "
            f"{', '.join(map(str, found.others))} turn otherwise and stay as they are. "
        )
    if found.rope.kind not in ("default", "unknown"):
        words += (
            f"This model's rotation is extended already ({found.rope.kind}). “As trained” is that; "
            f"every method replaces it, and starts from its base {found.rope.theta:,.0f} and the "
            f"{found.rope.context:,} tokens it was first trained for. "
        )
    return found.rope, words


def extension_of(ask: Ask) -> ContextExtension:
    """Ask for a method of context extension, and how many times the trained context."""
    ways = [way for way in NAMES if way != "trained"]
    way = ask.choice_of("Method", "method", ways, "yarn", says=NAMES)
    factor = ask.slider("Extension factor", "factor", LOW, HIGH, 4.0, step=0.5)
    return ContextExtension(way, float(factor))
