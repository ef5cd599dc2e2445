"""What the browser made of the logits, held against transformers' own processors on the server.

Both compute in 32 bits, in another order. A threshold (top-p, min-p, typical-p) may then fall on
one side of a token or the other; how many tokens that can be is measured, by moving each threshold
as far as a sum of so many probabilities may be off, both ways.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.sampling.answer import Answer
from components.inspection.sampling.processing import ProcessedLogits, Stage, process_logits
from components.inspection.sampling.settings import RANGES, STEPS, Settings


def checked_answer(
    logits: Float32[np.ndarray, " vocabulary"],
    history: Iterable[int],
    settings: Settings,
    answer: Answer,
) -> tuple[Check, ...]:
    """Process `logits` on the server too; say how far the browser's answer is off.

    Raises:
        InspectionError: no probabilities follow from the logits.
    """
    seen = list(history)
    ours = process_logits(logits, seen, settings)
    near = [process_logits(logits, seen, moved) for moved in _moved(settings, len(logits))]
    return (
        _tokens(answer, ours, near),
        _shares(answer, ours),
        _entropies(answer, ours, near),
    )


def _moved(settings: Settings, tokens: int) -> list[Settings]:
    """Return `settings` with their thresholds a rounding lower, and a rounding higher."""
    of_sums = float(rounding.of_softmax(tokens, "float32"))
    # A token's probability is compared with a product, not with a sum.
    of_a_product = rounding.EXPONENTIAL * rounding.unit("float32")
    on = [name for name in settings.changed() if RANGES[name].threshold]

    def moved(name: str, way: int) -> float:
        row, value = RANGES[name], getattr(settings, name)
        by = value * of_a_product if row.threshold == "token" else of_sums
        return min(row.high, max(row.low, value + way * by))

    either = [{name: moved(name, way) for name in on} for way in (-1, 1) if on]
    return [replace(settings, **values) for values in either]  # type: ignore[arg-type]


def _stage(processed: ProcessedLogits, name: str) -> Stage:
    return next(stage for stage in processed.stages if stage.name == name)


def _tokens(answer: Answer, ours: ProcessedLogits, near: list[ProcessedLogits]) -> Check:
    def check(stage: Stage) -> Check:
        either = [_stage(other, stage.name).tokens for other in near]
        return Check(
            "",
            abs(answer.stages[stage.name]["tokens"] - stage.tokens),
            float(max((abs(tokens - stage.tokens) for tokens in either), default=0)),
            "What is drawn above is not what transformers would draw from.",
        )

    return worst(
        [check(stage) for stage in ours.stages],
        "each step leaves as many tokens as transformers' own processor",
    )


def _shares(answer: Answer, ours: ProcessedLogits) -> Check:
    size = len(ours.after)
    strange = int((~((answer.ids >= 0) & (answer.ids < size))).sum())
    ids = answer.ids[(answer.ids >= 0) & (answer.ids < size)]
    theirs = np.zeros(size, dtype=np.float64)
    theirs[ids] = answer.shares[: len(answer.ids)][(answer.ids >= 0) & (answer.ids < size)]
    after = ours.after.astype(np.float64)
    here, there = int(answer.stages[STEPS[-1]]["tokens"]), ours.stages[-1].tokens
    # Of more tokens than the browser sends, those sent are compared; of fewer, all.
    compared = ids if here > len(answer.ids) else np.union1d(ids, np.flatnonzero(after > 0))
    either = compared[(theirs[compared] > 0) != (after[compared] > 0)]
    if len(either) <= abs(here - there):
        # Those at a threshold, counted by the other check.
        compared = np.setdiff1d(compared, either)
    spare = float(np.abs(theirs[either]).sum() + after[either].sum())
    # An exponential is off by its argument's rounding, the rest by that of a sum and a quotient.
    argument = np.abs(np.log(np.maximum(after[compared], rounding.least("float32"))))
    share = rounding.of_softmax(size, "float32") + argument * rounding.unit("float32") + spare
    check = rounding.compared(
        "each token left has the probability that transformers gives it",
        theirs[compared],
        after[compared],
        after[compared] * share + rounding.least("float32"),
        "What is drawn above is not what transformers would draw from.",
    )
    return check if not strange else replace(check, error=float("nan"))


def _entropies(answer: Answer, ours: ProcessedLogits, near: list[ProcessedLogits]) -> Check:
    off = float(rounding.of_softmax(len(ours.after), "float32"))

    def check(stage: Stage) -> Check:
        either = [_stage(other, stage.name).entropy for other in near]
        # p ln p moves by (1 + |ln p|) times what p moves by; summed over p that is entropy + 1.
        limit = off * (stage.entropy + 1 / np.log(2)) + rounding.EXPONENTIAL * rounding.unit(
            "float32"
        )
        return Check(
            "",
            abs(answer.stages[stage.name]["entropy"] - stage.entropy),
            float(limit + max((abs(bits - stage.entropy) for bits in either), default=0.0)),
            "What is said beside a step is not what transformers' own processor leaves.",
        )

    return worst(
        [check(stage) for stage in ours.stages], "after each step the entropy is transformers' own"
    )
