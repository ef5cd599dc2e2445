"""A part of Contents: what each layer keeps."""

from components.figures.kv_cache.contents import layer_bars
from components.figures.kv_cache.tables import layer_table
from components.lesson import Ask, Shown, View
from pages.output.kv_cache import code, parts


def layers(ask: Ask) -> Shown:
    found = parts.contents_of(ask)
    return Shown(
        layer_bars(found),
        alt=f"Bytes of each of {len(found.layer_bytes)} layers, up to "
        f"{found.layer_bytes.max(initial=0):,}.",
        told=f"The largest layer holds **{found.layer_bytes.max(initial=0):,} bytes**, the "
        f"smallest {found.layer_bytes.min(initial=found.layer_bytes.max(initial=0)):,}.",
        checks=found.checks,
        unchecked=found.shape.lawless,
        table=lambda: layer_table(found),
        code=code.contents_code(parts.lines_for(ask, found.dtype), ask.prompt),
        read="A bar for each layer: the bytes of what it keeps, after all tokens were written. "
        "The table has the names and axes (batch, head, token, size) of what lies there, and the "
        "window of layers that slide.",
    )


LAYER_BY_LAYER = View("What each layer keeps.", layers)
