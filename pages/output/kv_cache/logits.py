"""View: cached against uncached logits, step by step, in the dtype asked for."""

from dataclasses import replace

import numpy as np
import pandas as pd

from components import engine
from components.figures.kv_cache.agreement import differences
from components.figures.visible import visible
from components.inspection.kv_cache.agreement import Agreement, compared
from components.inspection.kv_cache.asking import tokens_in
from components.inspection.kv_cache.timing import pace
from components.lesson import Ask, Predict, Shown, View
from components.widgets import frame
from components.widgets.markup import coded, literal
from components.widgets.measuring import duration
from pages.output.kv_cache import code, parts

DTYPES = ("float32", "bfloat16", "float16")
ASKS = "Are the logits the same with and without the cache?"
ANSWERS = ("exactly the same", "almost", "clearly different")
NOISE_PASSES = 3
"""Passes over the whole text that tell how far rounding alone moves the logits."""
MOST_SHOWN = 120
"""Characters of a text in a sentence; the whole of it is in the table."""


def measured(ask: Ask) -> Agreement:
    new = parts.asked_new(ask, ask.facts.context - ask.inspect(tokens_in, ask.prompt))
    own = ask.facts.dtype
    hint = "The model is loaded again in this dtype, beside the one in the sidebar."
    dtype = ask.choice_of("dtype", "dtype", DTYPES, own, hint=hint)
    if dtype != own:
        ask.choice = replace(ask.choice, dtype=dtype)
        engine.facts(ask.choice, frame.telling(ask.stage))
    took = ask.inspect(pace, ask.prompt, None, new)
    seconds = took.both(new) + NOISE_PASSES * took.long
    return ask.measure(
        compared,
        ask.prompt,
        None,
        new,
        label="Compare",
        cost=f"About **{duration(seconds)}** on this machine: {new} steps, each with the cache and "
        "without. You can stop at any time and keep what was compared.",
        told=told,
        asks=(ASKS, ANSWERS),
        seconds=seconds,
    )


def told(so_far: Agreement) -> tuple[float, str, bool]:
    return so_far.share, f"Step {len(so_far.tokens)} of {so_far.new}", True


def show(ask: Ask) -> Shown:
    found = measured(ask)
    stopped = f":orange[Stopped after {len(found.tokens)} of {found.new} steps.] "
    return Shown(
        differences(found),
        alt=f"Largest difference of a logit at each step, at most {found.worst:.2g}, and the logit "
        "margin of the best token.",
        told=(stopped if found.share < 1 else "") + f"{numbers(found)}  \n{texts(found)}",
        checks=found.checks,
        table=lambda: as_table(found),
        code=code.agreement_code(parts.lines_for(ask, found.dtype), ask.prompt, found.new),
        read="Orange: by how much any of the logits differs between the two ways (hollow: not at "
        "all). Teal: the logit margin, by which the best token leads the second. **As long as "
        "orange stays well below teal, the same token is chosen.** The axis is logarithmic.",
        formula=r"\text{difference}_t=\max_v\,\bigl|\,\ell^{\text{with}}_t(v)-"
        r"\ell^{\text{without}}_t(v)\,\bigr|",
        symbols=r"$\ell_t(v)$: the logit of token $v$ at step $t$. What adding in another order "
        "may do is measured on this text, by rounding each block's output once more.",
        predict=Predict(ASKS, ANSWERS, answer(found), why(found), differences(found, False)),
        tries="bfloat16 keeps 8 bits of each number's digits, float16 11, float32 24. In which do "
        "the two ways differ, and in which do you trust the logits most? That need not be the same "
        "one. Write 256 tokens: do differences add up from step to step, or do they stay?",
        facts={"dtype": found.dtype, "parts_at": found.parts_at, "worst": found.worst},
    )


def answer(found: Agreement) -> str:
    return ANSWERS[0] if found.worst == 0 else ANSWERS[1 if found.same_text else 2]


def numbers(found: Agreement) -> str:
    largest = float(found.largest.max())
    roundings = found.worst / (found.rounding * largest)
    return (
        f"Over {len(found.tokens)} steps no logit differs by more than **{found.worst:.2g}**; the "
        f"largest logit is {largest:.3g}, so that is {roundings:.2g} times the distance from it to "
        f"the next number of {found.dtype}."
    )


def why(found: Agreement) -> str:
    if found.worst == 0:
        return (
            "Both ways computed the same sums, of one row or of many at a time, and the results "
            "are the same to the last bit."
        ) + (
            f" That does not make {found.dtype} the more exact format: products are summed in a "
            "finer one and then rounded, so coarsely that it swallows what the order of adding "
            "changes. Both ways carry the same, larger, rounding."
            if found.dtype != "float32"
            else ""
        )
    if any(check.verdict == "fails" for check in found.checks):
        return "That is more than the order of adding can account for."
    return (
        "Both compute the same sums, of one row or of many at a time. That changes the order in "
        "which terms are added, and the sum of rounded numbers depends on the order. It is not a "
        "mistake in the cache."
    )


def texts(found: Agreement) -> str:
    written = "".join(found.tokens)
    if found.same_text:
        narrow = int(found.margin.argmin())
        return (
            f"**The same text**, token for token: {quoted(written)}  \nThe narrowest choice was "
            f"step {narrow + 1}, {coded(visible(found.tokens[narrow]))}, with a logit margin of "
            f"{found.margin[narrow]:.2g}."
        )
    place = found.parts_at or 0
    return (
        f":orange[✗] **The outputs diverge at step {place + 1}**: there the best token leads the "
        f"one chosen with the cache by {found.parting_lead:.2g} only, and the logits differ by "
        f"{found.difference[place]:.2g}. From there on they read different texts.  \n"
        f"With the cache: {quoted(written)}  \nWithout: {quoted(''.join(without(found)))}"
    )


def quoted(text: str) -> str:
    return literal(text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…")


def without(found: Agreement) -> tuple[str, ...]:
    """Return the tokens that the way without a cache wrote."""
    if found.parts_at is None:
        return found.tokens
    return (*found.tokens[: found.parts_at], *found.other)


def as_table(found: Agreement) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "step": np.arange(len(found.difference)),
            "token": found.tokens,
            "token without the cache": without(found),
            "largest_difference": found.difference,
            "logit_margin": found.margin,
            "largest_logit": found.largest,
        }
    )


VIEW = View(
    "A cache must change nothing but the time. Step by step, the logits with it (cached) are "
    "compared with those of a full pass without (uncached).",
    show,
)
