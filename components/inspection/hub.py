"""Files of a hub repository: from this machine's cache, else from the hub if it answers."""

import errno
import http.client
import json
import os
import re
import shutil
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    HTTPError,  # of the HTTP library in use: no answer, a broken answer, or one that says no
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import filter_repo_objects, validate_repo_id
from tqdm.auto import tqdm

from components.inspection.access import fetching_allowed
from components.inspection.errors import InspectionError
from components.inspection.offers import Offer
from components.inspection.progress import Progress, silent

MODEL_FILES: Final = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
"""What a model needs. No pickles, no code."""
TOKENIZER_FILES: Final = ("*.json", "*.model", "merges.txt", "vocab.txt", "*.jinja")
_REVISION: Final = re.compile(r"[A-Za-z0-9][\w./+-]{0,199}", re.ASCII)
UNWANTED: Final = (
    *("[!0-9]*/*", "[0-9][!_]*/*", "[0-9]_*/[!c]*", "*/*/*"),
    *("consolidated*", "adapter_*"),
)
"""Copies in other formats and precisions, which many repositories hold beside the model: no folder
but those in which a sentence encoder's steps have their settings (`1_Pooling/config.json`)."""
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
CLOSED: Final = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT}
)
"""Why a file cannot be written: no room, or no permission (or a file where a folder should be)."""
PATIENCE: Final = 3.0
"""Seconds to wait for the hub's first answer."""
TELL_EVERY: Final = 0.2
"""Seconds between two words about progress."""


def cached(
    source: str, revision: str = "main", patterns: Sequence[str] = MODEL_FILES
) -> Path | None:
    """Return the folder of `source` in this machine's cache, or None. No network is used."""
    _check_names(source, revision)
    try:
        folder = snapshot_download(
            source,
            revision=revision,
            allow_patterns=list(patterns),
            ignore_patterns=list(UNWANTED),
            local_files_only=True,
        )
    except OSError:  # not there, or only in part
        return None
    return Path(folder) if any(Path(folder).iterdir()) else None


def fetch(
    source: str,
    revision: str = "main",
    patterns: Sequence[str] = MODEL_FILES,
    progress: Progress = silent,
    fits: Callable[[Offer], None] = lambda _offer: None,
) -> Path:
    """Return a folder with the files of hub repository `source` that match `patterns`.

    Raises:
        InspectionError: the id is malformed, unknown or gated, the hub does not answer and the
            files are not on this machine, the disk is too full, or `fits`, asked before anything is
            fetched, refuses.
    """
    here = cached(source, revision, patterns)
    if here is not None and complete(here, patterns):
        return here
    fetching_allowed()
    if not reachable():
        raise InspectionError(
            f"'{source}' is not on this machine, and the model hub cannot be reached. Connect to "
            "the network and try again, or choose a model that is on this machine."
        )
    offer = offered(source, revision, patterns)
    size = offer.bytes
    free = shutil.disk_usage(_existing(Path(constants.HF_HUB_CACHE))).free
    if size > free:
        raise InspectionError(
            f"'{source}' takes {size / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB free. "
            "Make room, or choose a smaller model."
        )
    fits(offer)
    return _download(source, revision, patterns, size, progress)


