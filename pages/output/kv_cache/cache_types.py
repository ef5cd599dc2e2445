"""View: the cache types that transformers offers, side by side on the same tokens."""

from dataclasses import asdict

import pandas as pd

from components.figures.kv_cache.kinds import memory_and_difference
from components.inspection.kv_cache import kinds
from components.inspection.kv_cache.asking import MOST_REPEATS
from components.inspection.kv_cache.kinds import KindRow, Kinds
from components.inspection.kv_cache.timing import pace
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from components.widgets.measuring import duration
from pages.output.kv_cache import code, parts

WINDOWS = (4, 8, 16, 32, 64, 128)
ASKS = "Which one changes the logits most?"
ANSWERS = ("static", "sliding window", "8-bit")


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
    ran, refused = found.ran, [row for row in found.rows if row.refused]
    names = [row.name for row in ran]
    done, says, _ = told(found)
    return Shown(
        memory_and_difference(ran),
        alt="For each cache type: bytes held, milliseconds per step, difference of logits; the "
        f"smallest holds {min((row.held for row in ran), default=0):,} bytes.",
        told=("" if done >= 1 else f":orange[Stopped after {says}.] ")
        + f"After {prompt} tokens of prompt and {new} written. {smallest(ran)}"
        + parts.measured_by(ask, found.at),
        checks=found.checks,
        unchecked="The dynamic cache, with which all are compared, was not run to its end.",
        table=lambda: as_table(ran),
        code=code.kinds_code(
            parts.lines_for(ask, found.machine.dtype), text, prompt, new, window, names
        ),
        read=f"All types read the same tokens, in turn, {repeats} times; each is compared with the "
        "dynamic cache at every step.\n\n"
        + "\n".join(f"- **{row.name}** (`{code.class_of(row.name)}`) {row.says}." for row in ran)
        + ("\n\nNot for this model or this machine:\n\n" if refused else "")
        + "\n".join(
            f"- **{row.name}** (`{code.class_of(row.name)}`) {row.says}. *{literal(row.refused)}.*"
            for row in refused
        )
        + parts.machine_line(found.machine),
        predict=answered(ran, ask.unasked),
        tries=tries(ran),
        facts={
            "prompt_tokens": prompt,
            "new_tokens": new,
            "repeats": repeats,
            "window": window,
            "not_here": {row.name: row.refused for row in refused},
            "measured_at": parts.clock(found.at),
        }
        | asdict(found.machine),
    )


def answered(ran: tuple[KindRow, ...], unasked: bool) -> Predict | None:
    """Ask for the largest difference; what was measured unasked waits for the guess."""
    others = [row for row in ran[1:] if any(name in row.name for name in ANSWERS)]
    if not others:
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


def as_table(ran: tuple[KindRow, ...]) -> pd.DataFrame:
    table = pd.DataFrame([_row(row) for row in ran])
    if not any(row.elsewhere for row in ran):
        table = table.drop(columns="bytes in the machine's memory")
    return table


def _row(row: KindRow) -> dict[str, object]:
    return {
        "type": row.name,
        "class": code.class_of(row.name),
        "bytes held": row.held,
        "bytes in the machine's memory": row.elsewhere,
        "tokens remembered": row.rows,
        "ms per step (median)": round(row.median * 1e3, 3),
        "middle half (ms)": f"{row.low * 1e3:.2f} to {row.high * 1e3:.2f}",
        "largest difference of a logit": row.difference,
        "same best token": f"{row.same} of {row.steps}",
    }


VIEW = View(
    "A cache can preallocate its full length, drop old tokens, or round what it keeps. The same "
    "text is written with each cache type that transformers offers.",
    show,
)
