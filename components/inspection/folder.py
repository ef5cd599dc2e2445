"""The files of a model folder, looked at before a library opens one: plain files of a bounded size.

A folder comes from anywhere. A pipe in it would be waited for, a device read without end, and a
settings file of 200 MB be taken apart for minutes while others wait.
"""

import json
from pathlib import Path
from typing import Any, Final

from components.inspection.errors import InspectionError
from components.inspection.hub import MODEL_FILES

MOST_SETTINGS_BYTES: Final = 16 * 2**20
"""Of a file of settings, or of a chat template."""
MOST_VOCABULARY_BYTES: Final = 64 * 2**20
"""Of a file that grows with the vocabulary or with the number of weights."""
GROWS: Final = (
    "tokenizer.json",
    "tekken.json",
    "vocab.*",
    "*.model",
    "*.txt",
    "*.safetensors.index.json",
)
WEIGHTS: Final = "*.safetensors"


def check_folder(folder: Path, source: str) -> None:
    """Look at each file that transformers might read.

    Raises:
        InspectionError: the folder cannot be listed, or as `check_file`.
    """
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise InspectionError(
            f"The folder of '{source}' cannot be listed ({type(error).__name__}). Let the user "
            "who runs Vitrine read it, or choose another model."
        ) from None
    for path in found:
        if any(path.match(pattern) for pattern in MODEL_FILES):
            check_file(path, source)


def check_file(path: Path, source: str) -> None:
    """See that `path` is nothing, or a plain file that can be read as a whole.

    Raises:
        InspectionError: it is a folder, a pipe or a device, may not be read, or is too large.
    """
    advice = "Fetch the model again, or choose another."
    try:
        if not path.exists():
            return  # a link to nothing, too: transformers takes both for a file that is not there
        size = path.stat().st_size
        if not path.is_file():
            kind = "a folder" if path.is_dir() else "a pipe or a device"
            raise InspectionError(f"{path.name} of '{source}' is {kind}, and no file. {advice}")
        with path.open("rb"):
            pass
    except OSError as error:
        raise InspectionError(
            f"{path.name} of '{source}' cannot be opened ({type(error).__name__}). Let the user "
            "who runs Vitrine read it, or choose another model."
        ) from None
    most = MOST_VOCABULARY_BYTES if _grows(path) else MOST_SETTINGS_BYTES
    if size > most and not path.match(WEIGHTS):
        raise InspectionError(
            f"{path.name} of '{source}' has {size / 2**20:,.0f} MB; of such a file at most "
            f"{most // 2**20} MB are read. {advice}"
        )


def read_json(path: Path) -> dict[str, Any] | None:
    """Return what the object in a JSON file holds; None if there is no such object in it.

    Only after `check_file`.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def check_settings(folder: Path, source: str, *names: str) -> None:
    """See that each of the named files is not there, or holds a JSON object.

    Raises:
        InspectionError: one holds something else.
    """
    for name in names:
        if (folder / name).exists() and read_json(folder / name) is None:
            raise InspectionError(
                f"{name} of '{source}' is broken: it holds no JSON object. Fetch it again, or "
                "remove it."
            )


def _grows(path: Path) -> bool:
    return any(path.match(pattern) for pattern in GROWS)
