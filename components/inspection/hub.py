"""Files of a hub repository: from this machine's cache, else from the hub if it answers."""

import http.client
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import validate_repo_id
from tqdm.auto import tqdm

from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent

MODEL_FILES: Final = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
"""What a model needs. No pickles, no code."""
TOKENIZER_FILES: Final = ("*.json", "*.model", "merges.txt", "vocab.txt", "*.jinja")
PATIENCE: Final = 3.0
"""Seconds to wait for the hub's first answer."""


def cached(
    source: str, revision: str = "main", patterns: Sequence[str] = MODEL_FILES
) -> Path | None:
    """Return the folder of `source` in this machine's cache, or None. No network is used."""
    _check_id(source)
    try:
        folder = snapshot_download(
            source, revision=revision, allow_patterns=list(patterns), local_files_only=True
        )
    except LocalEntryNotFoundError:
        return None
    return Path(folder) if any(Path(folder).iterdir()) else None


def fetch(
    source: str,
    revision: str = "main",
    patterns: Sequence[str] = MODEL_FILES,
    progress: Progress = silent,
) -> Path:
    """Return a folder with the files of hub repository `source` that match `patterns`.

    Raises:
        InspectionError: the id is malformed, unknown or gated, the hub does not answer and the
            files are not on this machine, or the disk is too full.
    """
    here = cached(source, revision, patterns)
    if here is not None and complete(here, patterns):
        return here
    if not reachable():
        raise InspectionError(
            f"'{source}' is not on this machine, and the model hub cannot be reached. Connect to "
            "the network and try again, or choose a model that is on this machine."
        )
    size = download_bytes(source, revision, patterns)
    free = shutil.disk_usage(_existing(Path(constants.HF_HUB_CACHE))).free
    if size > free:
        raise InspectionError(
            f"'{source}' takes {size / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB free. "
            "Make room, or choose a smaller model."
        )

    class Told(tqdm):  # type: ignore[type-arg]
        """Hands the hub's own progress bar on."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **(kwargs | {"disable": True}))
            self.done = 0.0

        def update(self, n: float | None = 1) -> bool | None:
            self.done += n or 0
            if self.total:
                share = min(self.done / self.total, 1.0)
                progress(share, f"Fetching {source}")
            return None

    try:
        folder = snapshot_download(
            source, revision=revision, allow_patterns=list(patterns), tqdm_class=Told
        )
    except (HfHubHTTPError, OSError) as error:
        raise _explained(source, revision, error) from error
    return Path(folder)


def complete(folder: Path, patterns: Sequence[str]) -> bool:
    """Say whether a cached folder has what is wanted: weights, where weights are asked for."""
    if not (folder / "config.json").exists() and not (folder / "tokenizer.json").exists():
        return False
    return "*.safetensors" not in patterns or any(folder.glob("*.safetensors"))


def download_bytes(source: str, revision: str, patterns: Sequence[str]) -> int:
    """Ask the hub how many bytes the files that match `patterns` have together."""
    try:
        info = HfApi().model_info(source, revision=revision, files_metadata=True, timeout=20)
    except (HfHubHTTPError, OSError) as error:
        raise _explained(source, revision, error) from error
    files = [file for file in info.siblings or [] if _matches(file.rfilename, patterns)]
    if "*.safetensors" in patterns and not any(
        file.rfilename.endswith(".safetensors") for file in files
    ):
        raise InspectionError(
            f"'{source}' offers no safetensors weights. Vitrine does not open pickled weights, "
            "which can run code. Choose another model or revision."
        )
    return sum(file.size or 0 for file in files)


def reachable() -> bool:
    """Say whether the hub answers at all within `PATIENCE` seconds."""
    if constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE") == "1":
        return False
    address = urllib.parse.urlsplit(constants.ENDPOINT)
    if address.scheme not in ("http", "https"):
        return False
    request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False


def _check_id(source: str) -> None:
    try:
        validate_repo_id(source)
    except HFValidationError:
        raise InspectionError(
            f"'{source}' is neither a bundled model, a folder on this machine, nor a hub id. "
            "A hub id looks like 'gpt2' or 'Qwen/Qwen3-0.6B'."
        ) from None


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(Path(name).match(pattern) for pattern in patterns)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _explained(source: str, revision: str, error: Exception) -> InspectionError:
    if isinstance(error, GatedRepoError):
        said = "is gated: its owner grants access on the hub, after logging in"
    elif isinstance(error, RevisionNotFoundError):
        said = f"has no revision '{revision}'"
    elif isinstance(error, RepositoryNotFoundError):
        said = "does not exist on the hub (or is private). Check the spelling, owner included"
    else:
        said = f"could not be fetched: {type(error).__name__}. Try again later"
    return InspectionError(f"'{source}' {said}.")