def _download(
    source: str, revision: str, patterns: Sequence[str], size: int, progress: Progress
) -> Path:
    """Fetch on another thread; tell progress on the caller's, where a page can show it."""
    done: dict[int, float] = {}
    stop = threading.Event()

    class Told(tqdm):
        """The hub library's own progress bars. They draw nothing, and count bytes only."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **(kwargs | {"disable": True}))
            self.counts_bytes = kwargs.get("unit") == "B"

        def update(self, n: float | None = 1) -> bool | None:
            if stop.is_set():
                raise InterruptedError("The reader stopped waiting.")
            if self.counts_bytes:
                done[id(self)] = done.get(id(self), 0.0) + (n or 0)
            return None

    with ThreadPoolExecutor(1) as pool:
        fetched = pool.submit(
            snapshot_download,
            source,
            revision=revision,
            allow_patterns=list(patterns),
            ignore_patterns=list(UNWANTED),
            tqdm_class=Told,
        )
        try:
            while not fetched.done():
                # One bar counts what arrives, another what is written.
                share = max(list(done.values()), default=0.0) / max(size, 1)
                progress(min(share, 1.0), f"Fetching {source}, {size / 1e6:,.1f} MB")
                wait([fetched], TELL_EVERY)
        finally:
            stop.set()
        try:
            return Path(fetched.result())
        except (HTTPError, OSError) as error:
            raise _explained(source, revision, error) from error


def complete(folder: Path, patterns: Sequence[str]) -> bool:
    """Say whether a cached folder has what is wanted: weights, where weights are asked for."""
    if not (folder / "config.json").exists() and not (folder / "tokenizer.json").exists():
        return False
    if "*.safetensors" not in patterns:
        return True
    index = folder / "model.safetensors.index.json"
    try:
        names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return any(folder.glob("*.safetensors"))
    return all((folder / str(name)).exists() for name in names)


def offered(source: str, revision: str, patterns: Sequence[str]) -> Offer:
    """Ask the hub for the files that match `patterns`: how large each is.

    Raises:
        InspectionError: the hub does not answer or has no such model, or its weights are pickled.
    """
    try:
        info = HfApi().model_info(source, revision=revision, files_metadata=True, timeout=20)
    except (HTTPError, OSError) as error:
        raise _explained(source, revision, error) from error
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    wanted = _matching(sizes, patterns)
    if "*.safetensors" in patterns and not _matching(wanted, ["*.safetensors"]):
        raise InspectionError(
            f"'{source}' offers no safetensors weights. Vitrine does not open pickled weights, "
            "which can run code. Choose another model or revision."
        )
    stated = info.safetensors.parameters if info.safetensors else ()
    return Offer({name: sizes[name] for name in wanted}, tuple(stated))


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


def _check_names(source: str, revision: str) -> None:
    # The hub library makes file names of both.
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise InspectionError(
            f"'{revision[:80]}' is no revision: type a branch, a tag or a commit, such as 'main'."
        )
    try:
        validate_repo_id(source)
    except HFValidationError:
        raise InspectionError(
            f"'{source}' is neither a bundled model, a folder on this machine, nor a hub id. "
            "A hub id looks like 'gpt2' or 'Qwen/Qwen3-0.6B'."
        ) from None


def _matching(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Return those names that the hub library would fetch, by its own rule."""
    return list(
        filter_repo_objects(names, allow_patterns=list(patterns), ignore_patterns=list(UNWANTED))
    )


def _existing(path: Path) -> Path:
    # Not `Path.exists`, which fails in a folder that may not be looked into.
    return path if os.path.exists(path) else _existing(path.parent)  # noqa: PTH110


def _explained(source: str, revision: str, error: Exception) -> InspectionError:
    if isinstance(error, GatedRepoError):
        said = "is gated: its owner grants access on the hub, after logging in"
    elif isinstance(error, RevisionNotFoundError):
        said = f"has no revision '{revision}'"
    elif isinstance(error, RepositoryNotFoundError):
        said = "does not exist on the hub (or is private). Check the spelling, owner included"
    elif getattr(error, "errno", None) in FULL:
        said = (
            f"does not fit on the disk with {constants.HF_HUB_CACHE}. Make room there, or choose a "
            "smaller model"
        )
    elif getattr(error, "errno", None) in CLOSED:
        said = (
            f"cannot be kept: nothing can be written into {constants.HF_HUB_CACHE}. Let the "
            "environment variable HF_HOME name a folder that Vitrine may write into, or choose a "
            "model that is on this machine"
        )
    else:
        said = f"could not be fetched: {type(error).__name__}. Try again later"
    return InspectionError(f"'{source}' {said}.")
