"""What is said of the cache types: the question, its answer, and what each is."""

from math import isnan

from components.figures.kv_cache.kinds import memory_and_difference
from components.inspection.kv_cache.kinds import KindRow, Kinds
from components.lesson import Predict
from components.widgets.markup import literal
from pages.output.kv_cache import code, parts

ASKS = "Which one changes the logits most?"
ANSWERS = ("static", "sliding window", "8-bit")


def each(found: Kinds) -> str:
    """Say what each type is, and why some cannot be had here."""
    refused = [row for row in found.rows if row.refused]
    return (
        "\n".join(
            f"- **{row.name}** (`{code.class_of(row.name)}`) {row.says}." for row in found.ran
        )
        + ("\n\nNot for this model or this machine:\n\n" if refused else "")
        + "\n".join(
            f"- **{row.name}** (`{code.class_of(row.name)}`) {row.says}. *{literal(row.refused)}.*"
            for row in refused
        )
        + parts.machine_line(found.machine)
    )


def answered(ran: tuple[KindRow, ...], unasked: bool) -> Predict | None:
    """Ask for the largest difference; what was measured unasked waits for the guess."""
    others = [row for row in ran[1:] if any(name in row.name for name in ANSWERS)]
    if not others or any(isnan(row.difference) for row in others):
        return None
    most = max(others, key=lambda row: row.difference)
    right = next(name for name in ANSWERS if name in most.name)
    because = f"**{most.name}** changes a logit by up to {most.difference:.2g}."
    before = memory_and_difference(ran, told=False) if unasked else None
    return Predict(ASKS, ANSWERS, right, because, before)


def tries(ran: tuple[KindRow, ...]) -> str:
    """Ask what these very numbers suggest."""
    said = "A window longer than the whole text: what must the difference be? Would the smallest "
    said += "one be the smallest with a shorter window, or in another dtype?"
    rounded = next((row for row in ran if "quantized" in row.name), None)
    if rounded is not None and min(ran, key=lambda row: row.median) is not rounded:
        said += f" Why is **{rounded.name}** not the fastest? *(It is turned back into the model's "
        said += "dtype at every step.)*"
    return said


def smallest(ran: tuple[KindRow, ...]) -> str:
    if len(ran) < 2:
        return ""
    small, following, *_ = sorted(ran, key=lambda row: row.held)
    less = (
        f"{1 - small.held / following.held:.1%} less" if small.held < following.held else "no less"
    )
    return (
        f"The smallest here is **{small.name}**, {small.held:,} bytes, {less} than "
        f"**{following.name}**."
    )
