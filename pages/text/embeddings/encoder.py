"""A model that was trained to embed sentences, offered by name where the chosen one was not."""

from dataclasses import dataclass
from typing import Final

from components import engine
from components.inspection.access import access
from components.inspection.catalogue import ENCODER
from components.inspection.embeddings.own_encoder import own_encoder
from components.lesson import Ask
from components.widgets.markup import coded, literal
from components.widgets.other_model import take_button

SHORT: Final = "MiniLM"
"""What the encoder is called where a line is short."""


@dataclass(frozen=True)
class Offer:
    """What is said, as Markdown, of the chosen model and of the encoder."""

    told: str = ""
    """A line to tell below the figure; empty where there is nothing to say."""
    read: str = ""
    """The reasons, a paragraph to end *How to read it* with; empty where none is offered."""


def offered(ask: Ask) -> Offer:
    """Offer the encoder as a button, and say whether it is on this machine; where the chosen model
    states how it embeds sentences, say only what of that is not done."""
    own = ask.consult(own_encoder)
    if own.pooling is not None or ask.choice.source == ENCODER.source:
        return Offer(literal(own.said))
    here, hub = engine.on_this_machine(ENCODER.source), access().hub
    if here or hub:
        take_button(ask, ENCODER, SHORT)
    short, long = (
        ("is on this machine", "on this machine")
        if here
        else (
            "can be fetched (91 MB)",
            "not on this machine: taking it fetches 91 MB, once; a folder of it will do too",
        )
        if hub
        else ("is not on this machine", "not on this machine")
    )
    # No name, which may be long: one line has room for this.
    untrained = "This model's files do not say that it was trained to embed sentences."
    trained = f"{coded(ENCODER.source)} was trained to embed sentences; it is {long}."
    if not own.said:
        trained += f" Nothing in the files of {ask.model_name} says the same of it."
    return Offer(
        f"{literal(own.said) or untrained} {SHORT}, a sentence encoder, {short}.", f"\n\n{trained}"
    )
