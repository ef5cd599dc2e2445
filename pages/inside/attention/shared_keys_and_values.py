"""A kind of Masks and sharing: which query heads use the keys and values of which head."""

from components.figures.attention import tables
from components.figures.attention.patterns import wiring
from components.inspection.attention.patterns import Sharing
from components.lesson import Ask, Shown, View
from pages.inside.attention.choices import maps_of


def show(ask: Ask) -> Shown:
    _, maps = maps_of(ask)
    heads, tokens = maps.heads, ask.facts.context
    counts = [number for number in range(1, heads + 1) if heads % number == 0]
    own = maps.kv_heads if maps.kv_heads in counts else heads
    kv_heads = ask.choice_of("Key-value heads", "kv_heads", counts, own, hint=OWN)
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
        table=lambda: tables.sharing(list(every.values()), tokens),
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


OWN = "The model's own number to begin with; change it to see what others would cost."

SHARED_KEYS_AND_VALUES = View("", show)
