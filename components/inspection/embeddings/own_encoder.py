"""How a model was made to embed sentences, as its folder says in sentence-transformers' files.

`modules.json` lists the steps (a transformer, a pooling, often a normalization, sometimes more),
and each step's settings lie in a folder of its own: `1_Pooling/config.json`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from components.inspection import hub
from components.inspection.embeddings.pooling import Way
from components.inspection.errors import InspectionError
from components.inspection.folder import check_file, read_json
from components.inspection.model import Model
from components.inspection.sources import on_this_machine

MODULES: Final = "modules.json"
MOST_STEPS: Final = 16
KEYS: Final[dict[str, Way]] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}
"""What the settings of a pooling call its ways."""


@dataclass(frozen=True)
class OwnEncoder:
    """How a model was made to embed sentences, as far as its folder says so."""

    pooling: Way | None = None
    """None if nothing is stated, or what is stated cannot be done here."""
    normalised: bool = False
    """Vectors are then brought to length 1."""
    longest: int | None = None
    """Most tokens that it was made to read of one text."""
    lower: bool = False
    """Texts are first written in small letters."""
    said: str = ""
    """What is stated and not done here, or why nothing could be read; empty if there is nothing."""


def own_encoder(model: Model) -> OwnEncoder:
    """Return what the folder of `model` states; nothing where there is none (a .gguf file)."""
    folder = _folder(model)
    if folder is None or not (folder / MODULES).exists():
        return OwnEncoder()
    try:
        return stated(folder, model.name)
    except InspectionError as error:
        return OwnEncoder(
            said=f"How '{model.name}' makes vectors of sentences is not known: {error}"
        )


def stated(folder: Path, name: str) -> OwnEncoder:
    """Read the files of a folder that has a modules.json.

    Raises:
        InspectionError: one is broken, too large, or leads out of the folder.
    """
    steps = _steps(folder, name)
    settings = _settings(folder / "sentence_bert_config.json", name) or {}
    longest = settings.get("max_seq_length")
    kinds = [kind for kind, _ in steps]
    place = next((path for kind, path in steps if kind == "Pooling"), None)
    if place is None:
        return OwnEncoder(said=f"The {MODULES} of '{name}' names no pooling.")
    pooling = _settings(folder / place / "config.json", name)
    if pooling is None:
        return OwnEncoder(
            said=f"'{name}' was made to embed sentences, but {place}/config.json, which says how, "
            "is not in its folder. Fetch the model again."
        )
    ways = [key for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True]
    way = KEYS.get(ways[0]) if len(ways) == 1 else None
    others = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    said = ""
    if way is None:
        said = f"'{name}' pools in a way that is not known here ({', '.join(ways)[:80] or 'none'})."
    elif others:
        said = (
            f"'{name}' does more after pooling ({', '.join(others)[:80]}), which is not done here: "
            "these are the vectors before it."
        )
    return OwnEncoder(
        pooling=way,
        normalised="Normalize" in kinds and way is not None,
        longest=longest if _counts(longest) else None,
        lower=settings.get("do_lower_case") is True,
        said=said,
    )


def _folder(model: Model) -> Path | None:
    """Return where the files of a loaded model are; None for a single file, or if they are gone."""
    try:
        place = on_this_machine(model.source) or hub.cached(model.source, model.revision)
    except InspectionError:
        return None
    return place if place is not None and place.is_dir() else None


def _steps(folder: Path, name: str) -> list[tuple[str, str]]:
    """Return kind and folder of each step.

    Raises:
        InspectionError: the list is broken, or a step lies elsewhere.
    """
    check_file(folder / MODULES, name)
    try:
        listed = json.loads((folder / MODULES).read_text(encoding="utf-8"))
        found = [(str(one["type"]).rpartition(".")[2], str(one["path"])) for one in listed]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        found = []
    if not 0 < len(found) <= MOST_STEPS:
        raise InspectionError(f"its {MODULES} is no list of steps. Fetch it again.")
    for _, path in found:
        if path and (Path(path).name != path or path == ".." or "\\" in path):
            raise InspectionError(
                f"its {MODULES} names {path[:80]!r}, which lies outside of its folder."
            )
    return found


def _settings(path: Path, name: str) -> dict[str, Any] | None:
    """Return a file of settings; None if there is none.

    Raises:
        InspectionError: it is broken, or no file.
    """
    if not path.exists():
        return None
    check_file(path, name)
    found = read_json(path)
    if found is None:
        raise InspectionError(f"its {path.name} holds no JSON object. Fetch it again.")
    return found


def _counts(stated: object) -> bool:
    return isinstance(stated, int) and not isinstance(stated, bool) and stated > 2
