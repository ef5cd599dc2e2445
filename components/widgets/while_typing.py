"""A text box that is applied while one types, not only at Ctrl+Enter."""

from typing import Final

import streamlit as st

PAUSE: Final = 250
"""Milliseconds without a key after which the text is applied."""

_APPLIES = st.components.v2.component(
    "while_typing",
    js="""
export default ({ data }) => {
  let pause = 0
  const typed = (event) => {
    const box = event.target
    if (!box.closest?.(`.st-key-${CSS.escape(data.box)}`)) return
    clearTimeout(pause)
    if (event.isComposing) return
    const keys = { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true, cancelable: true }
    pause = setTimeout(() => box.dispatchEvent(new KeyboardEvent("keydown", keys)), data.pause)
  }
  document.addEventListener("input", typed, true)
  return () => {
    clearTimeout(pause)
    document.removeEventListener("input", typed, true)
  }
}
""",
)


def applied_while_typing(key: str) -> None:
    """Apply the text box `key` (of several lines) whenever its reader pauses."""
    # As Streamlit writes a key in the name of a class.
    box = "".join(char if char.isalnum() or char in "-_" else "-" for char in key)
    _APPLIES(data={"box": box, "pause": PAUSE}, key=f"typing-{key}", height="content")
