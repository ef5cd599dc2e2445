"""What a link asks for that cannot be: said in a sentence, since Streamlit drops it in silence."""

from collections.abc import Sequence

import streamlit as st


def warn_unless_one_of(name: str, allowed: Sequence[str]) -> None:
    """Warn if the address gives the widget called `name` a value that is not on offer."""
    asked = st.query_params.get(name)
    if asked is not None and asked not in allowed:
        st.warning(
            f"The link asks for {name} “{asked[:60]}”; there is: {', '.join(allowed)}. "
            f"Using {allowed[0]}."
        )
