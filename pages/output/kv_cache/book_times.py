"""A part of Roofline: a book's two totals, and what one more position costs by them."""

import pandas as pd

from components.figures.kv_cache.work import first_positions
from components.inspection.kv_cache.arithmetic import BOOK, extra_position_seconds, positions
from components.lesson import Ask, Shown, View


def book(ask: Ask) -> Shown:
    start, new, cached, bare = BOOK
    step, more = ask.compute(extra_position_seconds, *BOOK)
    without, with_ = positions(start, new, "without"), positions(start, new, "with")
    average = start + (new - 1) / 2
    return Shown(
        first_positions(step, more, average),
        alt=f"A step takes {step * 1e3:.0f} ms for its first position and {more * 1e3:.1f} ms for "
        "each further one.",
        told=f"*Hands-On Large Language Models* times Phi-3-mini on one GPU: {new} tokens in "
        f"**{cached} s** with the cache and **{bare} s** without, {bare / cached:.1f} times, "
        f"although {without / with_:.0f} times fewer positions are computed: its prompt is {start} "
        f"tokens long, by the 25 ids that it prints and the start token before them ({without:,} "
        f"positions without, {with_:,} with; GPT-2 cuts the same prompt into 20).  \nFrom these "
        f"numbers: a step with the cache takes {cached / new * 1e3:.0f} ms; a step without "
        f"{bare / new * 1e3:.0f} ms, with {average - 1:.1f} more positions in it on average. So a "
        f"further position costs **{more * 1e3:.1f} ms**, the first one **{step * 1e3:.0f} ms**: "
        "for it alone all 7.6 GB of weights are read. The cache saves the cheap positions; the "
        "expensive one is left. (Published timings vary: the book's own notebook has 6.66 ± 2.22 s "
        "against 21.9 s, without a warm-up.)",
        unchecked="Published numbers, taken as they are; nothing of them is measured here.",
        table=lambda: pd.DataFrame(
            {
                "": ["with the cache", "without"],
                "tokens": new,
                "in all (s)": [cached, bare],
                "positions computed": [with_, without],
                "a step (ms)": [cached / new * 1e3, bare / new * 1e3],
            }
        ),
        read="The line is fitted through the book's two totals: a pass over one position, and one "
        "over as many as a step without the cache has on average.",
        code=f"""step = {cached} / {new}  # seconds of a step with the cache: one position
more = ({bare} / {new} - step) / ({start} + ({new} - 1) / 2 - 1)
print(f"{{step * 1e3:.0f}} ms for the first position, {{more * 1e3:.1f}} ms for each further one")
""",
    )


BOOK_TIMES = View("Two published totals tell what one more position costs.", book)
