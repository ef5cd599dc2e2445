"""The sidebar that all pages share: one model, one prompt, and what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import engine
from components.engine import ModelChoice
from components.inspection.catalogue import HUB_MODELS, bundled
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress
from components.widgets import address
from components.widgets.markup import literal

DEVICES: Final = ("auto", "cpu", "cuda", "mps")
DTYPES: Final = ("auto", "float32", "bfloat16", "float16")
DEFAULT_MODEL: Final = "storyteller"
SAMPLES: Final = {
    "Who gets the drink?": "When Mary and John went to the shop, Mary gave a drink to",
    "An open end": "Once upon a time there was a",
    "A capital": "The capital of France is",
    "A story": "Once upon a time there was a little fox named Leo.",
    "Far-off verb": "The keys near the castle",
    "Counting": "one, two, three, four, five,",
    "A feeling": "This restaurant is awesome.",
    "Said twice": "lamp river cake moon garden bell lamp river cake moon",
    "Who is tired?": "The dog chased the squirrel because it",
}
MOST_PROMPT: Final = 100_000
"""Characters that the prompt box takes."""
MOST_IN_URL: Final = 1_500
"""A longer prompt stays in the session: browsers and servers cut long addresses."""

_LAST_GOOD: Final = "model-that-loaded"
_CHOSEN: Final = "model-of-this-run"
_TOLD: Final = "model-told-in-this-run"
_EXAMPLE: Final = "prompt-that-nobody-wrote"
_SHORT: Final = "prompt-fits-a-link"
_PLACE: Final = "sidebar-places"

_ENTER: Final = st.components.v2.component(
    "enter_applies",
    js="""
