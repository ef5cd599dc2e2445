"""The quiet row of links below a figure: checks, how to read it, formula, table, code, files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

from components import glossary
from components.widgets import chapters, checks, files
from components.widgets.full_screen import full_screen

if TYPE_CHECKING:
    import pandas as pd

    from components.lesson import Shown
    from components.widgets.ask import Ask


def row(shown: "Shown", ask: "Ask", with_checks: bool) -> None:
    """Draw the links of a view's figure."""
    with st.container(horizontal=True, gap="medium", key=f"links-{ask.key}"):
        if with_checks:
            _checks(shown, ask)
        _links(shown, ask)
        full_screen(ask.key)


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
    if _opens("Table", f"table-{ask.key}"):
        _over_the_page("Table", lambda: _table(shown.table()))
    if (shown.code or shown.uncoded) and _opens("Code", f"code-{ask.key}"):
        _over_the_page("Code", lambda: _code(shown))
    _words(shown, ask)
    with _link("Files", f"files-{ask.key}"):
        files.offer(shown, ask)


def _table(table: "pd.DataFrame") -> None:
    # Rounded for eyes; the files hold every digit.
    rounded = {
        str(name): st.column_config.NumberColumn(format="%.4g")
        for name, column in table.items()
        if column.dtype.kind == "f"
    }
    st.dataframe(table, hide_index=True, column_config=rounded)


def _code(shown: "Shown") -> None:
    if shown.code:
        st.code(shown.code, "python")
    else:
        st.markdown(shown.uncoded)


def _words(shown: "Shown", ask: "Ask") -> None:
    asked = shown.predict.asks if shown.predict else ""
    terms = glossary.found("\n".join((ask.words, asked, shown.told, shown.read, shown.symbols)))
    if terms:
        with _link("Words", f"words-{ask.key}"):
            st.markdown("\n".join(f"- **{term}**: {glossary.TERMS[term]}." for term in terms))
            st.page_link(chapters.GLOSSARY.page, label="All words")


def _opens(label: str, key: str) -> bool:
    return st.button(f":small[{label}]", key=key, type="tertiary")


def _over_the_page(title: str, draw: Callable[[], object]) -> None:
    """Draw what is large over the page: built when it is opened, not before, with room to read."""
    st.dialog(title, width="large")(draw)()


@contextmanager
def _link(label: str, key: str) -> Iterator[None]:
    with st.popover(f":small[{label}]", type="tertiary", key=key):
        yield
