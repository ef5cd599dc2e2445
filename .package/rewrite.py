"""Puts the repository's modules under one package: their names get its name in front.

Nothing but insertions, at places that Python's parser names: each line keeps its number, and what
only looks like an import (a comment, a text, an attribute) stays as it is.
"""

import ast
import re

PACKAGE = "transformer_vitrine"
OWN = ("components", "pages")
"""The folders of modules at the top of the repository."""
_PREFIX = f"{PACKAGE}."
_TAKES_A_NAME = {"import_module", "__import__", "find_spec", "getLogger"}
"""Functions whose first argument is the name of a module."""
_FROM = re.compile(rb"from(?:\s|\\\n)+")
_QUOTE = re.compile(rb"""[A-Za-z]*(?:'''|\"{3}|'|")""")
_IN_WORDS = re.compile(
    rf"""
    -m\s+(?=(?:{"|".join(OWN)})\.)  # python -m components.…
    | (?:\b|(?<=\\n))from[ ](?=(?:{"|".join(OWN)})(?:\.\w+)*[ ]import\b)
    """.encode(),
    re.VERBOSE,
)
"""Where a text that a reader may follow names a module: a command, or an import."""


def code_under_package(code: str) -> str:
    """Return Python code with every module of `OWN` under `PACKAGE`.

    >>> code_under_package("from components import engine; import pages.text as text")
    'from transformer_vitrine.components import engine; import transformer_vitrine.pages.text as text'
    """  # noqa: E501
    source = code.encode()
    starts = [0]
    for line in source.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    found = _Places(source, starts)
    found.visit(ast.parse(source))
    return _with_insertions(source, found.places)


def text_under_package(text: str) -> str:
    """Return a text with the modules of `OWN` under `PACKAGE`, where it says how to call them.

    >>> text_under_package("Run python -m components.launch; see components/launch.py.")
    'Run python -m transformer_vitrine.components.launch; see components/launch.py.'
    """
    source = text.encode()
    return _with_insertions(source, {match.end(): _PREFIX for match in _IN_WORDS.finditer(source)})


def _with_insertions(source: bytes, places: dict[int, str]) -> str:
    parts, last = [], 0
    for place in sorted(places):
        parts += [source[last:place], places[place].encode()]
        last = place
    return b"".join([*parts, source[last:]]).decode()


def _is_own(name: str | None) -> bool:
    return name is not None and name.partition(".")[0] in OWN


class _Places(ast.NodeVisitor):
    """Collects what is to be inserted, by the byte before which it goes."""

    def __init__(self, source: bytes, starts: list[int]) -> None:
        self.source, self.starts = source, starts
        self.places: dict[int, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        """`import components.x` binds `components`, and so it does afterwards."""
        for alias in node.names:
            if _is_own(alias.name):
                start, end = self._span(alias)
                self.places[start] = _PREFIX
                top, _, below = alias.name.partition(".")
                if not alias.asname:
                    bound = f" as {top}"
                    self.places[end] = f", {_PREFIX}{top}{bound}" if below else bound

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from components import x`."""
        if not node.level and _is_own(node.module):
            start, _ = self._span(node)
            self._behind(_FROM, start)

    def visit_Call(self, node: ast.Call) -> None:
        """`import_module("components.x")`, also where the end of the name is computed."""
        called = node.func
        name = getattr(called, "attr", None) or getattr(called, "id", None)
        if name in _TAKES_A_NAME and node.args:
            first: ast.expr = node.args[0]
            begins = first.values[0] if isinstance(first, ast.JoinedStr) else first
            if isinstance(begins, ast.Constant) and isinstance(begins.value, str):  # noqa: SIM102
                if _is_own(begins.value):
                    self._behind(_QUOTE, self._span(first)[0])
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A text: a docstring, or what is shown to readers."""
        if isinstance(node.value, str):
            self._in_words(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text with values in it. Its parts have no places of their own in Python 3.11."""
        self._in_words(node)

    def _in_words(self, node: ast.expr) -> None:
        start, end = self._span(node)
        for match in _IN_WORDS.finditer(self.source, start, end):
            self.places[match.end()] = _PREFIX

    def _behind(self, pattern: re.Pattern[bytes], start: int) -> None:
        match = pattern.match(self.source, start)
        assert match, "Python's parser and this pattern must agree"
        self.places[match.end()] = _PREFIX

    def _span(self, node: ast.stmt | ast.expr | ast.alias) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[node.end_lineno - 1] + node.end_col_offset,
        )
