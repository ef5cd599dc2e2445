"""Two blocks drawn one above the other, with what stands in their boxes."""

import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.layers.block_drawing import (
    ATTENTION,
    BLOCKS,
    MLP,
    NORM,
    Drawn,
    Row,
    blocks_drawing,
)
from components.figures.once import drawn_once
from components.inspection.architecture.block_style import UNKNOWN, BlockStyle
from components.inspection.layers.placement import WORDS


def told_of(style: BlockStyle, name: str) -> str:
    """Return one aspect of a style in a few words."""
    if name == "placement":
        return WORDS[style.placement]
    if name == "sharing":
        if not style.heads:
            return UNKNOWN
        if style.heads == style.kv_heads:
            return f"no: {style.heads} heads, each with its own"
        return f"yes: {style.heads} query heads on {style.kv_heads} key-value heads"
    if name == "gated":
        size = f", {style.neurons:,} neurons on {style.width:,}" if style.neurons else ""
        return UNKNOWN if not style.neurons else ("yes" if style.gated else "no") + size
    if name == "biased":
        return "yes" if style.biased else "none"
    if name == "tied":
        return {None: "no head", True: "yes: tied", False: "no"}[style.tied]
    return str(getattr(style, name))


@drawn_once
def blocks_drawn(*styles: BlockStyle) -> go.Figure:
    """Draw the block of each, with its norms, its heads and its activation by name."""
    return blocks_drawing([_row(style) for style in styles], 20 + 120 * len(styles))


def style_table(one: BlockStyle, other: BlockStyle) -> pd.DataFrame:
    """Return a row for each aspect and size."""
    names = ("placement", "norm", "positions", "sharing", "activation", "gated", "biased", "tied")
    sizes = ("layers", "width", "heads", "kv_heads", "neurons", "parameters")
    return pd.DataFrame(
        {
            "aspect": [*names, *sizes],
            one.name: [told_of(one, name) for name in (*names, *sizes)],
            f"{other.name} ": [told_of(other, name) for name in (*names, *sizes)],
        }
    )


def _row(style: BlockStyle) -> Row:
    # In two lines, so that they fit their boxes on a phone.
    names = {
        NORM: style.norm.replace("Norm", "<br>Norm"),
        ATTENTION: _heads(style).replace(" heads", "<br>heads"),
        MLP: _mlp(style).replace("GLU", "<br>GLU"),
    }
    block = BLOCKS.get(style.placement, Drawn(()))
    return Row(f"{theme.label(style.name, 40)}: {WORDS[style.placement]}", block, names=names)


def _heads(style: BlockStyle) -> str:
    if not style.heads or style.heads == style.kv_heads:
        return f"{style.heads} heads" if style.heads else "attention"
    return f"{style.heads} on {style.kv_heads} heads"


def _mlp(style: BlockStyle) -> str:
    if style.activation in (UNKNOWN, "mixture of experts"):
        return "experts" if style.activation != UNKNOWN else "MLP"
    name = style.activation.partition(" (")[0]
    return (
        {"SiLU": "SwiGLU", "GELU": "GeGLU", "ReLU": "ReGLU"}.get(name, name)
        if style.gated
        else name
    )
