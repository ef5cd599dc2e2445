"""What stands around every figure, in one look: head, stage, question, checks, links, files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.widgets import checks, ground, links, settled
from components.widgets.cell_clicks import cell_clicks
from components.widgets.markup import literal

if TYPE_CHECKING:
    from components.lesson import Predict, Shown
    from components.widgets.ask import Ask, Later

LECTURE: Final = 1.4
"""How much larger everything is on a projector."""
ASIDE: Final = 300
"""Width of the column beside the figure, in pixels."""
READABLE: Final = 900
"""Widest line of words, in pixels."""
_EVEN: Final = """<style>
[class*="st-key-controls-"] button[data-variant="segmented_control"]
  { min-height: 2.5rem; }
.heatmap-label text[style*="rgb(68, 68, 68)"] { fill: rgb(29, 29, 27) !important; }
</style>"""
"""Buttons as high as the lists beside them; the numbers of bright cells as dark as the page's text,
where plotly takes a grey."""
_BIG: Final = f"""<style>
:root {{ font-size: {LECTURE * 100:.0f}% !important; }}
section[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] {{ display: none; }}
</style>"""
_PLAIN: Final = {"displaylogo": False, "displayModeBar": False}


def head(title: str, names: Sequence[str] = ("",)) -> tuple[str, bool]:
    """Draw the title, the picker of views (if there are several) and the lecture switch in a line;
    return the chosen view, and whether it is a lecture."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="page-head"):
        st.title(title, anchor=False, width="content")
        name = names[0]
        if len(names) > 1:
            kept = _settle_view(names)
            name = st.segmented_control(
                "View",
                names,
                default=names[0],
                required=True,
                **kept,
                label_visibility="collapsed",
            )
        lecture = False
        if not ground.narrow():  # nobody projects from a phone
            st.space("stretch")
            lecture = st.toggle(
                "Lecture",
                help="For a projector: larger type, no sidebar, no checks unless one fails.",
                **settled.yes_no("lecture", "Lecture", False),
            )
    correct("view", "lecture")
    st.html(_EVEN)
    if lecture:
        st.html(_BIG)
    return name or names[0], lecture


def _settle_view(names: Sequence[str]) -> dict[str, Any]:
    if st.session_state.get("view", names[0]) not in names:  # another page's
        st.session_state["view"] = names[0]
    kept = settled.one_of("view", "the view", names, names[0])
    return {name: value for name, value in kept.items() if name != "persist_state"}


def correct(*keys: str) -> None:
    """Say what could not be had as a link asked."""
    for sentence in settled.corrections(keys):
        st.caption(f":material/info: {literal(sentence)}")


def readable(lecture: bool) -> int:
    """Return the width of a line of words, in pixels."""
    return round(READABLE * (LECTURE if lecture else 1))


def stage(key: str, wide: bool) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """Return the place of the figure, that of a bar while work goes on, and that of the question:
    beside the figure, or above a wide one. On a phone the question comes below the figure.

    A live component stays in the page from run to run, so it is no place that is emptied.
    """
    if wide:
        aside = st.container(horizontal=True, vertical_alignment="center", key=f"aside-{key}")
        bar = st.empty()
        return st.container(key=f"lit-{key}"), bar, aside
    row = st.container(horizontal=True, gap="large", key=f"stage-{key}")
    lit = row.container(width="stretch", key=f"lit-{key}").empty()
    return lit, lit, row.container(width=ASIDE, key=f"aside-{key}", gap="small")


@contextmanager
def fold(name: str, key: str) -> Iterator[bool]:
    """A closed part of a page; tell whether it is open. A link opens it again."""
    bind = settled.yes_no(key, name, False).get("bind")
    part = st.expander(name, key=key, on_change="rerun", bind=bind)
    correct(key)
    with part:
        yield bool(part.open)


def offer(later: "Later", ask: "Ask", aside: DeltaGenerator) -> None:
    """Draw, where the figure will be, the button that starts a measurement, and what it costs."""
    asks, answers = later.asks
    with ask.stage.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.button(later.label, type="primary", key=later.key, on_click=later.begin)
        st.caption(later.cost, width="content")
        st.space("small")
    if answers:
        with aside:
            _answer(asks, answers, ask.key)


def draw(shown: "Shown", ask: "Ask", aside: DeltaGenerator, lecture: bool) -> None:
    """Draw a view's figure and what it owes its reader."""
    from components.figures import theme

    predict = shown.predict
    waits = predict is not None and predict.before is not None and not told(ask.key)
    figure = predict.before if predict is not None and waits else shown.figure
    if figure is not None:
        ask.stage.plotly_chart(
            theme.lit(figure, ground.dark(), LECTURE if lecture else 1.0, ground.narrow()),
            key=f"figure-{ask.key}",
            alt=shown.alt,
            config=_PLAIN,
        )
    with aside:
        if shown.predict:
            _question(shown.predict, shown.tries, ask.key)
        elif shown.tries:
            st.markdown(f"**Try.** {shown.tries}")
    if shown.clicked and figure is not None and not waits:
        z = figure.data[0].z
        with aside:
            cell_clicks(ask.key, (len(z), len(z[0])), shown.clicked)
    if shown.told and not waits:
        st.markdown(shown.told, width=readable(lecture))
    failed = [check for check in shown.checks if check.verdict == "fails"]
    for check in failed:
        st.markdown(checks.line(check), width=readable(lecture))
    links.row(shown, ask, with_checks=bool(failed) or not lecture)


def told(key: str) -> bool:
    """Say whether the question beside the figure `key` was answered, or given up."""
    given_up = bool(st.session_state.get(f"told-{key}"))
    return given_up or st.session_state.get(f"guess-{key}") is not None


def _question(predict: "Predict", tries: str, key: str) -> None:
    given = _answer(predict.asks, predict.answers, key)
    if given == predict.right:
        st.markdown(f":green[**✓ Right: {predict.right}.**] {predict.because}")
    elif given is not None:
        st.markdown(f"**Not quite: {predict.right}.** {predict.because}")
    elif told(key):
        st.markdown(f"**{predict.right}.** {predict.because}")
    else:
        if predict.before is not None:
            st.button(
                ":small[Show it without a guess]",
                key=f"give-up-{key}",
                type="tertiary",
                on_click=_give_up,
                args=(key,),
            )
        return
    if tries:
        st.markdown(f"**Try.** {tries}")


def _give_up(key: str) -> None:
    st.session_state[f"told-{key}"] = True


def _answer(asks: str, answers: Sequence[str], key: str) -> str | None:
    st.markdown(f"**Predict.** {asks}")
    return st.pills(
        "Your answer", answers, key=f"guess-{key}", label_visibility="collapsed", wrap=True
    )
