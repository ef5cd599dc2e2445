"""What the views share: the lengths asked for, where it was measured, numbers for eyes."""

from collections.abc import Sequence
from typing import Final

from components.inspection.kv_cache.asking import tokens_in
from components.inspection.kv_cache.calling import calling
from components.inspection.kv_cache.contents import Contents, contents
from components.inspection.kv_cache.machine import Machine
from components.inspection.kv_cache.shapes import Shape
from components.lesson import Ask
from components.widgets import measuring, running
from components.widgets.markup import literal
from pages.output.kv_cache.lines import Lines

PROMPTS: Final = (8, 16, 20, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 2_048, 4_096)
NEW: Final = (8, 16, 32, 48, 64, 100, 128, 192, 256)
MOST_STEPS: Final = 16
"""Tokens that are written to see the cache grow."""


def fitting(options: Sequence[int], wanted: int, most: int) -> int:
    """Return the largest of the options that is neither over `wanted` nor over `most`.

    >>> fitting((8, 16, 32, 64), 64, 40), fitting((8, 16), 64, 5)
    (32, 8)
    """
    return max((one for one in options if one <= min(wanted, most)), default=min(options))


def asked_new(ask: Ask, most: int, default: int = 64) -> int:
    """Ask how many tokens are written; at first so many as fit beside what else is read."""
    fits = fitting(NEW, default, most)
    return ask.choice_of("New tokens", "new", NEW, fits, hint="Greedy: always the likeliest.")


def asked_prompt(ask: Ask, new: int, default: int = 64) -> int:
    """Ask to how many tokens the prompt is cut or repeated; at first so many as fit."""
    fits = fitting(PROMPTS, default, ask.facts.context - new)
    hint = "Your prompt, cut or repeated to this length."
    return ask.choice_of("Prompt tokens", "prompt", PROMPTS, fits, hint=hint)


def start(ask: Ask, prompt: int) -> int:
    """Return the positions before the first step: of two stacks the decoder begins with one."""
    return 1 if ask.facts.kind == "seq2seq" else prompt


def contents_of(ask: Ask) -> Contents:
    """Return the cache after the prompt and some tokens; a short context leaves fewer."""
    # Of two stacks the decoder's text is its own.
    alone = ask.facts.kind != "seq2seq"
    left = ask.facts.context - (ask.inspect(tokens_in, ask.prompt) if alone else 1)
    steps = min(MOST_STEPS, left) if left >= 2 else MOST_STEPS
    cost = running.over_prompt(ask, 1, steps)
    return running.inspected(ask, contents, ask.prompt, None, steps, cost=cost)


def lines_for(ask: Ask, dtype: str) -> Lines:
    """Return how plain code loads and calls the model that is looked at."""
    return Lines(ask.choice, dtype, ask.inspect(calling))


def repeated(shape: Shape) -> str:
    """Say so where the code keeps more heads than have keys and values of their own."""
    if not shape.usual or shape.own_kv_heads == shape.kv_heads:
        return ""
    return (
        f" The configuration has {shape.own_kv_heads} key-value heads; the code of this family "
        f"repeats them for its {shape.heads} query heads before it keeps them, so that "
        f"{shape.kv_heads} lie in the cache."
    )


def measured_by(ask: Ask, at: float, machine: Machine) -> str:
    """Say when something was measured, on what, and for whom."""
    return measuring.measured_by(at, _device(machine), ask.unasked)


def machine_line(machine: Machine) -> str:
    """Say on what something was measured."""
    return (
        f"\n\nMeasured on {literal(_device(machine))}: {literal(machine.model)}, "
        f"{machine.parameters / 1e6:,.1f} million weights in {machine.dtype}, {machine.attention} "
        f"attention, torch {machine.torch}, transformers {machine.transformers}."
    )


def _device(machine: Machine) -> str:
    cores = f", {machine.threads} of {machine.cores} cores" if machine.device == "cpu" else ""
    return f"{machine.device_name} ({machine.device}{cores})"


def size(count: float) -> str:
    """Write bytes for eyes.

    >>> size(393_216), size(1.5 * 2**30), size(12)
    ('384 KiB', '1.5 GiB', '12 B')
    """
    for unit, name in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name}"
    return f"{count:.0f} B"


def ratio(value: float) -> str:
    """Write a ratio for eyes, large ones without a power of ten.

    >>> ratio(0.2113), ratio(27.31), ratio(276_431)
    ('0.211', '27.3', '276,431')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
