"""From the name of a source to the place that holds it: one way for models and tokenizers.

No torch is needed for this, so that a page about tokenizers need not wait for it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from components.inspection import gguf_file, hub
from components.inspection.access import SERVED, access, reached
from components.inspection.catalogue import BUNDLED_FOLDER, bundled
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent

LONGEST_NAME: Final = 1_000
"""Characters of a hub id or a path."""
OF_MODELS: Final = (gguf_file.SUFFIX,)
"""How a single file ends that holds a whole model."""


def locate(
    source: str,
    revision: str = "main",
    progress: Progress = silent,
    patterns: Sequence[str] = hub.MODEL_FILES,
) -> Path:
    """Return the folder (or the .gguf file) that holds `source`, fetching it if need be.

    Raises:
        InspectionError: there is no such model, or the hub cannot be reached.
    """
    here = on_this_machine(source)
    return hub.fetch(source.strip(), revision, patterns, progress) if here is None else here


def on_this_machine(
    source: str, suffixes: Sequence[str] = OF_MODELS, what: str = "model"
) -> Path | None:
    """Return the place of what is bundled, or of a path; None if `source` can only be a hub id.

    `suffixes` are the endings of single files that will do; `what` is looked for, in words.

    Raises:
        InspectionError: nothing can have this name, or it is a path to nothing.
    """
    source = source.strip()
    if not source:
        raise InspectionError(f"No {what} was named. Type a hub id or the path of a folder.")
    if len(source) > LONGEST_NAME or not source.isprintable():
        raise InspectionError(
            f"No {what} has this name, of {len(source):,} characters: a hub id or the path of a "
            f"folder has at most {LONGEST_NAME:,}, all of them printable."
        )
    if source in bundled():
        return BUNDLED_FOLDER / source
    place = local(source, suffixes)
    if place is None and is_path(source):
        if not access().anywhere:
            raise InspectionError(SERVED)
        raise InspectionError(
            f"There is no folder {source} on the machine that runs Vitrine, and no such "
            f"{' or '.join(suffixes)} file."
        )
    return place


def local(source: str, suffixes: Sequence[str] = OF_MODELS) -> Path | None:
    """Return the folder or file on this machine that `source` is the path of, or None."""
    try:
        place = reached(source)
        fits = place.is_dir() or (place.suffix.lower() in suffixes and place.is_file())
        return place if fits else None
    except (OSError, RuntimeError, ValueError):  # too long, "~nobody" has no home, a zero byte
        return None
    except InspectionError:  # not for readers of this server
        return None


def is_path(source: str) -> bool:
    """Say whether `source` is written as a path, and not as a hub id.

    >>> is_path("~/models/mine"), is_path("C:\\\\models"), is_path("openai-community/gpt2")
    (True, True, False)
    """
    return source.startswith((".", "/", "~", "\\")) or source[1:3] == ":\\"
