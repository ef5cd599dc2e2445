"""Questions to begin with: a prompt, the answer to explain, and what it is held against."""

from typing import Final

import streamlit as st

from components.inspection.catalogue import HUB_MODELS
from components.widgets.attribution.controls import LIKELIEST, RUNNER_UP

EXAMPLES: Final = {
    "The keys ... are, not is": ("The keys near the castle", "·are", "·is"),
    "Who gets the drink? John, not Mary": (
        "When Mary and John went to the shop, Mary gave a drink to",
        "·John",
        "·Mary",
    ),
    "A capital": ("The capital of France is", "·Paris", RUNNER_UP),
    "Who is tired?": ("The dog chased the squirrel because it", LIKELIEST, RUNNER_UP),
    "A feeling": ("This restaurant is awesome.", LIKELIEST, RUNNER_UP),
}
JUDGE: Final = next(model.source for model in HUB_MODELS if model.does.startswith("judges"))


def examples(judges: bool) -> None:
    """Offer the examples; `judges` says that the model gives classes."""
    with st.popover("Examples", width="stretch"):
        for name, chosen in EXAMPLES.items():
            # A model that judges has no token to explain.
            asked = (chosen[0], LIKELIEST, RUNNER_UP) if judges else chosen
            st.button(
                name,
                help=chosen[0],
                key=f"example-{name}",
                on_click=_take,
                args=asked,
                width="stretch",
            )
        if not judges:
            st.caption(
                "“A feeling” is a text to be judged. This model has no classes, so the token that "
                "it expects next is explained. To explain a class, choose a model that judges "
                f"texts (sequence classification), such as `{JUDGE}`."
            )


def _take(prompt: str, answer: str, other: str) -> None:
    # A widget's value can only be set from outside through its key.
    st.session_state["prompt"] = prompt
    st.session_state["answer"] = answer
    st.session_state["other"] = other
