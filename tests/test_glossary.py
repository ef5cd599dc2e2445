"""The field's words: each term is in use, is explained plainly, and none of ours stands instead."""

import ast
import re
from pathlib import Path

import pytest

from components import glossary

ROOT = Path(__file__).parents[1]
RETIRED = {
    r"tokens? that (reads?|asks?)|token (that is read|asked)": "query token, key token",
    r"so-manieth": "every k-th",
    r"share of attention": "attention weight",
    r"stretching|stretched": "context extension, extended",
    r"compared with:|stand-ins?\b": "baseline, replacement token",
    r"bytes bind|operations bind": "memory-bound, compute-bound",
    r"\bcopy rate|matrix rate": "memory bandwidth, peak FLOP/s",
    r"toll on distance": "a bias that falls with the distance",
    r"honest series": "samples from the distribution itself",
    r"fills blanks": "masked LM, mask token",
    r"speaks? (for|against) the": "supports, opposes",
    r"numbers? apart by": "separated by",
    r"as undecided as": "perplexity",
}
"""Words of our own that stood where the field has one, and what that is."""


def said(folder: str) -> list[tuple[str, str]]:
    """Return each text that the code of a folder holds, but for docstrings, with its file."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            (path.relative_to(ROOT).as_posix(), node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docs
        ]
    return found


TEXTS = [
    text
    for folder in ("pages", "components/figures", "components/widgets")
    for text in said(folder)
]


@pytest.mark.parametrize("retired", RETIRED)
def test_no_word_of_our_own_stands_where_the_field_has_one(retired):
    words = re.compile(retired, re.IGNORECASE)
    texts = TEXTS + said("components/inspection")  # its errors are read too
    assert [(file, text) for file, text in texts if words.search(text)] == []


@pytest.mark.parametrize("term", glossary.TERMS)
def test_a_term_is_in_use_and_explained_without_itself(term):
    whole = "\n".join(text for _, text in TEXTS)
    assert term in glossary.found(whole)
    assert term.lower() not in glossary.TERMS[term].lower().split(":")[0].split()
    assert 3 < len(glossary.TERMS[term].split()) < 40


def test_terms_stand_in_the_order_of_the_alphabet():
    assert list(glossary.TERMS) == sorted(glossary.TERMS, key=str.lower)
