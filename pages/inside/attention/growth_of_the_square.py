"""A fold of Masks and sharing: what one head's scores take, as a text grows."""

from components.figures.attention import tables
from components.figures.attention.patterns import square_growth
from components.inspection.attention.patterns import score_bytes
from components.lesson import Ask, Shown, View

LENGTHS = (512, 2048, 4096, 8192, 32768, 131072)


def show(ask: Ask) -> Shown:
    sizes = [score_bytes(length) for length in LENGTHS]
    return Shown(
        square_growth(LENGTHS, sizes),
        alt=f"One head's scores take {sizes[0] / 2**20:,.1f} MiB at {LENGTHS[0]} tokens and "
        f"{sizes[-1] / 2**20:,.0f} MiB at {LENGTHS[-1]:,}.",
        told=f"Twice the tokens, four times the pairs: at {LENGTHS[-1]:,} tokens one head's scores "
        f"take **{sizes[-1] / 2**20:,.0f} MiB**. FlashAttention never writes this square down: it "
        "goes over it in tiles, keeping a running maximum and sum. The result is the same.",
        unchecked="Arithmetic: tokens times tokens times two bytes.",
        table=lambda: tables.growth(LENGTHS, sizes),
        read="Both axes are logarithmic: a straight line of slope 2 is growth with the square.",
    )


GROWTH_OF_THE_SQUARE = View("A full mask has as many pairs as tokens times tokens.", show)
