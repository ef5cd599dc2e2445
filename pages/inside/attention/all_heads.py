"""View: every head of the model as a thumbnail, with what kind of head it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.inspection.errors import InspectionError
from components.widgets import address
from components.widgets.attention import code
from components.widgets.attention.choices import Reading, choose_window
from components.widgets.attention.questions import predict
from components.widgets.checks import show_checks
from components.widgets.head_grid import HeadCell, head_grid, legend

if TYPE_CHECKING:
    from components.inspection.attention.heads import HeadScores
    from components.inspection.attention.maps import AttentionMaps

MOST_TOKENS: Final = 128
PROMPT, PROBE = "this prompt", "random tokens, twice over"
PLACE, PAIR = "layer and head", "from one token to another"
SCALES: Final = ("linear", "log")


def heads_view(reading: Reading) -> None:
    """Show all heads; a click opens one."""
    from components.figures import theme
    from components.figures.attention.kinds import COLOURS
    from components.inspection.attention.heads import NAMES

    measured, order, log, kept = _controls()
    maps, scores = _measured(reading, measured)
    kinds = _kinds(reading, scores)
    window = choose_window(
        len(maps.readers), len(maps.read), MOST_TOKENS, maps.group != "cross", "heads"
    )
    rank, note = _ranked(maps, scores, order)
    places = [
        (layer, head)
        for layer in range(maps.layers)
        for head in range(maps.heads)
        if not kept or kinds[layer][head] in kept
    ]
    if order != PLACE:
        places.sort(key=lambda place: -np.nan_to_num(rank[place], nan=-np.inf))
    colours = {NAMES[kind]: COLOURS[kind] for kind in NAMES} | {UNNAMED: COLOURS["mixed"]}
    st.html(legend({NAMES[kind]: COLOURS[kind] for kind in NAMES}))
    if not places:
        st.info("No head is of these kinds here. Choose others, or measure on the other text.")
        return
    head_grid(
        maps.weights[:, :, window.rows, window.columns],
        maps.visible[:, window.rows, window.columns],
        (list(maps.readers)[window.rows], list(maps.read)[window.columns]),
        [
            HeadCell(
                layer,
                maps.numbers[layer],
                head,
                kinds[layer][head],
                colours[kinds[layer][head]],
                _rows(scores, layer, head),
                note.format(rank[layer, head]) if note else "",
            )
            for layer, head in places
        ],
        columns=maps.heads if order == PLACE and not kept else None,
        scale=theme.ATTENTION,
        log=log,
        selected=(_chosen("layer", maps.numbers), _chosen("head", range(maps.heads))),
        key="heads",
        on_open=_open,
    )
    show_checks(maps.checks, reading.choice, "All heads")
    _read_it()
    _ask(reading)
    _table(maps, scores, kinds)
    with st.expander("The same in a few lines of transformers"):
        st.code(code.previous_token_code(reading, engine.facts(reading.choice)), language="python")


def _controls() -> tuple[str, str, bool, list[str]]:
    from components.inspection.attention.heads import NAMES

    first, second, third, fourth = st.columns([3, 3, 2.6, 2.6])
    measured = first.selectbox(
        "Measured on",
        (PROMPT, PROBE),
        key="measured",
        bind="query-params",
        help="In random tokens nothing can be guessed from meaning: a head that goes back to what "
        "followed last time does so because of the repetition alone.",
    )
    order = second.selectbox(
        "Sort by",
        (PLACE, *_MEASURES, PAIR),
        key="sort",
        bind="query-params",
    )
    address.warn_unless_one_of("scale", SCALES)
    scale = third.segmented_control(
        "Colours",
        SCALES,
        default="linear",
        required=True,
        key="scale",
        bind="query-params",
        help="Logarithmic: weights down to 0.0001 can be told apart.",
    )
    kept = fourth.multiselect(
        "Only these kinds", list(NAMES.values()), key="kinds", bind="query-params"
    )
    return measured or PROMPT, order or PLACE, scale == "log", list(kept)


_MEASURES: Final = {
    "previous token": ("previous", "{:.0%}"),
    "first token": ("first", "{:.0%}"),
    "itself": ("self", "{:.0%}"),
    "duplicate token": ("duplicate", "{:.0%}"),
    "induction": ("induction", "{:.0%}"),
    "entropy": ("entropy", "{:.1f} bit"),
    "mean distance": ("distance", "{:.1f} back"),
}
UNNAMED: Final = "not named"


def _measured(reading: Reading, measured: str) -> tuple["AttentionMaps", "HeadScores"]:
    from components.inspection.attention.heads import head_scores, probe_heads

    if measured == PROBE:
        probe = engine.inspect(probe_heads, reading.choice, reading.group)
        st.caption(
            f"{probe.repeats} random tokens, said twice. In the second half, every token has been "
            "there before: that is what duplicate-token and induction heads react to."
        )
        return probe.maps, probe.scores
    maps = reading.maps()
    return maps, head_scores(maps)


def _kinds(reading: Reading, scores: "HeadScores") -> tuple[tuple[str, ...], ...]:
    """Return the names of the heads' kinds, [layer][head]: always those that the probe gives."""
    from components.inspection.attention.heads import NAMES, probe_heads

    try:
        named = engine.inspect(probe_heads, reading.choice, reading.group).scores.kinds()
    except InspectionError as error:
        st.caption(f"Heads are not named here. {error}")
        layers, heads = scores.entropy.shape
        return ((UNNAMED,) * heads,) * layers
    return tuple(tuple(NAMES[kind] for kind in row) for row in named)


