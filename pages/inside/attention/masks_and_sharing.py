"""View: who may attend to whom, and which heads share keys and values."""

import numpy as np
import pandas as pd

from components.figures.attention.patterns import mask_square, square_growth, wiring
from components.figures.visible import visible
from components.inspection.attention.patterns import MASKS, MaskKind, Sharing, mask, reach
from components.inspection.attention.patterns import score_bytes as bytes_of
from components.inspection.causality import LastTokenChanged, last_token_changed
from components.inspection.checks import short
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded, literal
from pages.inside.attention.choices import Reading, maps_of

TOKENS = 24
MOST_DRAWN = 64
LENGTHS = (512, 2048, 4096, 8192, 32768, 131072)
SAYS: dict[MaskKind, str] = {
    "causal": "Each token attends to itself and what came before: what a decoder does.",
    "bidirectional": "Every token attends to every other: what an encoder does.",
    "sliding window": "Each token attends to the last few only (Mistral 7B v0.1, half of Gemma 2's "
    "layers). Farther tokens arrive through the layers, each of which reaches one window further.",
    "strided": "The last few, and then every *width*-th one before (Sparse Transformer).",
    "fixed blocks": "Its own block, and the last token of each block before (Sparse Transformer).",
    "cross": "The decoder's tokens (rows) attend to all of the encoder's (columns).",
}


def own(ask: Ask) -> Shown:
    asked, maps = maps_of(ask)
    alike = bool((maps.visible == maps.visible[:1]).all())
    layer = maps.numbers[0] if alike else ask.layer(maps.numbers)
    allowed = maps.visible[maps.place_of(layer)]
    count, few = f"{int(allowed.sum()):,}", slice(0, MOST_DRAWN)
    predict, unasked = question(ask, asked)
    return Shown(
        mask_square(allowed[few, few], maps.readers[few], maps.read[few]),
        alt=f"The mask of layer {layer}: {count} of {allowed.size:,} query-key pairs are allowed.",
        told=f"The mask of {ask.model_name}: **{count}** of {allowed.size:,} query-key pairs are "
        f"allowed. {kind_of(allowed, asked.group)}"
        + ("" if alike else " The layers have different masks here (some see a window only).")
        + (
            f" Drawn are the first {MOST_DRAWN} tokens; the pattern continues."
            if max(allowed.shape) > MOST_DRAWN
            else ""
        )
        + unasked,
        checks=maps.checks,
        table=lambda: pd.DataFrame(allowed.astype(int)),
        read="Violet: the query token (row) may attend to the key token (column). Empty: masked. "
        "In the table, 1 is an allowed pair; a row is a query token.",
        predict=predict,
        tries="Choose **other masks** above, and compare how far a token reaches.",
        facts={"attention": asked.group, "layer": layer},
    )


def kind_of(allowed: np.ndarray, group: str) -> str:
    if group == "cross":
        return "Cross-attention: the decoder's tokens attend to all of the encoder's."
    if allowed.all():
        return "Bidirectional: each token attends to those before and after it."
    back = np.arange(len(allowed))[:, None] - np.arange(len(allowed))
    if np.array_equal(allowed, back >= 0):
        return "Causal: each token attends to itself and those before it."
    width = int(allowed.sum(-1).max())
    if np.array_equal(allowed, (back >= 0) & (back < width)):
        return f"A sliding window: each token attends to itself and the {width - 1} before it."
    reach = int(np.abs(back[allowed]).max())
    if np.array_equal(allowed, np.abs(back) <= reach):
        return f"A window to both sides: each token attends to the {reach} before and after it."
    ahead = "" if not (allowed & (back < 0)).any() else " Some tokens attend to later ones, too."
    return f"A pattern of its own, as drawn.{ahead}"


def question(ask: Ask, asked: Reading) -> tuple[Predict | None, str]:
    """Return the question, or None and why the last token cannot be changed here."""
    if asked.group == "cross":
        return None, ""
    try:
        found: LastTokenChanged = ask.inspect(last_token_changed, *asked.arguments)
    except InspectionError as error:
        return None, f" {literal(str(error))}"
    before, after = coded(visible(found.before)), coded(visible(found.after))
    asks = Predict(
        "Change the last token of the prompt. Does anything change at the tokens before it?",
        ("yes", "no"),
        "yes" if found.looks_ahead else "no",
        f"{before} became {after}. The hidden states of all earlier tokens changed by at most "
        f"**{short(found.earlier)}** of their norm, the last one's by {found.stream[-1]:.0%}. "
        + (
            "Here tokens attend both ways: every token knows the whole text."
            if found.looks_ahead
            else "A causal model cannot look ahead, so what it has computed stays true: that is "
            "why keys and values can be cached."
        ),
    )
    return asks, ""


