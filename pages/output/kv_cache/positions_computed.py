"""A fold of two views: which positions each step computes, and which it looks up in the cache."""

import pandas as pd

from components.figures.kv_cache.work import positions_grid
from components.inspection.kv_cache.arithmetic import positions, solid_check
from components.lesson import Ask, Shown, View
from pages.output.kv_cache import parts


def counted(ask: Ask) -> Shown:
    new = parts.asked_new(ask, ask.facts.context // 2, 32)
    start = parts.start(ask, parts.asked_prompt(ask, new))
    cached, bare = (positions(start, new, way) for way in ("with", "without"))
    figure = positions_grid(start, new)
    solid = sum(int((trace.z == 2).sum()) for trace in figure.data)
    formula = (
        rf"\text{{with}}: P+N-1={cached:,}\qquad\text{{without}}: N\,P+\tfrac{{N(N-1)}}{{2}}="
        rf"{bare:,}"
    )
    return Shown(
        figure,
        alt=f"Which positions are computed at each step: {cached:,} with a cache, {bare:,} "
        "without.",
        told=f"**{bare:,}** positions without, **{cached:,}** with: {bare / cached:.1f} times "
        "fewer.",
        checks=(solid_check(start, new, solid),),
        table=lambda: by_step(start, new),
        code=f"""prompt, new = {start}, {new}
print(prompt + new - 1, "positions with the cache")
print(sum(prompt + step for step in range(new)), "positions without")
""",
        read="Each row is a step, each column a position in the text. Solid: computed; pale: "
        "looked up in the cache. Nothing is measured here.",
        formula=formula.replace(",", "{,}").replace(r"\{,}", r"\,"),
        symbols=f"P = {start:,} tokens before the first step, N = {new:,} new ones.",
    )


def by_step(start: int, new: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "step": range(new),
            "computed with the cache": [start, *[1] * (new - 1)],
            "looked up": [0, *range(start, start + new - 1)],
            "computed without": range(start, start + new),
        }
    )


COUNTED = View("With the cache, no position is computed twice.", counted)
