"""What an area of the ledger may be, for the loaded model: parameters, bytes, operations, time."""

from collections.abc import Sequence

import numpy as np

from components.figures.numbers import percent
from components.inspection.architecture import work
from components.inspection.architecture.ledger_times import REPEATS, WARM, Times, times
from components.inspection.architecture.module_tree import ModuleTree
from components.inspection.checks import Check
from components.inspection.pace import pass_seconds
from components.lesson import Ask
from components.widgets import measuring, running
from pages.inside.architecture import ledger_code
from pages.inside.architecture.ledger_words import met, scaled, shared

Values = tuple[np.ndarray, str, Sequence[Check], str]
"""Of each module itself; a sentence; checks; code."""


def weights(ask: Ask, tree: ModuleTree, area: str) -> Values:
    values = tree.parameters if area == "parameters" else tree.bytes
    size = f"{tree.bytes.sum() / 2**20:,.1f} MiB in {ask.facts.dtype}"
    told = f"**{tree.total:,}** parameters, {size}.{shared(tree)}{met(tree)}"
    return values, told, tree.checks, ledger_code.of_model(ask.choice, ask.facts)


def operations(ask: Ask, tree: ModuleTree, area: str) -> Values:
    cost = running.over_prompt(ask, work.PASSES)
    found = running.inspected(ask, work.operations, ask.prompt, cost=cost)
    whole, tokens = float(found.counted.sum()), len(found.ids)
    told = (
        f"One pass over {tokens} tokens: **{scaled(whole)}** floating-point operations, "
        f"{scaled(whole / tokens)} a token. "
    )
    if ask.facts.kind == "seq2seq":
        told += "The encoder reads them; the decoder reads the token that it begins with. "
    if found.unexplained:
        told += f"{percent(found.unexplained)} of them are in modules without a formula. "
    if not np.isnan(found.experts):
        told += f"The text met {percent(found.experts)} of the experts. "
        return found.counted, told, found.checks, ""
    code = ledger_code.of_operations(ask.choice, ask.facts, found.ids)
    return found.counted, told, found.checks, code


def seconds(ask: Ask, tree: ModuleTree, area: str) -> Values:
    tokens = running.over_prompt(ask, 1).tokens
    takes = 2 * (REPEATS + WARM) * ask.inspect(pass_seconds, tokens)
    cost = f"Times each module in {REPEATS} passes, on this machine: {measuring.duration(takes)}."
    found: Times = ask.measure(
        times,
        ask.prompt,
        label="Measure",
        cost=cost,
        told=progress_of,
        seconds=takes,
    )
    told = (
        f"A pass over {found.tokens} tokens took **{np.median(found.whole) * 1e3:.3g} ms** (median "
        f"of {len(found.whole)}), with a clock at each module; without clocks "
        f"{np.median(found.plain) * 1e3:.3g} ms. These are times of this machine, now: whatever "
        "else it does makes them longer."
    )
    told += measuring.measured_by(found.at, found.device, ask.unasked)
    return found.seconds, told, found.checks, ""


def progress_of(found: Times) -> tuple[float, str, bool]:
    return found.done, f"{found.done:.0%} of the passes", True
