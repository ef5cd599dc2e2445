"""What stands around every figure, in one look: head, stage, question, checks, links, files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import glossary
from components.widgets import chapters, checks, files, ground
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
_BIG: Final = f"""<style>
:root {{ font-size: {LECTURE * 100:.0f}% !important; }}
section[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] {{ display: none; }}
</style>"""
_PLAIN: Final = {"displaylogo": False, "displayModeBar": False}


def head(title: str, names: Sequence[str]) -> tuple[str, bool]:
    """Draw the title, the picker of views and the lecture switch in one line."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="page-head"):
        st.title(title, anchor=False, width="content")
        said = _settle_view(names)
        name = st.segmented_control(
            "View",
            names,
            default=names[0],
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
        st.space("stretch")
        lecture = st.toggle(
            "Lecture",
            key="lecture",
            bind="query-params",
            persist_state="session",
            help="For a projector: larger type, no sidebar, no checks unless one fails.",
        )
    if said:
        st.caption(f":material/info: {literal(said)}")
    if lecture:
        st.html(_BIG)
    return name or names[0], lecture


def _settle_view(names: Sequence[str]) -> str:
    if "view" in st.session_state:
        if st.session_state["view"] not in names:
            st.session_state["view"] = names[0]
    elif (given := st.query_params.get("view")) is not None and given not in names:
        return (
            f"The link asks for the view “{given[:60]}”; there is: {', '.join(names)}. "
            f"Showing {names[0]}."
        )
    return ""


def readable(lecture: bool) -> int:
    """Return the width of a line of words, in pixels."""
    return round(READABLE * (LECTURE if lecture else 1))


def stage(key: str, wide: bool) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return the place of the figure, and that of the question: beside it, or above a wide one.

    On a phone the question comes below the figure.
    """
    if wide:
        aside = st.container(horizontal=True, vertical_alignment="center", key=f"aside-{key}")
        return st.container(key=f"lit-{key}").empty(), aside
    row = st.container(horizontal=True, gap="large", key=f"stage-{key}")
    return (
        row.container(width="stretch", key=f"lit-{key}").empty(),
        row.container(width=ASIDE, key=f"aside-{key}", gap="small"),
    )


@contextmanager
def fold(name: str, key: str) -> Iterator[bool]:
    """A closed part of a page; tell whether it is open. A link opens it again."""
    part = st.expander(name, key=key, on_change="rerun", bind="query-params")
    with part:
        yield bool(part.open)


def offer(later: "Later", ask: "Ask", aside: DeltaGenerator) -> None:
    """Draw, where the figure will be, the button that starts a measurement, and what it costs."""
    asks, answers = later.asks
    with ask.stage.container(
        border=True, height=220, vertical_alignment="center", horizontal_alignment="center"
    ):
        st.button(later.label, type="primary", key=later.key)
        st.caption(later.cost, width="content")
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
            theme.lit(figure, ground.dark(), LECTURE if lecture else 1.0),
            key=f"figure-{ask.key}",
            alt=shown.alt,
            config=_PLAIN,
        )
    with aside:
        if shown.predict:
            _question(shown.predict, shown.tries, ask.key)
        elif shown.tries:
            st.markdown(f"**Try.** {shown.tries}")
    if shown.told and not waits:
        st.markdown(shown.told, width=readable(lecture))
    failed = [check for check in shown.checks if check.verdict == "fails"]
    for check in failed:
        st.markdown(checks.line(check), width=readable(lecture))
    with st.container(horizontal=True, gap="medium", key=f"links-{ask.key}"):
        if failed or not lecture:
            _checks(shown, ask)
        _links(shown, ask)


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
    return st.pills("Your answer", answers, key=f"guess-{key}", label_visibility="collapsed")


def _checks(shown: "Shown", ask: "Ask") -> None:
    found = shown.checks
    with _link(label(found), f"checks-{ask.key}"):
        if found:
            checks.show_checks(found, ask.choice, ask.key)
        elif shown.unchecked:
            st.markdown(f":gray[{shown.unchecked}]")


def label(found: Sequence[checks.Check]) -> str:
    """Return the verdict over all checks of a figure, in a few words.

    >>> label([checks.Check("", 0, 1)]), label([checks.Check("", 2, 1)]), label(())
    (':green[✓] checked', ':red[✗ the check fails]', 'nothing to check')
    """
    failed = sum(check.verdict == "fails" for check in found)
    held = sum(check.verdict == "holds" for check in found)
    if failed:
        which = f"{failed} of {len(found)} checks" if len(found) > 1 else "the check"
        return f":red[✗ {which} {'fail' if failed > 1 else 'fails'}]"
    if held:
        return f":green[✓] {'checked' if held == 1 else f'{held} checks hold'}"
    return "measured, not compared" if found else "nothing to check"


def _links(shown: "Shown", ask: "Ask") -> None:
    with _link("How to read it", f"read-{ask.key}"):
        st.markdown(shown.read)
    if shown.formula:
        with _link("Formula", f"formula-{ask.key}"):
            st.latex(shown.formula)
            st.caption(shown.symbols)
    table = st.popover(":small[Table]", type="tertiary", key=f"table-{ask.key}", on_change="rerun")
    if table.open:
        # Built when it is opened, not before.
        with table:
            st.dataframe(shown.table(), hide_index=True, width=620)
    if shown.code or shown.uncoded:
        with _link("Code", f"code-{ask.key}"):
            if shown.code:
                st.code(shown.code, "python", width=680)
            else:
                st.markdown(shown.uncoded)
    _words(shown, ask)
    with _link("Files", f"files-{ask.key}"):
        files.offer(shown, ask)


def _words(shown: "Shown", ask: "Ask") -> None:
    asked = shown.predict.asks if shown.predict else ""
    terms = glossary.found("\n".join((ask.words, asked, shown.told, shown.read, shown.symbols)))
    if terms:
        with _link("Words", f"words-{ask.key}"):
            st.markdown("\n".join(f"- **{term}**: {glossary.TERMS[term]}." for term in terms))
            st.page_link(chapters.GLOSSARY.page, label="All words")


@contextmanager
def _link(label: str, key: str) -> Iterator[None]:
    with st.popover(f":small[{label}]", type="tertiary", key=key):
        yield
