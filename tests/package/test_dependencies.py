"""What is imported is declared, and what is declared is imported."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.test_architecture import imports
from tests.wheels import ROOT

OURS = {"components", "pages", "tests", "app", "rewrite"}
NOT_IMPORTED = {
    "accelerate": "transformers puts a network on a GPU with it (`device_map`)",
    "protobuf": "sentencepiece's own `sentencepiece_model_pb2` imports it",
    "mistral-common": "its files are three of the tokenizers that the tour offers and compares",
}
"""Declared, and why although no file of ours imports it."""
TOOLS = {
    "ruff",
    "mypy",
    "pandas-stubs",
    "types-psutil",
    "pytest-rerunfailures",
}
"""Of the extra `test`: run, not imported."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    """Return a distribution's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras: str) -> set[str]:
    """Return the distributions that are declared, those of some extras too."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    names = {normal(re.split(r"[\[<>=!~ ;]", line)[0]) for line in lines}
    return names - {PROJECT["name"]}


def modules(code: str) -> set[str]:
    """Return the modules of other projects that `code` imports anywhere."""
    tops = {name.partition(".")[0] for name in imports(code)}
    relative = {
        node.module
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and node.level
    }
    return tops - relative - OURS - set(sys.stdlib_module_names)


def imported(*folders: str) -> dict[str, set[str]]:
    """Return which files import each distribution, of the Python files below some folders."""
    homes = packages_distributions()
    found: dict[str, set[str]] = {}
    for folder in folders:
        top = ROOT / folder
        for path in [top] if top.is_file() else sorted(top.rglob("*.py")):
            for module in modules(path.read_text(encoding="utf-8")):
                name = normal(homes.get(module, [module])[0])
                found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    return found


APP = ("app.py", "pages", "components")


def test_all_that_the_app_imports_is_declared():
    known = declared("gguf", "notebook")
    assert {name: files for name, files in imported(*APP).items() if name not in known} == {}


def test_all_that_the_tests_and_the_build_import_is_declared():
    known = declared("gguf", "notebook", "test")
    found = imported("tests", ".package")
    assert {name: files for name, files in found.items() if name not in known} == {}


def test_all_that_is_declared_is_imported_or_has_a_reason():
    used = set(imported(*APP))
    assert declared() - used == set(NOT_IMPORTED)
    assert declared("gguf", "notebook") - declared() <= used
    tests = declared("test") - declared()
    assert tests - set(imported("tests", ".package")) == TOOLS


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import numpy.linalg as l, os", {"numpy"}),
        ("def f():\n    from torch import nn", {"torch"}),
        ("from components import engine\nfrom .x import y\n# import sympy", set()),
    ],
)
def test_an_import_would_be_noticed(code, found):
    assert modules(code) == found


def test_the_extras_are_those_that_the_readme_names():
    assert set(PROJECT["optional-dependencies"]) == {"gguf", "notebook", "test"}
    readme = Path(ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"[{extra}]" in readme for extra in PROJECT["optional-dependencies"])
