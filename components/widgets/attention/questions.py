"""Questions that are asked before the answer is shown."""

from collections.abc import Callable, Sequence

import streamlit as st


def predict(
    question: str, answers: Sequence[str], reveal: Callable[[], tuple[str, str]], key: str
) -> None:
    """Ask for a prediction; once there is one, say what is so.

    `reveal` returns the right answer and why; it runs only then.
    """
    guess = st.segmented_control(question, answers, key=f"guess-{key}")
    if guess is not None:
        right, because = reveal()
        st.markdown(f"{'**Right.**' if guess == right else '**Not quite.**'} {because}")
