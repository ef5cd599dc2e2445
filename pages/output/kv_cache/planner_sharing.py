"""A part of the planner: the same model with more or fewer key-value heads."""

from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError
from components.inspection.kv_cache import planner
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.shapes import sharing, unusual
from components.lesson import Ask, Predict, Shown, View
from pages.output.kv_cache.planner_asked import asked_load, asked_shape
from pages.output.kv_cache.planner_words import called
from pages.output.kv_cache.sharing import by_sharing

GROUPED = "Llama-3-8B"


def other_sharing(ask: Ask) -> Shown:
    shape = asked_shape(ask)
    itemsize = planner.CACHE_BYTES[asked_load(ask)[3]]
    if not shape.usual:
        raise InspectionError(
            f"Other sharing cannot be planned for {short_name(shape.name)}: {unusual(shape)}."
        )
    told = f"**The same model with other sharing.** {called(shape)} is {sharing(shape)}."
    return by_sharing(shape, itemsize, told, question())


def question() -> Predict:
    shape = PUBLISHED[GROUPED]
    full, one = shape.shared_by(shape.heads), shape.shared_by(1)
    now, then = shape.token_bytes(2), full.token_bytes(2)
    return Predict(
        f"{GROUPED} has {shape.heads} query heads and {shape.kv_heads} key-value heads. How much "
        "larger would its cache be with a key-value head for each?",
        ("4 times", "8 times", "32 times"),
        f"{then / now:g} times",
        f"{shape.heads} / {shape.kv_heads} = {then / now:g} times, {then:,.0f} bytes for each "
        f"token in 16 bit where it has {now:,.0f}. With one for all it would be "
        f"{one.token_bytes(2):,.0f}.",
    )


OTHER_SHARING = View("What a token would take with more or fewer key-value heads.", other_sharing)
