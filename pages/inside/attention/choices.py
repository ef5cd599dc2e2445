"""What all views of the attention page ask: which attention, layer and head, which tokens."""

from dataclasses import dataclass
from typing import Final

from components.engine import ModelChoice
from components.inspection.attention.maps import AttentionMaps, Group, attention_maps, groups
from components.inspection.attention.window import Window, window_at
from components.inspection.errors import InspectionError
from components.lesson import Ask

NAMES: Final[dict[Group, str]] = {
    "encoder": "encoder self-attention",
    "decoder": "decoder self-attention",
    "cross": "cross-attention",
}

DISPLAY: Final = "Display"
"""The list that opens, of what changes the picture only."""


@dataclass(frozen=True)
class Reading:
    """What is read by whom: the arguments that every inspection of attention takes."""

    choice: ModelChoice
    text: str
    target: str | None
    group: Group
    two_stacks: bool = False
    """The model has an encoder and a decoder."""

    @property
    def arguments(self) -> tuple[str, str | None, Group]:
        """Text, target and group, as inspections take them."""
        return self.text, self.target, self.group


def reading_of(ask: Ask, writes: bool = False) -> Reading:
    """Ask which attention is meant, where a model has several, and what its decoder reads.

    What a view `writes` it writes in the decoder; other views begin with the encoder, which has
    the prompt to read.

    Raises:
        InspectionError: the model has no attention.
    """
    found = ask.inspect(groups)
    if len(found) == 1:
        return Reading(ask.choice, ask.prompt, None, found[0])
    first: Group = found[0] if writes or "encoder" not in found else "encoder"
    group = ask.choice_of("Attention", "group", found, first, says=NAMES)
    return Reading(ask.choice, ask.prompt, ask.target(), group, two_stacks=True)


def maps_of(ask: Ask) -> tuple[Reading, AttentionMaps]:
    """Ask for a reading; return it and all its weights."""
    asked = reading_of(ask)
    return asked, ask.inspect(attention_maps, *asked.arguments)


def layer_and_head(ask: Ask, maps: AttentionMaps) -> tuple[int, int]:
    """Ask for a layer that attends so, by its number in the network, and for a head.

    Raises:
        InspectionError: this stack has fewer heads than the model's first.
    """
    layer, head = ask.layer(maps.numbers), ask.head()
    if head >= maps.heads:
        raise InspectionError(f"There are {maps.heads} heads here, 0 to {maps.heads - 1}.")
    return layer, head


def sharing(maps: AttentionMaps) -> str:
    """Say which heads share their keys and values."""
    if maps.kv_heads == maps.heads:
        return "Each head has queries, keys and values of its own."
    group = maps.heads // maps.kv_heads
    return f"Each {group} neighbouring heads share their keys and values (head // {group})."


def window_of(ask: Ask, readers: int, read: int, most: int, same: bool) -> tuple[Window, str]:
    """Ask which stretch of a long text is drawn; return it, and what is to be said of it.

    `same`: query and key tokens are the same. A short text is drawn whole, and nothing said.
    """
    length = max(readers, read)
    if length <= most:
        return Window(0, readers, 0, read), ""
    start = int(ask.slider("First token drawn", "from", 0, length - most, 0))
    window = window_at(start, readers, read, most, same)
    if not same:
        column = max(0, min(start, read - most))
        window = Window(window.first_row, window.last_row, column, min(read, column + most))
    return window, (
        f" The text has {length:,} tokens; {most} of them are drawn at a time, and every number is "
        "still that of the whole text."
    )
