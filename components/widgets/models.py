"""Which model is looked at: its name, typed or taken from a list, and how it is loaded."""

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import engine
from components.engine import ModelChoice
from components.inspection.catalogue import HUB_MODELS, HubModel, bundled
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress
from components.widgets import settled
from components.widgets.explained import explain
from components.widgets.listed import line, listing
from components.widgets.markup import literal

DEVICES: Final = ("auto", "cpu", "cuda", "mps")
DTYPES: Final = ("auto", "float32", "bfloat16", "float16")
DEFAULT: Final = "storyteller"
MOST_OF_A_NAME: Final = 4_096
"""Characters that the box takes: a path may be long."""
MOST_OF_A_REVISION: Final = 100

_LAST_GOOD: Final = "model-that-loaded"
_CHOSEN: Final = "model-of-this-run"
_TOLD: Final = "model-told-in-this-run"
_PLACE: Final = "model-facts-place"
_HEAD: Final = "model-refused-place"
_LIST: Final = "models-list"


def ask(head: DeltaGenerator) -> None:
    """Ask for a model, and how it is loaded; leave a place for what is known once it is.

    `head` is a place on the page itself, an `st.empty()`: why a model cannot be had is said there,
    since a sidebar may be closed.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        source = st.text_input(
            "Model",
            DEFAULT,
            max_chars=MOST_OF_A_NAME,
            **settled.text("model", "Model", DEFAULT, MOST_OF_A_NAME),
            help="One of the list, any hub id (`owner/name`), or the path of a model folder or of "
            "a `.gguf` file.",
        )
        _offer()
    place = st.empty()
    device_kept = settled.one_of("device", "device", DEVICES, DEVICES[0])
    dtype_kept = settled.one_of("dtype", "dtype", DTYPES, DTYPES[0])
    revision_kept = settled.text("revision", "Revision", "main", MOST_OF_A_REVISION)
    for sentence in settled.corrections(["model", "device", "dtype", "revision"]):
        st.warning(literal(sentence))
    with st.expander("Device and precision"):
        device = st.selectbox(
            "Device",
            DEVICES,
            **device_kept,
            help="auto: the GPU if there is one.",
        )
        dtype = st.selectbox(
            "Number format (dtype)",
            DTYPES,
            **dtype_kept,
            help="auto: the 16-bit format that the GPU computes with (bfloat16; before Ampere "
            "float16), else float32.",
        )
        revision = st.text_input(
            "Revision",
            "main",
            max_chars=MOST_OF_A_REVISION,
            **revision_kept,
            help="A branch, tag or commit, for hub models.",
        )
    # For the length of this run only: pages ask for them through `chosen`.
    st.session_state[_CHOSEN] = ModelChoice(
        source.strip() or DEFAULT, device, dtype, revision.strip() or "main"
    )
    st.session_state[_PLACE], st.session_state[_HEAD] = place, head
    st.session_state[_TOLD] = False


def chosen() -> ModelChoice:
    """Return the chosen model, loaded; if it cannot be, say why and return the last that could.

    Loading shows its progress in the sidebar, where it says then what the model is.

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
        fallback = st.session_state.get(_LAST_GOOD, ModelChoice(DEFAULT))
        if fallback == choice:
            raise
        _load(fallback, place)
        more = f"\n\nStill looking at **{literal(fallback.name)}**."
        explain(error, st.session_state[_HEAD], more)
        st.session_state[_CHOSEN], st.session_state[_TOLD] = fallback, True
        return fallback
    # Remembered over runs, so that a model that fails to load leaves the reader where they were.
    st.session_state[_LAST_GOOD], st.session_state[_TOLD] = choice, True
    return choice


def telling(place: DeltaGenerator) -> Progress:
    """Return a progress that draws itself as a bar in `place`, an `st.empty()`."""

    def tell(share: float, phrase: str) -> None:
        place.progress(min(max(share, 0.0), 1.0), phrase)

    return tell


def _offer() -> None:
    """Offer the list: what is on this machine, then the hub's by family. Choosing closes it."""
    fetched = {model.source for model in HUB_MODELS if engine.on_this_machine(model.source)}
    # Its state is kept so that a choice can close it; it is drawn while closed too, since the
    # browser looks for room before it opens.
    with listing(st.popover("Models", key=_LIST, on_change="rerun")):
        st.caption("On this machine")
        for name in sorted(bundled(), key=lambda name: name != DEFAULT):
            line(name, "ships with Vitrine", f"model-{name}", _take, name)
        for here, heading in ((True, ""), (False, "On the hub, by family: fetched when chosen")):
            listed = [model for model in HUB_MODELS if (model.source in fetched) == here]
            if heading and listed:
                st.caption(heading)
            for model in sorted(listed, key=lambda model: model.family):
                line(model.name, _said(model), f"model-{model.source}", _take, model.source)


def _said(model: HubModel) -> str:
    return f"{model.family} · {model.parameters} · {model.does}"


def _take(source: str) -> None:
    # A widget's value can only be set from outside through its key.
    st.session_state["model"], st.session_state[_LIST] = source, False


def _load(choice: ModelChoice, place: DeltaGenerator) -> None:
    if engine.is_loaded(choice):
        facts = engine.facts(choice)
    else:
        facts = engine.facts(choice, telling(place))
    # The box cuts a long path at its end, where the name stands.
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


def _millions(count: int) -> str:
    return f"{count / 1e9:.2f} billion" if count >= 1e9 else f"{count / 1e6:.2f} million"
