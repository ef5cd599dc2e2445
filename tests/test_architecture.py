"""Rules of the whole repository, so that they cannot rot."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.widgets import chapters

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch",
    "transformers",
    "tokenizers",
    "captum",
    "umap",
    "sklearn",
    "bertviz",
    "accelerate",
}
ABOVE_INSPECTION = {
    "streamlit",
    "plotly",
    "components.figures",
    "components.widgets",
    "components.engine",
    "components.memory",
    "pages",
}
FORBIDDEN: dict[str, set[str]] = {
    "pages": HEAVY | {"plotly", "components.memory", "components.teaching_models"},
    "components/widgets": HEAVY
    | {"plotly", "components.memory", "components.teaching_models", "pages"},
    "components/figures": HEAVY
    | {"streamlit", "components.widgets", "components.engine", "components.memory", "pages"},
    "components/inspection": ABOVE_INSPECTION | {"components.teaching_models"},
    "components/teaching_models": ABOVE_INSPECTION,
}
"""What no file below a folder may import, at its top or inside a function."""
TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "app.py",
    "pages",
    "components",
    "assets",
    "tests",
}
MOST_LINES = 300
MOST_VIEW_LINES = 100


def files(*folders: str) -> list[Path]:
    """Python files below the given folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    """Path below the repository's root, for messages."""
    return path.relative_to(ROOT).as_posix()


class WithoutTypes(ast.NodeTransformer):
    """Drops what only the type checker sees."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Forget `if TYPE_CHECKING:`."""
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else self.generic_visit(node)


def imports(code: str) -> Iterator[str]:
    """Yield the dotted names that `code` imports anywhere, e.g. "os.path" and "os.path.join"."""
    for node in ast.walk(WithoutTypes().visit(ast.parse(code))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def trespasses(code: str, forbidden: set[str]) -> set[str]:
    """Return which of the forbidden packages `code` imports."""
    imported = set(imports(code))
    return {
        package
        for package in forbidden
        if any(one == package or one.startswith(f"{package}.") for one in imported)
    }


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_point_down(folder):
    found = files(folder)
    assert found
    wrong = {name(path): trespasses(path.read_text(), FORBIDDEN[folder]) for path in found}
    assert {path: what for path, what in wrong.items() if what} == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import torch", {"torch"}),
        ("import torch.nn as nn", {"torch"}),
        ("def f():\n    from torch import nn", {"torch"}),
        ("from components import figures", {"components.figures"}),
        ("from components.figures.theme import visible", {"components.figures"}),
        ("import torchvision\nfrom components import engine\n# import torch", set()),
        ("if TYPE_CHECKING:\n    import torch", set()),
        ("if True:\n    import torch", {"torch"}),
    ],
)
def test_a_trespass_would_be_noticed(code, found):
    assert trespasses(code, {"torch", "components.figures"}) == found


def test_the_app_starts_without_the_heavy_libraries():
    """They are imported behind the engine when first needed: a first page in a second."""
    look = f"print(sorted({HEAVY!r} & set(sys.modules)))\n"
    code = (
        "import sys\n"
        "import components.engine, components.inspection, components.widgets.frame\n"
        f"import components.widgets.chapters\n{look}import tokenizers\n{look}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    at_start, once_imported = done.stdout.split("\n")[:2]
    assert at_start == "[]"
    assert once_imported == "['tokenizers']", "else this test would see nothing"


def test_no_page_stands_directly_in_pages():
    """Streamlit would serve a link to it without the frame."""
    assert [name(path) for path in (ROOT / "pages").iterdir() if path.is_file()] == []


def lessons() -> list[chapters.Lesson]:
    """Every page of the table of contents."""
    return [
        chapters.HOME,
        *(lesson for chapter in chapters.CHAPTERS.values() for lesson in chapter),
    ]


def test_every_page_is_in_the_table_of_contents_once():
    listed = sorted(lesson.path for lesson in lessons())
    there = sorted(path.relative_to(ROOT / "pages").as_posix() for path in files("pages"))
    # A page stands alone in its chapter, or in a folder of its name, with its views beside it.
    beside = {f"{path.rpartition('/')[0]}/" for path in listed if is_page_of_folder(path)}
    assert listed == [
        path for path in there if path in listed or not path.startswith(tuple(beside))
    ]
    assert len({lesson.title for lesson in lessons()}) == len(lessons())


def is_page_of_folder(path: str) -> bool:
    """Say whether a page stands in a folder of its own name."""
    *_, folder, file = path.split("/")
    return file == f"{folder}.py"


def test_the_readme_names_every_page():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [lesson.title for lesson in lessons() if f"| {lesson.title} |" not in readme] == []


def test_the_readme_names_files_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:components|pages|tests|assets|\.ci)/[\w./-]*)`", readme)
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def tracked() -> list[str]:
    """Files under version control."""
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


def test_the_top_level_stays_small():
    tops = {path.split("/")[0] for path in tracked()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL
    assert {"app.py", "components", "pages"} <= tops


CODE = (".py", ".js", ".css", ".html", ".toml", ".svg")
ADDRESS = re.compile(r"""(?:https?:)?//[\w.-]+\.(?:com|net|org|io|dev|co|js)\b[^\s"'<>)]*""")
FORMATS = "http://www.w3.org"
"""Begins the names of XML formats, which nobody asks for anything."""


def addresses(code: str) -> set[str]:
    """Return the addresses of other hosts in a text."""
    return {one for one in ADDRESS.findall(code) if not one.startswith(FORMATS)}


def test_nothing_is_loaded_from_another_host():
    """The only host that is ever asked is the hub, by huggingface_hub, when a reader says so."""
    found = {
        name(path): addresses(path.read_text(encoding="utf-8"))
        for folder in ("components", "pages", ".streamlit")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in CODE and path.is_file()
    }
    found["app.py"] = addresses((ROOT / "app.py").read_text())
    assert len(found) > 10
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "code",
    [
        '<script src="https://cdn.jsdelivr.net/npm/d3"></script>',
        "@import url(//fonts.googleapis.com/css2)",
        'fetch("http://example.org/data.json")',
    ],
)
def test_an_address_would_be_noticed(code):
    assert len(addresses(code)) == 1
    assert addresses('xmlns="http://www.w3.org/2000/svg" // no address') == set()


def test_files_stay_small_enough_to_read():
    lengths = {
        name(path): len(path.read_text().splitlines()) for path in files("components", "pages")
    }
    long = {path: length for path, length in lengths.items() if length > MOST_LINES}
    assert long == {}


def test_a_view_is_short_enough_to_read_like_a_lesson():
    """What stands in a file with a view is that view: another figure is another file."""
    views = {
        name(path): len(path.read_text().splitlines())
        for path in files("pages")
        if "View(" in path.read_text()
    }
    assert len(views) > 50
    assert {path: lines for path, lines in views.items() if lines > MOST_VIEW_LINES} == {}


def test_inspection_holds_no_lock_while_it_computes():
    """Work gives way in the middle: a lock that it holds then is one that others wait for with the
    model's turn in hand. `functools.cached_property` holds one before Python 3.12."""
    found = [
        name(path)
        for path in files("components/inspection")
        if "functools.cached_property" in imports(path.read_text(encoding="utf-8"))
    ]
    assert found == []