def _ranked(maps: "AttentionMaps", scores: "HeadScores", order: str) -> tuple[np.ndarray, str]:
    """Return [layer, head] numbers to sort by, and how each is written below its thumbnail."""
    if order == PAIR:
        reader_side, read_side = st.columns(2)
        reader = reader_side.selectbox(
            "Token that reads",
            range(len(maps.readers)),
            index=len(maps.readers) - 1,
            format_func=lambda place: f"{place}: {maps.readers[place]}",
            key="pair-reader",
        )
        read = read_side.selectbox(
            "Token that is read",
            range(len(maps.read)),
            format_func=lambda place: f"{place}: {maps.read[place]}",
            key="pair-read",
        )
        return maps.weights[:, :, reader or 0, read or 0], "{:.0%}"
    if order == PLACE:
        return scores.entropy, ""
    name, written = _MEASURES[order]
    numbers = {"entropy": scores.entropy, "distance": scores.distance}.get(name)
    return (scores.shares[name] if numbers is None else numbers), written  # type: ignore[index]


def _rows(scores: "HeadScores", layer: int, head: int) -> tuple[tuple[str, str], ...]:
    rows = []
    for name, (measure, written) in _MEASURES.items():
        numbers = {"entropy": scores.entropy, "distance": scores.distance}.get(measure)
        number = (scores.shares[measure] if numbers is None else numbers)[layer, head]  # type: ignore[index]
        told = "–" if np.isnan(number) else written.format(number)
        if numbers is None and not np.isnan(number):
            many = int(scores.counted[measure][layer])  # type: ignore[index]
            told += f" ({many} token{'s' * (many != 1)})"
        rows.append((name, told))
    return tuple(rows)


def _chosen(name: str, there: Sequence[int]) -> int:
    """Return the layer or head that another view's widget has, or will have, chosen."""
    asked = st.query_params.get(name, str(there[0]))
    fits = asked.isascii() and asked.isdecimal() and len(asked) < 9
    # That widget's key must be there one run before a click changes it: only then does Streamlit
    # write the change into the address.
    chosen = st.session_state.setdefault(name, int(asked) if fits else there[0])
    return chosen if chosen in there else there[0]


def _open(layer: int, head: int) -> None:
    # Another view's widgets can only be set from outside through their keys.
    st.session_state["layer"], st.session_state["head"] = layer, head
    st.session_state["view"] = "One head"


def _read_it() -> None:
    from components.inspection.attention.heads import ENOUGH, SPREAD

    with st.expander("How to read it, and how heads are named"):
        st.markdown(
            "In each square, a row is a token that reads, a column a token that is read; darker is "
            "more attention. Above the diagonal a decoder cannot look: that half is empty. Point "
            "at a square for its numbers, click it to open the head.\n\n"
            "A head is **named by what it does on random tokens said twice over**, whatever is "
            "drawn: on one sentence, names would be those of the sentence. It is named after the "
            f"place that gets at least **{ENOUGH:.0%}** of its attention there on average: "
            "*induction* (the token that came right after an earlier copy of the one "
            "that reads), *duplicate token* (an earlier copy itself), *previous token*, "
            "*first-token sink*, or *itself*. Failing that it is *diffuse* if its entropy reaches "
            f"**{SPREAD:.0%}** of what the mask allows, else *mixed*. A name says where the head "
            "looks, not what it is for."
        )
        st.latex(r"H_i = -\sum_j A_{ij} \log_2 A_{ij} \qquad d_i = \sum_j A_{ij}\,(i - j)")
        st.caption(
            "A is the attention weight from query token i to key token j, H the entropy in bits, d "
            "the mean distance in tokens. Means over the query tokens that could attend to more "
            "than one; for duplicate token and induction, over those whose token had been there "
            "before: so shares need not sum to 1, and the number beside one says over how many "
            "tokens it is a mean."
        )


def _ask(reading: Reading) -> None:
    if reading.group != "decoder":
        return
    st.subheader("Predict first", anchor=False)

    def reveal() -> tuple[str, str]:
        from components.inspection.attention.heads import ENOUGH, probe_heads

        probe = engine.inspect(probe_heads, reading.choice, reading.group)
        shares = np.nan_to_num(probe.scores.shares["induction"])
        place, head = (int(place) for place in np.unravel_index(shares.argmax(), shares.shape))
        layer = probe.maps.numbers[place]
        best = float(shares.max())
        return (
            "yes" if best >= ENOUGH else "no",
            (
                f"The strongest is layer {layer}, head {head}: in the second half it gives "
                f"**{best:.0%}** of its attention to the token that followed last time. Set "
                "*Measured on* to random tokens and look for its stripe. *Then try:* sort by "
                "first token. How many heads rest there when they have nothing to do? And type "
                "“lamp river cake” twice over as the prompt."
            ),
        )

    predict(
        "The model reads random tokens, twice over. Is there a head that looks back at what came "
        "next the first time?",
        ("yes", "no"),
        reveal,
        "induction",
    )


def _table(maps: "AttentionMaps", scores: "HeadScores", kinds: tuple[tuple[str, ...], ...]) -> None:
    layers, heads = scores.entropy.shape
    table = pd.DataFrame(
        [
            {
                "layer": maps.numbers[layer],
                "head": head,
                "kind, on random tokens": kinds[layer][head],
                **{name: float(share[layer, head]) for name, share in scores.shares.items()},
                "entropy": float(scores.entropy[layer, head]),
                "distance": float(scores.distance[layer, head]),
            }
            for layer in range(layers)
            for head in range(heads)
        ]
    )
    with st.expander("All heads as a table"):
        st.dataframe(table.round(4), hide_index=True)
        st.download_button(
            "All heads (CSV)",
            table.to_csv(index=False),
            "heads.csv",
            "text/csv",
            on_click="ignore",
        )
