"""View: the cache types that transformers offers, side by side on the same tokens."""

from dataclasses import asdict

from components.figures.kv_cache.kinds import memory_and_difference
from components.figures.kv_cache.tables import type_table
from components.inspection.kv_cache import kinds
from components.inspection.kv_cache.asking import MOST_REPEATS
from components.inspection.kv_cache.kinds import Kinds
from components.inspection.kv_cache.timing import pace
from components.lesson import Ask, Shown, View
from components.widgets.measuring import clock, duration
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.cache_types_words import ANSWERS, ASKS, answered, each, smallest, tries

WINDOWS = (4, 8, 16, 32, 64, 128)


def measured(ask: Ask) -> Kinds:
    new = parts.asked_new(ask, ask.facts.context // 2, 32)
    prompt = parts.asked_prompt(ask, new)
    hint = "So many tokens are attended to, the newest among them."
    window = ask.choice_of("Sliding window", "window", WINDOWS, 32, hint=hint)
    repeats = ask.number("Repeats", "repeats", 1, MOST_REPEATS, 5)
    took = ask.inspect(pace, ask.prompt, prompt, new)
    seconds = (took.short + new * took.step) * 5 * repeats
    return ask.measure(
        kinds.kinds,
        ask.prompt,
        prompt,
        new,
        repeats,
        window,
        label="Measure",
        cost=f"About **{duration(seconds)}** on this machine, "
        "if all types can be had. You can stop at any time and keep what was measured.",
        told=told,
        asks=(ASKS, ANSWERS),
        seconds=seconds,
        older=True,
    )


def told(so_far: Kinds) -> tuple[float, str, bool]:
    running = [row for row in so_far.rows if not row.refused]
    repeats = max((len(row.seconds) for row in running if row.seconds is not None), default=1)
    done, most = sum(row.runs for row in running), len(running) * repeats
    return done / max(1, most), f"{done} of {most} runs", bool(so_far.ran)


def show(ask: Ask) -> Shown:
    found = measured(ask)
    text, prompt, new, repeats, window = ask.measured
    ran = found.ran
    names = [row.name for row in ran]
    done, says, _ = told(found)
    return Shown(
        memory_and_difference(ran),
        alt="For each cache type: bytes held, milliseconds per step, difference of logits; the "
        f"smallest holds {min((row.held for row in ran), default=0):,} bytes.",
        told=("" if done >= 1 else f":orange[Stopped after {says}.] ")
        + f"After {prompt} tokens of prompt and {new} written. {smallest(ran)}"
        + parts.measured_by(ask, found.at, found.machine),
        checks=found.checks,
        unchecked="The dynamic cache, with which all are compared, was not run to its end.",
        table=lambda: type_table(ran, code.class_of),
        code=code.kinds_code(
            parts.lines_for(ask, found.machine.dtype), text, prompt, new, window, names
        ),
        read=f"All types read the same tokens, in turn, {repeats} times; each is compared with the "
        "dynamic cache at every step.\n\n" + each(found),
        predict=answered(ran, ask.unasked),
        tries=tries(ran),
        facts={
            "prompt_tokens": prompt,
            "new_tokens": new,
            "repeats": repeats,
            "window": window,
            "not_here": {row.name: row.refused for row in found.rows if row.refused},
            "measured_at": clock(found.at),
        }
        | asdict(found.machine),
    )


VIEW = View(
    "A cache can preallocate its full length, drop old tokens, or round what it keeps. The same "
    "text is written with each cache type that transformers offers.",
    show,
)
