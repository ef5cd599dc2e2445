"""The wheel, and an environment that has it beside the libraries of this one, but no checkout."""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DECOY = "raise ImportError('this is the components of the reader, not of Vitrine')\n"


@dataclass(frozen=True)
class Installed:
    """A wheel, where it is installed, and the empty folder of a reader."""

    wheel: Path
    environment: Path
    folder: Path
    """Holds nothing but a package of the reader's own that is called `components`, too."""

    @property
    def programs(self) -> Path:
        """The folder of the environment's commands."""
        return self.environment / ("Scripts" if os.name == "nt" else "bin")

    @property
    def packages(self) -> Path:
        """The folder of the environment's packages."""
        return packages(self.environment)

    def run(self, *arguments: str, folder: Path | None = None) -> str:
        """Return what Python prints with these arguments, run in the reader's folder or another."""
        return said(str(self.programs / "python"), *arguments, folder=folder or self.folder)


def packages(environment: Path) -> Path:
    """Return the folder of an environment's packages."""
    base = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path("purelib", "venv", base))


def said(*command: str, folder: Path) -> str:
    """Return what a command prints, run in `folder` without this process's own paths."""
    done = subprocess.run(
        command, cwd=folder, env=bare(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def bare() -> dict[str, str]:
    """Return the variables of this process without those that show Python further modules."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"HF_HUB_OFFLINE": "1"}


def built(out: Path, target: str) -> Path:
    """Build the wheel of this checkout, or one that points to it, into `out`."""
    said(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out), folder=ROOT)
    (wheel,) = out.glob("*.whl")
    return wheel


def installed(where: Path, target: str = "wheel") -> Installed:
    """Build the wheel, and install it into a fresh environment below `where`."""
    made = Installed(built(where / "dist", target), where / "environment", where / "empty")
    said(sys.executable, "-m", "venv", str(made.environment), folder=where)
    made.folder.mkdir()
    pip = (str(made.programs / "python"), "-m", "pip", "install", "--quiet", "--no-index")
    said(*pip, "--no-deps", str(made.wheel), folder=made.folder)
    # A folder named in a .pth file is searched, but what its own .pth files name is not: so the
    # libraries of this environment are found, and the checkout is not.
    libraries = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (made.packages / "libraries.pth").write_text("\n".join(libraries))
    (made.folder / "components").mkdir()
    (made.folder / "components" / "__init__.py").write_text(DECOY)
    return made
