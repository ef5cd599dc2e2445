"""A fold of Frequencies: two ways to form pairs of a head's numbers."""

from components.figures.positions.schemes import two_maps
from components.figures.positions.tables import square
from components.inspection.positions.spectrum import compare_pairings
from components.lesson import Ask, Shown, View
from pages.inside.positions import code
from pages.inside.positions.rotating import MOST_DRAWN, layer_and_head, only_the_first


def conventions(ask: Ask) -> Shown:
    found = ask.inspect(compare_pairings, ask.prompt, *layer_and_head(ask))
    rope, few = found.rope, slice(0, MOST_DRAWN)
    half, start = rope.rotated // 2, rope.start
    return Shown(
        two_maps(found.right[few, few], found.wrong[few, few], found.tokens[few])
        if rope.pairs > 1
        else None,
        alt="One head's attention with its own pairs, and with pairs formed the other way.",
        told=f"{ask.model_name} is **{rope.convention}**. Not converted (the slip when weights "
        f"move from one program to another), scores are off by up to "
        f"**{found.mistaken_error:.2g}**.{only_the_first(len(found.tokens))}"
        if rope.pairs > 1
        else "Only one pair of a head is rotated here, so there is only one way to form it.",
        checks=found.checks,
        table=lambda: square(found.right[few, few], found.tokens[few]),
        code=code.CONVERT[rope.convention] if rope.pairs > 1 and rope.rotated == rope.size else "",
        read=f"**Split-half** pairs number i with number i + {half}; **interleaved** pairs 2i with "
        "2i + 1"
        + (f" (counted from number {start}, the first that is rotated)" if start else "")
        + ". Reorder the numbers of query and key, and one becomes the other: a dot product does "
        "not mind the order. Rows are query tokens, columns key tokens.",
    )


PAIRINGS = View("The same rotation, written down twice.", conventions)
