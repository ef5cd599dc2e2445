"""What a wheel holds: the tree that git tracks, under one package. hatchling calls this."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from rewrite import PACKAGE, code_under_package, text_under_package  # noqa: E402

GENERATED = {"__pycache__", ".venv", "dist"}
REWRITTEN = {".py": code_under_package, ".md": text_under_package}


def tracked(root: Path) -> list[str]:
    """Return the files under version control, or, in an unpacked archive, all there are."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        listed = []
    found = [Path(name) for name in listed if name]
    if not found:
        everything = (path.relative_to(root) for path in sorted(root.rglob("*")))
        found = [path for path in everything if not GENERATED & set(path.parts)]
    return [path.as_posix() for path in found if (root / path).is_file()]


class Tree(BuildHookInterface):
    """Chooses the files, and puts the modules in them under the package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fill in what hatchling is to include: {file: its place in the archive}."""
        root = Path(self.root)
        if version == "editable":
            own = str(HERE / "editable.py")
            build_data["force_include_editable"][own] = f"{PACKAGE}/__init__.py"
        elif self.target_name == "sdist":
            build_data["force_include"] |= {str(root / name): name for name in tracked(root)}
        else:
            self.copies = TemporaryDirectory()
            tops = self.config["tree"]
            inside = {name: name for name in tracked(root) if name.split("/")[0] in tops}
            inside[(HERE / "installed.py").relative_to(root).as_posix()] = "__init__.py"
            for name, place in inside.items():
                file = self._rewritten(root / name, Path(self.copies.name) / place)
                build_data["force_include"][str(file)] = f"{PACKAGE}/{place}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Throw the rewritten copies away."""
        if hasattr(self, "copies"):
            self.copies.cleanup()

    @staticmethod
    def _rewritten(file: Path, copy: Path) -> Path:
        """Return `file` itself, or its copy if something had to be written otherwise in it."""
        if file.suffix not in REWRITTEN:
            return file
        old = file.read_text(encoding="utf-8")
        new = REWRITTEN[file.suffix](old)
        if new == old:
            return file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(new, encoding="utf-8", newline="\n")
        return copy
