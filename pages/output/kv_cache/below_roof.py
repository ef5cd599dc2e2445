"""A kind of Roofline: the rates that three passes reach, below what this machine can do."""

from dataclasses import asdict, replace

from components.figures.kv_cache.tables import roofline_table
from components.figures.kv_cache.work import roofline_chart
from components.inspection.kv_cache.roofline import (
    Roofline,
    RooflineStep,
    expected_seconds,
    rooflines,
)
from components.inspection.kv_cache.timing import pace
from components.lesson import Ask, Shown, View
from components.widgets.measuring import clock, duration
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.roofline_words import (
    ANSWERS,
    ASKS,
    EXPERTS,
    FORMULA,
    SYMBOLS,
    answered,
    why,
)


def measured(ask: Ask) -> Roofline:
    new = parts.asked_new(ask, ask.facts.context // 2, 100)
    prompt = parts.asked_prompt(ask, new, 20)
    seconds = expected_seconds(ask.inspect(pace, ask.prompt, prompt, new), new)
    step = ask.measure(
        rooflines,
        ask.prompt,
        prompt,
        new,
        label="Measure",
        cost=f"About **{duration(seconds)}** on this machine. You can stop at any time and keep "
        "what was measured.",
        told=told,
        asks=(ASKS, tuple(ANSWERS.values())),
        seconds=seconds,
    )
    assert step.found is not None
    return step.found


def told(so_far: RooflineStep) -> tuple[float, str, bool]:
    rounds = so_far.found.rounds if so_far.found else 0
    says = f"Round {rounds + 1}" if rounds else "Counting operations and warming up"
    return so_far.share, says, so_far.found is not None


def roof(ask: Ask) -> Shown:
    found = measured(ask)
    return replace(below_roof(ask, found), figure=roofline_chart(found))


def below_roof(ask: Ask, found: Roofline) -> Shown:
    """Return all but the figure."""
    step, work = found.passes[1], found.work
    counted = not work.no_formula
    return Shown(
        None,
        alt="Operations per second against operations per byte, below the machine's roof; the step "
        f"with the cache has {parts.ratio(step.intensity)} operations for each byte.",
        told=why(found) + parts.measured_by(ask, found.at, found.machine),
        checks=found.checks,
        unchecked="Operations were counted by torch on the real passes. There is no formula beside "
        f"them: {work.no_formula}.",
        table=lambda: roofline_table(found),
        code=code.work_code(
            parts.lines_for(ask, found.machine.dtype), ask.prompt, work.prompt, work.new
        ),
        read="The grey roof is what this machine can do: left of its corner (ridge point) moving "
        "bytes limits (memory-bound), right of it computing (compute-bound). How far a mark lies "
        "below is what calling many small operations costs."
        + (EXPERTS if work.experts else "")
        + parts.machine_line(found.machine),
        formula=FORMULA if counted else "",
        symbols=SYMBOLS if counted else "",
        predict=answered(found),
        tries="Fewer new tokens, or a longer prompt: which mark moves to the right? Another dtype: "
        "where does the ridge point go?",
        facts={
            "prompt_tokens": work.prompt,
            "new_tokens": work.new,
            "matrix_flop_per_s": found.matrix_rate,
            "matrix_side": found.side,
            "copy_byte_per_s": found.copy_rate,
            "copied_bytes": found.copied,
            "pass_lengths": list(found.lengths),
            "pass_seconds": list(found.seconds),
            "measured_at": clock(found.at),
        }
        | asdict(found.machine),
    )


BELOW_ROOF = View("", roof)
