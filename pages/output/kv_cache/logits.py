"""View: cached against uncached logits, step by step, in the dtype asked for."""

from dataclasses import replace
from math import isnan

from components import engine
from components.figures.kv_cache.agreement import differences
from components.figures.kv_cache.tables import agreement_table
from components.inspection.kv_cache.agreement import Agreement, compared
from components.inspection.kv_cache.asking import tokens_in
from components.inspection.kv_cache.timing import pace
from components.lesson import Ask, Predict, Shown, View
from components.widgets import models
from components.widgets.measuring import duration
from components.widgets.presets import examples
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.logits_words import ANSWERS, answer, numbers, texts, why

DTYPES = ("float32", "bfloat16", "float16")
ASKS = "Are the logits the same with and without the cache?"
NOISE_PASSES = 3
"""Passes over the whole text that tell how far rounding alone moves the logits."""
EXAMPLES = {
    "A sure answer: a wide margin": {"prompt": "The capital of France is"},
    "A story: many words would do": {"prompt": "Once upon a time there was a little"},
}


def measured(ask: Ask) -> Agreement:
    new = parts.asked_new(ask, ask.facts.context - ask.inspect(tokens_in, ask.prompt))
    own = ask.facts.dtype
    hint = "The model is loaded again in this dtype, beside the one in the sidebar."
    dtype = ask.choice_of("dtype", "dtype", DTYPES, own, hint=hint)
    examples(ask, EXAMPLES)
    if dtype != own:
        ask.choice = replace(ask.choice, dtype=dtype)
        engine.facts(ask.choice, models.telling(ask.stage))
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
        table=lambda: agreement_table(found),
        code=code.agreement_code(parts.lines_for(ask, found.dtype), ask.prompt, found.new),
        read="Orange: by how much any of the logits differs between the two ways (hollow: not at "
        "all). Teal: the logit margin, by which the best token leads the second. **As long as "
        "orange stays well below teal, the same token is chosen.** The axis is logarithmic.",
        formula=r"\text{difference}_t=\max_v\,\bigl|\,\ell^{\text{with}}_t(v)-"
        r"\ell^{\text{without}}_t(v)\,\bigr|",
        symbols=r"$\ell_t(v)$: the logit of token $v$ at step $t$. What adding in another order "
        "may do is measured on this text, by rounding each block's output once more.",
        predict=None
        if isnan(found.worst)
        else Predict(ASKS, ANSWERS, answer(found), why(found), differences(found, False)),
        tries="bfloat16 keeps 8 bits of each number's digits, float16 11, float32 24. In which do "
        "the two ways differ, and in which do you trust the logits most? That need not be the same "
        "one. Write 256 tokens: do differences add up from step to step, or do they stay?",
        facts={"dtype": found.dtype, "parts_at": found.parts_at, "worst": found.worst},
    )


VIEW = View(
    "A cache must change nothing but the time. Step by step, the logits with it (cached) are "
    "compared with those of a full pass without (uncached).",
    show,
)