def shared(ask: Ask) -> Shown:
    _, maps = maps_of(ask)
    heads, tokens = maps.heads, ask.facts.context
    counts = [number for number in range(1, heads + 1) if heads % number == 0]
    kv_heads = ask.choice_of(
        "Key-value heads",
        "kv_heads",
        counts,
        maps.kv_heads if maps.kv_heads in counts else heads,
        hint="The model's own number to begin with; change it to see what others would cost.",
    )
    every = {each: Sharing(heads, each, maps.key_size, maps.layers) for each in counts}
    found, sizes = every[kv_heads], {n: each.cache_bytes(tokens) for n, each in every.items()}
    mib = f"{sizes[kv_heads] / 2**20:,.2f}"
    smaller = (
        f", {sizes[heads] / sizes[kv_heads]:.0f} times smaller than with a key-value head for each "
        "query head"
        if kv_heads != heads
        else ""
    )
    return Shown(
        wiring(found),
        alt=f"{heads} query heads read {kv_heads} key-value heads: {found.name}.",
        told=f"**{found.name}**{', as this model has it' if kv_heads == maps.kv_heads else ''}: "
        f"{found.group} query head{'s' * (found.group > 1)} to each key-value head. A cache of "
        f"{tokens:,} tokens takes **{mib} MiB**{smaller}.",
        unchecked="Arithmetic on this model's own numbers of layers, heads and entries; what its "
        "cache really keeps is compared with it on the page *Key-value cache*.",
        table=lambda: pd.DataFrame(
            {
                "key-value heads": counts,
                "called": [each.name for each in every.values()],
                "query heads to each": [each.group for each in every.values()],
                "cache (MiB)": [size / 2**20 for size in sizes.values()],
            }
        ),
        read="Above the query heads, below the key-value heads; a line joins a query head to the "
        "head whose keys and values it uses.",
        formula=rf"2 \cdot {maps.layers} \cdot {kv_heads} \cdot {maps.key_size} \cdot {tokens:,} "
        rf"\cdot 2 = {mib}\ \text{{MiB}}".replace(",", "{,}"),
        symbols=f"Keys and values × layers that attend × key-value heads × size × {tokens:,} "
        f"tokens × 2 bytes{smaller}. So much a cache takes that keeps keys and values of all "
        "tokens as they are, in bfloat16; what this model's own keeps is on the page *Key-value "
        "cache*.",
        tries="One key-value head (MQA): how much smaller is the cache, and what do all heads then "
        "have in common?",
    )


def gallery(ask: Ask) -> Shown:
    kind = ask.choice_of("Mask", "mask", MASKS)
    windowed = kind in ("sliding window", "strided", "fixed blocks")
    width = int(ask.slider("Width", "width", 1, 12, 4)) if windowed else 4
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
        "model's own mask is **this model's**.",
        table=lambda: pd.DataFrame(allowed.astype(int)),
        read="Violet: the query token (row) may attend to the key token (column). Tokens are "
        "numbered.",
        tries="A sliding window of 4: how many layers until the last token is reached by all?",
    )


def growth(ask: Ask) -> Shown:
    sizes = [bytes_of(length) for length in LENGTHS]
    return Shown(
        square_growth(LENGTHS, sizes),
        alt=f"One head's scores take {sizes[0] / 2**20:,.1f} MiB at {LENGTHS[0]} tokens and "
        f"{sizes[-1] / 2**20:,.0f} MiB at {LENGTHS[-1]:,}.",
        told=f"Twice the tokens, four times the pairs: at {LENGTHS[-1]:,} tokens one head's scores "
        f"take **{sizes[-1] / 2**20:,.0f} MiB**. FlashAttention never writes this square down: it "
        "goes over it in tiles, keeping a running maximum and sum. The result is the same.",
        unchecked="Arithmetic: tokens times tokens times two bytes.",
        table=lambda: pd.DataFrame(
            {
                "tokens": LENGTHS,
                "query-key pairs": [length * length for length in LENGTHS],
                "one head's scores in 16 bits (MiB)": [size / 2**20 for size in sizes],
            }
        ),
        read="Both axes are logarithmic: a straight line of slope 2 is growth with the square.",
    )


VIEW = View(
    "Not every token may attend to every other, and not every head has keys and values of its own.",
    kind="Part",
    kinds={
        "this model's mask": View("", own),
        "shared keys and values": View("", shared),
        "other masks": View("", gallery),
    },
    further={
        "Why it matters: the square grows fast": View(
            "A full mask has as many pairs as tokens times tokens.", growth
        )
    },
)
