"""What is said of a comparison of logits: how far they differ, why, and the texts."""

from math import isnan

import numpy as np

from components.figures.visible import visible
from components.inspection.kv_cache.agreement import Agreement
from components.widgets.markup import coded, literal
from pages.output.kv_cache import parts

ANSWERS = ("exactly the same", "almost", "clearly different")
MOST_SHOWN = 120
"""Characters of a text in a sentence; the whole of it is in the table."""


def answer(found: Agreement) -> str:
    return ANSWERS[0] if found.worst == 0 else ANSWERS[1 if found.same_text else 2]


def numbers(found: Agreement) -> str:
    if isnan(found.worst):
        from_step = 1 + int(np.isnan(found.difference).argmax())
        return (
            f"From step {from_step} on there are logits that are no numbers, and nothing follows "
            f"from them: {found.dtype} is too narrow for this text."
        )
    largest = float(found.largest.max())
    roundings = found.worst / (found.rounding * largest)
    return (
        f"Over {len(found.tokens)} steps no logit differs by more than **{found.worst:.2g}**; the "
        f"largest logit is {largest:.3g}, so that is {parts.ratio(roundings)} times the distance "
        f"from it to the next number of {found.dtype}."
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
    if isnan(found.worst):
        return ""
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
        f"With the cache: {quoted(written)}  \nWithout: {quoted(''.join(found.without))}"
    )


def quoted(text: str) -> str:
    return literal(text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…")
