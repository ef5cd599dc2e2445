"""A model that was trained to embed sentences, offered by name where the chosen one was not."""

from components import engine
from components.inspection.access import access
from components.inspection.catalogue import ENCODER
from components.inspection.embeddings.own_encoder import own_encoder
from components.lesson import Ask
from components.widgets.markup import coded, literal
from components.widgets.other_model import take_button


def offered(ask: Ask) -> str:
    """Offer the encoder as a button, and say as Markdown whether it is on this machine; empty where
    the chosen model states how it embeds sentences."""
    own = ask.consult(own_encoder)
    if own.pooling is not None or ask.choice.source == ENCODER.source:
        return literal(own.said)
    here = engine.on_this_machine(ENCODER.source)
    if here or access().hub:
        take_button(ask, ENCODER)
    where = (
        "on this machine"
        if here
        else "not on this machine: taking it fetches 91 MB, once; a folder of it will do too"
        if access().hub
        else "not on this machine"
    )
    untrained = (
        literal(own.said)
        or f"Nothing in the files of {ask.model_name} says that it was trained to embed sentences."
    )
    return f"{untrained} {coded(ENCODER.source)} was; it is {where}."