// Streamlit applies a text box at Ctrl+Enter. In the prompt's, Enter alone does it.
export default () => {
  const applies = (event) => {
    const box = event.target
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey) return
    if (event.isComposing || !box.closest?.(".st-key-prompt")) return
    event.preventDefault()
    const keys = { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true, cancelable: true }
    box.dispatchEvent(new KeyboardEvent("keydown", keys))
  }
  document.addEventListener("keydown", applies, true)
  return () => document.removeEventListener("keydown", applies, true)
}
""",
)


def sidebar(example: str) -> None:
    """Draw the prompt box and the model picker; leave a place for what is known once loaded.

    `example` is the prompt that the page opens on, until the reader writes one.
    """
    with st.sidebar:
        _prompt_box(example)
        source = st.selectbox(
            "Model",
            _offers(),
            key="model",
            bind="query-params",
            accept_new_options=True,
            help=_help(),
        )
        place = st.empty()
        with st.expander("Device and precision"):
            address.warn_unless_one_of("device", DEVICES)
            device = st.selectbox(
                "Device",
                DEVICES,
                key="device",
                bind="query-params",
                help="auto: the GPU if there is one.",
            )
            address.warn_unless_one_of("dtype", DTYPES)
            dtype = st.selectbox(
                "Number format (dtype)",
                DTYPES,
                key="dtype",
                bind="query-params",
                help="auto: the 16-bit format that the GPU computes with (bfloat16; before Ampere "
                "float16), else float32.",
            )
            revision = st.text_input(
                "Revision",
                "main",
                key="revision",
                bind="query-params",
                max_chars=100,
                help="A branch, tag or commit, for hub models.",
            )
        _ENTER(key="enter-applies", height="content")
    # For the length of this run only: pages ask for them through the functions below.
    st.session_state[_CHOSEN] = ModelChoice(
        source or DEFAULT_MODEL, device, dtype, revision.strip() or "main"
    )
    st.session_state[_PLACE] = place
    st.session_state[_TOLD] = False


def prompt() -> str:
    """Return the prompt that all pages share."""
    return st.session_state.get("prompt") or ""


def chosen_model() -> ModelChoice:
    """Return the chosen model, loaded; if it cannot be, say why and return the last that could.

    Loading shows its progress in the sidebar.

    Raises:
        InspectionError: not even the first model can be loaded.
    """
    choice: ModelChoice = st.session_state[_CHOSEN]
    place = st.session_state[_PLACE]
    if st.session_state[_TOLD]:
        return choice
    try:
        _load(choice, place)
    except InspectionError as error:
        fallback = st.session_state.get(_LAST_GOOD, ModelChoice(DEFAULT_MODEL))
        if fallback == choice:
            raise
        _load(fallback, place)
        explain(error, place, f"\n\nStill looking at **{literal(fallback.name)}**.")
        st.session_state[_CHOSEN], st.session_state[_TOLD] = fallback, True
        return fallback
    # Remembered over runs, so that a model that fails to load leaves the reader where they were.
    st.session_state[_LAST_GOOD], st.session_state[_TOLD] = choice, True
    return choice


@contextmanager
def explained() -> Iterator[None]:
    """Show an InspectionError of the part of a page inside, and let the page go on."""
    try:
        yield
    except InspectionError as error:
        explain(error, st.empty())


def explain(error: InspectionError, place: DeltaGenerator, more: str = "") -> None:
    """Show an error in `place`, letter by letter, since it may quote what a reader wrote."""
    lines = [literal(line) for line in str(error).splitlines()]
    place.error("  \n".join(lines) + more)


def telling(place: DeltaGenerator) -> Progress:
    """Return a progress that draws itself as a bar in `place`, an `st.empty()`."""

    def tell(share: float, phrase: str) -> None:
        place.progress(min(max(share, 0.0), 1.0), phrase)

    return tell


def _load(choice: ModelChoice, place: DeltaGenerator) -> None:
    if engine.is_loaded(choice):
        facts = engine.facts(choice)
    else:
        facts = engine.facts(choice, telling(place))
    # The picker cuts a long path at its end, where the name stands.
    name = "" if choice.name == choice.source else f"{literal(choice.name)} · "
    place.caption(
        f"{name}{_millions(facts.parameters)} parameters · {facts.layers} layers · "
        f"{facts.heads} heads"
        + (f" ({facts.kv_heads} key-value)" if facts.kv_heads != facts.heads else "")
        + f" · context {facts.context:,} tokens · vocabulary {facts.vocabulary:,} · "
        f"{facts.family}, {facts.dtype}, {facts.device}, {facts.weight_bytes / 1e6:,.0f} MB"
        + (
            f" · weights quantized to {facts.quantized}, computed in {facts.dtype}"
            if facts.quantized
            else ""
        )
        + (
            " · saved without an output layer: shows everything but predictions"
            if facts.kind == "headless"
            else ""
        )
    )


def _prompt_box(example: str) -> None:
    if st.session_state.get("prompt", "") == st.session_state.get(_EXAMPLE):
        st.session_state["prompt"] = example
    st.session_state[_EXAMPLE] = example
    # Bound to the address, but for a text that would not survive in a link: browsers and servers
    # cut long addresses.
    if "prompt" not in st.session_state and len(st.query_params.get("prompt", "")) > MOST_PROMPT:
        st.session_state["prompt"] = st.query_params["prompt"][:MOST_PROMPT]
    held = str(st.session_state.get("prompt", st.query_params.get("prompt", "")))
    short = len(held) <= MOST_IN_URL
    if st.session_state.get(_SHORT, short) != short:
        # Said again, since the address learns of a value only when it changes.
        st.session_state["prompt"] = held
    st.session_state[_SHORT] = short
    st.text_area(
        "Prompt",
        example,
        key="prompt",
        height=120,
        max_chars=MOST_PROMPT,
        persist_state="session",
        bind="query-params" if short else None,
        help="Every page looks at the model reading this text. Enter applies it, Shift+Enter "
        "breaks the line.",
    )
    if not short:
        st.caption(
            f"{len(prompt()):,} characters: too long for a link, so it stays in this session."
        )
    with st.popover("Sample prompts", width="stretch"):
        for name, text in SAMPLES.items():
            st.button(
                name, help=text, key=f"sample-{name}", on_click=_take, args=(text,), width="stretch"
            )


def _take(text: str) -> None:
    # A widget's value can only be set from outside through its key.
    st.session_state["prompt"] = text


def _offers() -> list[str]:
    """Return what is on offer: bundled, then what was fetched before, then the rest by family."""
    fetched = {model.source for model in HUB_MODELS if engine.on_this_machine(model.source)}
    return [
        *sorted(bundled(), key=lambda name: name != DEFAULT_MODEL),
        *(
            model.source
            for model in sorted(HUB_MODELS, key=lambda m: (m.source not in fetched, m.family))
        ),
    ]


def _help() -> str:
    listed = "\n".join(
        f"| {model.source} | {model.parameters} | {model.does} |" for model in HUB_MODELS
    )
    return (
        "Choose one, or type any hub id (`owner/name`), or the path of a model folder or of a "
        "`.gguf` file. Bundled: "
        f"{', '.join(bundled())}. Of the hub, fetched when you choose it:\n\n"
        f"| model | parameters | does |\n| --- | --- | --- |\n{listed}"
    )


def _millions(count: int) -> str:
    return f"{count / 1e9:.2f} billion" if count >= 1e9 else f"{count / 1e6:.2f} million"
