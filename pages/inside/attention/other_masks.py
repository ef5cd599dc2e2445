"""A kind of Masks and sharing: the masks of other models, and how far a token reaches in each."""

import pandas as pd

from components.figures.attention.patterns import mask_square
from components.inspection.attention.patterns import MASKS, mask, reach
from components.lesson import Ask, Shown, View
from pages.inside.attention.masks import SAYS

TOKENS = 24
WINDOWED = ("sliding window", "strided", "fixed blocks")


def show(ask: Ask) -> Shown:
    kind = ask.choice_of("Mask", "mask", MASKS)
    width = int(ask.slider("Width", "width", 1, 12, 4)) if kind in WINDOWED else 4
    layers = int(ask.slider("Layers", "layers", 1, 12, 3)) if kind != "cross" else 1
    allowed = ask.compute(mask, kind, 8 if kind == "cross" else TOKENS, TOKENS, width)
    told = f"**{int(allowed.sum())}** of {allowed.size} query-key pairs are computed."
    if kind != "cross":
        reached = int(ask.compute(reach, allowed, layers)[-1])
        told += (
            f" After {layers} layer{'s' * (layers > 1)}, the last of {TOKENS} tokens has been "
            f"reached by **{reached}** of them."
        )
    return Shown(
        mask_square(allowed),
        alt=f"A {kind} mask: {int(allowed.sum())} of {allowed.size} query-key pairs.",
        told=f"{SAYS[kind]} {told}",
        unchecked="Drawn from its definition: there is no network to compare with. The loaded "
        "model's own mask is **this model's mask**.",
        table=lambda: pd.DataFrame(allowed.astype(int)),
        read="Violet: the query token (row) may attend to the key token (column). Tokens are "
        "numbered.",
        tries="A sliding window of 4: how many layers until the last token is reached by all?",
    )


OTHER_MASKS = View("", show)
