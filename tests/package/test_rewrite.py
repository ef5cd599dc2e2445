"""The modules under one package: what is rewritten, and what only looks like it."""

import ast
import doctest
import re
import sys
from pathlib import Path

import pytest

from tests.wheels import ROOT

sys.path.insert(0, str(ROOT / ".package"))
import rewrite
from rewrite import code_under_package, text_under_package

sys.path.pop(0)
NEW = "transformer_vitrine."
REWRITTEN = {
    "from components import engine": "from @components import engine",
    "from components.widgets import a, b": "from @components.widgets import a, b",
    "from  \\\n  pages.text.x import (\n  y,\n)": "from  \\\n  @pages.text.x import (\n  y,\n)",
    "import components.engine as e": "import @components.engine as e",
    "import os, components.a as a, pages.b as b": "import os, @components.a as a, @pages.b as b",
    "import components": "import @components as components",
    "import components.a.b": "import @components.a.b, @components as components",
    "def f():\n\tfrom components.a import b": "def f():\n\tfrom @components.a import b",
    "é = 'é'; from components import x": "é = 'é'; from @components import x",
    "import_module('components.a')": "import_module('@components.a')",
    'importlib.import_module(f"pages.{x}.y")': 'importlib.import_module(f"@pages.{x}.y")',
    'getLogger("components")': 'getLogger("@components")',
    'find_spec(r"""pages.a""")': 'find_spec(r"""@pages.a""")',
    '"""Run `python -m\ncomponents.a`."""': '"""Run `python -m\n@components.a`."""',
    'f"python -m components.check {x}"': 'f"python -m @components.check {x}"',
    'x = ("a" \'-m components.b\' "c")': 'x = ("a" \'-m @components.b\' "c")',
    '"""\n>>> from components.a import b\n"""': '"""\n>>> from @components.a import b\n"""',
    r'"import os\nfrom components.a import b\n"': r'"import os\nfrom @components.a import b\n"',
}
UNTOUCHED = [
    "from . import components",
    "from .components import x",
    "from streamlit import components",
    "from streamlit.components.v2 import component",
    "import componentsmith, pages_of_mine",
    "st.components.v2.component('x')",
    "components.engine.run()",
    "# from components import engine",
    "x = 'from pages one to ten'",
    "x = 'the components. They are small'",
    "x = b'python -m components.a'",
    "x = __name__.removesuffix('components.widgets.chapters')",
    'import_module(f"{ROOT}pages.{chapter}")',
    'import_module(f"{__name__}.components")',
    "import_module('.components', package)",
    "import_module(name)",
    "st.Page('pages/about/home.py')",
    "st.Page(f'pages/{path}')",
    "find_spec('componentsmith')",
]


@pytest.mark.parametrize("code", REWRITTEN)
def test_a_module_s_name_gets_the_package_in_front(code):
    new = code_under_package(code)
    assert new == REWRITTEN[code].replace("@", NEW)
    ast.parse(new)
    assert code_under_package(new) == new, "a second time must change nothing"


@pytest.mark.parametrize("code", UNTOUCHED)
def test_what_only_looks_like_it_stays(code):
    assert code_under_package(code) == code


def test_the_examples_in_its_docstrings_hold():
    assert doctest.testmod(rewrite) == (0, 2)


def test_what_was_bound_is_bound(monkeypatch):
    """`import components.x` makes `components` known, and so does what is written for it."""
    import components.memory

    monkeypatch.setitem(sys.modules, "transformer_vitrine", sys)
    monkeypatch.setitem(sys.modules, "transformer_vitrine.components", components)
    monkeypatch.setitem(sys.modules, "transformer_vitrine.components.memory", components.memory)
    monkeypatch.setattr(sys, "components", components, raising=False)
    for code in ("import components.memory", "import components, components.memory as m"):
        names: dict[str, object] = {}
        exec(code_under_package(code), names)
        assert names["components"] is components


def test_a_page_of_words_keeps_all_but_its_commands():
    text = "See components/a.py.\n\n    python -m components.a train\n"
    assert text_under_package(text) == text.replace("-m ", f"-m {NEW}")


@pytest.mark.parametrize("folder", ["components", "pages"])
def test_no_line_of_ours_is_moved_or_lost(folder):
    for path in sorted(Path(ROOT / folder).rglob("*.py")):
        old = path.read_text(encoding="utf-8")
        new = code_under_package(old)
        without = re.sub(r", transformer_vitrine\.(\w+) as \1(?!\w)", "", new)
        assert without.replace(NEW, "") == old.replace(NEW, ""), path
        assert len(new.splitlines()) == len(old.splitlines())
        ast.parse(new)
