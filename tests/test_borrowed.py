"""Every interface that Vitrine borrows is in one list, is there, and does what is needed of it.

After an upgrade of a library, this is the file to run first.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.borrowed import LIST, of_others, of_streamlit, of_torch, of_transformers

ROOT = Path(__file__).parents[1]
MODULES = (of_others, of_streamlit, of_torch, of_transformers)
DOCUMENTED = {
    "captum.attr",
    "huggingface_hub.errors",
    "huggingface_hub.utils",
    "jinja2.exceptions",
    "jinja2.ext",
    "jinja2.parser",
    "jinja2.sandbox",
    "numpy.typing",
    "openpyxl.cell",
    "openpyxl.formatting.rule",
    "openpyxl.styles",
    "openpyxl.utils",
    "openpyxl.worksheet.worksheet",
    "plotly.graph_objects",
    "plotly.subplots",
    "safetensors.torch",
    "scipy.linalg",
    "scipy.sparse",
    "scipy.special",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.decomposition",
    "sklearn.exceptions",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "sklearn.manifold",
    "sklearn.metrics",
    "sklearn.metrics.pairwise",
    "sklearn.model_selection",
    "sklearn.neighbors",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.modules.module",
    "torch.overrides",
    "tqdm.auto",
    "transformers.modeling_outputs",
    "transformers.utils.logging",
}
"""Modules inside of libraries that have a page in their documentation."""
PYTHONS = {"__name__", "__module__", "__qualname__", "__version__", "__cause__"} | {
    "__traceback__",
    "__init__",
    "__call__",
    "__getitem__",
    "__matmul__",
    "__contains__",
    "__dict__",
    "__file__",
    "_fields",  # of named tuples
}
"""Names with underscores that the language documents, and those of any package."""
OUR_OWN = {
    ("components/inspection/tokenizer/compare.py", "vars(reading)"),
}
"""Looked into with `vars`, and made by ourselves."""


@pytest.mark.parametrize("one", LIST, ids=lambda one: f"{one.library}: {one.names[0]}")
def test_what_is_borrowed_does_what_is_needed_of_it(one):
    one.check()


def test_every_borrowing_says_why():
    assert [one.names for one in LIST if len(one.why.split()) < 6] == []
    assert {one.check.__module__ for one in LIST} == {module.__name__ for module in MODULES}


def test_nothing_is_listed_that_no_file_of_ours_uses():
    texts = {file: (ROOT / file).read_text() for one in LIST for file in one.files}
    unused = [
        (one.library, name)
        for one in LIST
        for name in one.names
        if not any(name in texts[file] for file in one.files)
    ]
    idle = [
        (one.names[0], file)
        for one in LIST
        for file in one.files
        if not any(name in texts[file] for name in one.names)
    ]
    assert unused + idle == []


def test_all_that_is_borrowed_is_listed():
    known = {(file, name) for one in LIST for file in one.files for name in one.names} | OUR_OWN
    paths = [path for folder in ("components", "pages") for path in (ROOT / folder).rglob("*.py")]
    found = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in [*paths, ROOT / "app.py"]
        for name in borrowings(path.read_text())
    }
    assert len(found) > 20
    assert found - known == set()
    assert found >= OUR_OWN


def borrowings(code: str) -> set[str]:
    """Return what `code` takes of others that they have not promised."""
    tree = ast.parse(code)
    ours = set(_defined(tree))
    foreign = {
        alias.asname or alias.name.split(".")[0]
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and not _ours(node.names[0].name))
        or (isinstance(node, ast.ImportFrom) and not _ours(node.module or ""))
        for alias in node.names
    }
    found = {name for node in ast.walk(tree) for name in _taken(node, foreign)}
    return {name for name in found if name not in ours | PYTHONS}


def _taken(node: ast.AST, foreign: set[str]) -> Iterator[str]:
    match node:
        case ast.Attribute(ast.Name("self" | "cls")):
            pass
        case ast.Attribute(_, str(name)) if name.startswith("_"):
            yield name
        case ast.Import(names):
            yield from (alias.name for alias in names if _undocumented(alias.name))
        case ast.ImportFrom(str(module), names) if not _ours(module):
            if _undocumented(module):
                yield module
            yield from (alias.name for alias in names if alias.name.startswith("_"))
        case ast.Call(ast.Name("vars"), [of]):
            yield f"vars({ast.unparse(of)})"
        case ast.Call(
            ast.Name("getattr" | "hasattr" | "setattr"), [_, ast.Constant(str(name)), *_]
        ):
            if name.startswith("_"):
                yield name
        case ast.Call(ast.Attribute(_, "object"), [ast.Name(of), ast.Constant(str(name)), *_]):
            if of in foreign:  # mock.patch.object
                yield name
    for target in getattr(node, "targets", []) if isinstance(node, ast.Assign) else []:
        match target:
            case ast.Attribute(ast.Name(of), name) if of in foreign and of != "sys":
                yield f"{of}.{name}"


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names with an underscore that this file gives to its own classes and itself."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(ast.Name(name)) | ast.Assign([ast.Name(name)]):
                yield name
            case ast.Assign([ast.Attribute(ast.Name("self"), name)]):
                yield name
            case ast.FunctionDef(name) | ast.ClassDef(name):
                yield name


def _ours(module: str) -> bool:
    top = module.split(".")[0]
    return top in ("components", "pages") or top in sys.stdlib_module_names


def _undocumented(module: str) -> bool:
    return "." in module and not _ours(module) and module not in DOCUMENTED


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x._inside", {"_inside"}),
        ("self._own", set()),
        ("class A:\n    _own: int\na._own", set()),
        ("from torch._C import Graph", {"torch._C"}),
        ("from torch import _C", {"_C"}),
        ("from transformers.cache_utils import Cache", {"transformers.cache_utils"}),
        ("from captum.attr import Saliency\nimport os.path", set()),
        ("vars(layer)", {"vars(layer)"}),
        ("getattr(x, '_inside', None)", {"_inside"}),
        ("x.__getstate__()", {"__getstate__"}),
        ("from torch import nn\nnn.relu = None", {"nn.relu"}),
        ("from transformers import x\nmock.patch.object(x, 'y', 1)", {"y"}),
        ("from components.inspection.tap import COLLECTOR\nSINK.set = 1", set()),
    ],
)
def test_a_borrowing_would_be_noticed(code, found):
    assert borrowings(code) == found
