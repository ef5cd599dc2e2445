"""View: what limits a pass here, and why fewer positions do not save as much time."""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from components.figures.kv_cache.work import pass_times, roofline_chart
from components.inspection.kv_cache.roofline import (
    Limit,
    Roofline,
    RooflineStep,
    expected_seconds,
    rooflines,
)
from components.inspection.kv_cache.timing import pace
from components.lesson import Ask, Predict, Shown, View
from components.widgets.measuring import duration
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.attention_share import SHARE
from pages.output.kv_cache.book_times import BOOK_TIMES
from pages.output.kv_cache.positions_computed import COUNTED

ASKS = "The last step with the cache: what limits it on this machine?"
ANSWERS: dict[Limit, str] = {
    "memory": "bytes moved",
    "compute": "operations",
    "overhead": "starting many small ones",
}
LIMITS: dict[Limit, str] = {
    "memory": "moving bytes limits it: it is memory-bound",
    "compute": "computing limits it: it is compute-bound",
    "overhead": "neither bytes nor operations limit it, but what starting many small ones costs",
}
MORE = ("less than 2 times", "2 to 10 times", "more than 10 times")
FORMULA = r"F=2\,W\,n+\sum_{l=1}^{L}4\,H\,d\,n\,T_l+2\,V\,D"
SYMBOLS = (
    "The formula: 2 × numbers in the blocks' matrices (W) × positions (n) + 4 × heads × head size "
    "× positions × tokens attended to (T), over all layers, + 2 × vocabulary × width, since the "
    "vocabulary's logits are asked for at one position only. Operations were counted by torch on "
    "the real passes."
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
    return below_roof(ask, measured(ask))


def below_roof(ask: Ask, found: Roofline) -> Shown:
    step, work = found.passes[1], found.work
    right = ANSWERS[found.limit(step)]
    counted = not work.no_formula
    return Shown(
        roofline_chart(found),
        alt="Operations per second against operations per byte, below the machine's roof; the step "
        f"with the cache has {step.intensity:.2g} operations for each byte.",
        told=why(found) + parts.measured_by(ask, found.at),
        checks=found.checks,
        unchecked="Operations were counted by torch on the real passes. There is no formula beside "
        f"them: {work.no_formula}.",
        table=lambda: pd.DataFrame([row(found, number) for number in range(3)]),
        code=code.work_code(
            parts.lines_for(ask, found.machine.dtype), ask.prompt, work.prompt, work.new
        ),
        read="The grey roof is what this machine can do: left of its corner (ridge point) moving "
        "bytes limits (memory-bound), right of it computing (compute-bound). How far a mark lies "
        "below is what calling many small operations costs."
        + (
            " torch's counter has no formula for products of experts and leaves them out; here "
            "they are counted: each row meets one matrix."
            if work.experts
            else ""
        )
        + parts.machine_line(found.machine),
        formula=FORMULA if counted else "",
        symbols=SYMBOLS if counted else "",
        predict=Predict(
            ASKS,
            tuple(ANSWERS.values()),
            right,
            f"It reaches 1/{below(found):.2g} of the roof at its arithmetic intensity: "
            f"{LIMITS[found.limit(step)]}.",
            roofline_chart(found),  # what is told below it waits, since it has the answer
        ),
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
            "measured_at": parts.clock(found.at),
        }
        | asdict(found.machine),
    )


def below(found: Roofline) -> float:
    """Return how many times below the roof the step with the cache lies."""
    step = found.passes[1]
    return max(found.roof(step.intensity) / step.rate, 1.0)


def why(found: Roofline) -> str:
    step, bare = found.passes[1], found.passes[2]
    more = bare.done.operations / step.done.operations
    limit = found.limit(step)
    said = (
        f"The last step without the cache does **{more:,.0f} times** the operations of the one "
        f"with it, and takes **{bare.seconds / step.seconds:.1f} times** as long. With the cache "
        f"there are {step.intensity:.2g} operations for each byte (arithmetic intensity; the ridge "
        f"point is at {found.ridge:.2g}), and the step reaches 1/{below(found):.2g} of what the "
        f"roof allows there: {LIMITS[limit]}. Without, there are {bare.intensity:.2g} for each "
        f"byte, and {bare.rate / step.rate:.1f} times as many are done each second."
    )
    if found.share < 1:
        stopped = f":orange[Stopped after {found.share:.0%} of the rounds.]"
        said = f"{stopped} Medians are over those. {said}"
    if limit == "overhead":
        said += " A model this small cannot show what limits a large one."
    return said


def row(found: Roofline, number: int) -> dict[str, object]:
    each = found.passes[number]
    return {
        "pass": each.done.name,
        "positions": each.done.positions,
        "MFLOP": round(each.done.operations / 1e6, 2),
        "MB in and out": round(each.done.matrix_bytes / 1e6, 2),
        "of which weights": round(each.done.weight_bytes / 1e6, 2),
        "cache looked up (MB)": round(each.done.cache_bytes / 1e6, 3),
        "FLOP/byte": round(each.intensity, 2),
        "ms": round(each.seconds * 1e3, 2),
        "GFLOP/s": round(each.rate / 1e9, 2),
        "GB/s": round(each.done.matrix_bytes / each.seconds / 1e9, 2),
        "limit": found.limit(each),
    }


def passes(ask: Ask) -> Shown:
    found = measured(ask)
    one, all_, most = found.seconds[0], found.seconds[-1], found.lengths[-1]
    return replace(
        below_roof(ask, found),
        figure=pass_times(found),
        alt=f"Milliseconds of a pass against the positions in it: {one * 1e3:.2f} for one, "
        f"{all_ * 1e3:.2f} for {most}.",
        told=f"A pass over {most} positions takes **{all_ / one:.1f} times** as long as one over a "
        f"single position: {all_ * 1e3:.2f} and {one * 1e3:.2f} ms."
        + parts.measured_by(ask, found.at),
        predict=Predict(
            f"A pass over {most} positions: how many times as long does it take as over one?",
            MORE,
            MORE[int(np.digitize(all_ / one, [2, 10]))],
            f"{all_ / one:.1f} times: what every pass costs, however few positions are in it, is "
            "paid once.",
        ),
        tries="",
        table=lambda: pd.DataFrame(
            {"positions": found.lengths, "ms": [each * 1e3 for each in found.seconds]}
        ),
        read="A pass over one position already costs much: **the matrices of all layers are read "
        "and every layer is started, however few positions there are**. Further ones in the pass "
        "are cheap. Dotted: if each took as long as the first." + parts.machine_line(found.machine),
    )


VIEW = View(
    "With the cache most positions are never computed again. Yet the time saved is far less than "
    "the positions saved. Here is why.",
    kind="Plot",
    kinds={"Roofline": View("", roof), "Pass times": View("", passes)},
    further={
        "Positions computed": COUNTED,
        "The book's 4.8 times": BOOK_TIMES,
        "Attention's share of the work": SHARE,
    },
)
