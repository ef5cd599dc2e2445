"""What the wheel holds, and what it gives in an environment and a folder of the reader's own."""

import ast
import re
import subprocess
import zipfile

import pytest

from tests.wheels import ROOT

PACKAGE = "transformer_vitrine/"
TREE = ("app.py", "pages/", "components/", "assets/", ".streamlit/")
MOST_BYTES = 20 * 2**20
OWN = "__init__.py"
"""The only file that is the package's and not the tree's."""
IN_WORDS = re.compile(
    r"-m\s+(?:components|pages)\.|\bfrom (?:components|pages)[\w.]* import\b"
    r"|(?:import_module|__import__|find_spec|getLogger)\(\s*f?[\"'](?:components|pages)\b"
)
NOTEBOOK = """
import sys
from transformer_vitrine import load_model, record
recording = record(load_model("storyteller", "cpu"), "Once upon a time")
print(recording.stack().residual.shape[0], float(recording.attentions[0].weights.sum(-1).min()))
print([name for name in sys.modules if name.partition(".")[0] in ("components", "pages")])
print(sys.modules["transformer_vitrine"].__file__)
"""


@pytest.fixture(scope="module")
def held(installed) -> dict[str, bytes]:
    """Return the wheel's files."""
    with zipfile.ZipFile(installed.wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def tracked() -> list[str]:
    """Return the files of the tree under version control."""
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.splitlines() if (ROOT / name).exists()]


def test_it_holds_the_tracked_tree_under_one_package_and_nothing_else(held):
    tree = {PACKAGE + name for name in tracked() if name.startswith(TREE)}
    assert len(tree) > 100
    described = {name for name in held if ".dist-info/" in name.split("/", 1)[0] + "/"}
    assert {name.split("/")[-1] for name in described} >= {"METADATA", "LICENSE"}
    assert set(held) - described == tree | {PACKAGE + OWN}


def test_what_is_no_code_is_there_byte_for_byte(held):
    plain = [
        name for name in tracked() if name.startswith(TREE) and name[-3:] not in (".py", ".md")
    ]
    assert any(name.endswith(".safetensors") for name in plain)
    assert [name for name in plain if held[PACKAGE + name] != (ROOT / name).read_bytes()] == []


def left_over(name: str, body: bytes) -> list[str]:
    """Return what in a file names a module of the checkout as the checkout does."""
    if not name.endswith((".py", ".md", ".toml", "METADATA")):
        return []
    text = body.decode()
    found = IN_WORDS.findall(text)
    for node in ast.walk(ast.parse(text)) if name.endswith(".py") else ():
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.append(node.module or "")
    return [one for one in found if re.search(r"(?<![\w.])(?:components|pages)\b", one)]


def test_no_module_is_named_without_the_package(held):
    assert {name: left for name in held if (left := left_over(name, held[name]))} == {}


@pytest.mark.parametrize("folder", ["components", "pages"])
def test_a_name_without_the_package_would_be_noticed(folder):
    codes = [f"from {folder} import x", f"import os, {folder}.x as x", f"'-m {folder}.x'"]
    codes += [f"import_module('{folder}.x')", f'"""\n>>> from {folder}.x import y\n"""']
    assert [code for code in codes if not left_over("x.py", code.encode())] == []
    assert left_over("x.md", f"run python -m\n{folder}.x".encode())
    assert left_over("x.py", f"from .{folder} import x; st.{folder}.v2()".encode()) == []


def test_it_stays_small(installed):
    assert installed.wheel.stat().st_size < MOST_BYTES


def test_a_notebook_beside_a_folder_of_the_same_name_records(installed):
    shown = installed.run("-c", NOTEBOOK).splitlines()
    layers, least = shown[0].split()
    assert int(layers) > 1
    assert float(least) == pytest.approx(1, abs=1e-5)
    assert shown[1] == "[]", "else a module of the reader's folder was taken"
    assert shown[2].startswith(str(installed.packages))


def test_a_command_of_the_library_runs_by_its_name(installed):
    name = "transformer_vitrine.components.inspection.check"
    assert f"usage: python -m {name}" in installed.run("-m", name, "--help")
