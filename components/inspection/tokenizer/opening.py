"""Open a tokenizer: a loaded model's, a bundled one, one of a package, the hub's, or a file."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from tokenizers import Tokenizer

from components.inspection import gguf_file, hub, sources
from components.inspection.errors import InspectionError
from components.inspection.folder import MOST_VOCABULARY_BYTES, check_file, read_json
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer import catalogue, mistral
from components.inspection.tokenizer.backend import unlimited
from components.inspection.tokenizer.ready import ReadyTokenizer

KEPT: Final = 8
"""Opened tokenizers that stay in memory, about 30 MB for each 100,000 tokens of vocabulary."""
OWN: Final = "ready tokenizer"
"""Under which a model keeps its own, made ready."""
TEMPLATE: Final = "chat_template.jinja"


class ModelWithTokenizer(Protocol):
    """What is needed of a loaded `components.inspection.model.Model`."""

    @property
    def source(self) -> str: ...
    @property
    def context(self) -> int: ...
    @property
    def tokenizer(self) -> Any: ...
    @property
    def backend(self) -> Tokenizer: ...
    @property
    def known(self) -> dict[str, Any]: ...


Holder = str | ReadyTokenizer | ModelWithTokenizer
"""What an inspection takes first: something that has a tokenizer, or a name of one."""

_turn = threading.RLock()
_opened: OrderedDict[str, ReadyTokenizer] = OrderedDict()


def ready(holder: Holder) -> ReadyTokenizer:
    """Return the tokenizer of `holder`; no network is used.

    Raises:
        InspectionError: there is none of that name on this machine, or its file is broken.
    """
    if isinstance(holder, ReadyTokenizer):
        return holder
    with _turn:
        if not isinstance(holder, str):
            if OWN not in holder.known:
                holder.known[OWN] = _of_model(holder)
            own: ReadyTokenizer = holder.known[OWN]
            return own
        source = holder.strip()
        if source not in _opened:
            _opened[source] = _open(source)
            while len(_opened) > KEPT:
                _opened.popitem(last=False)
        _opened.move_to_end(source)
        return _opened[source]


def fetch_tokenizer(source: str, progress: Progress = silent) -> None:
    """Bring the tokenizer of hub repository `source` to this machine, and see that it opens.

    Raises:
        InspectionError: the hub cannot be reached, has no such repository, or no tokenizer.json.
    """
    hub.fetch(source, "main", hub.TOKENIZER_FILES, progress)
    ready(source)


def _of_model(model: ModelWithTokenizer) -> ReadyTokenizer:
    own = model.tokenizer
    return ReadyTokenizer(
        name=catalogue.title(model.source),
        backend=model.backend,
        context=model.context,
        template=own.chat_template if isinstance(own.chat_template, str) else None,
        roles=_roles(own.special_tokens_map),
    )


def _open(source: str) -> ReadyTokenizer:
    if source in mistral.FILES and catalogue.bundled_folder(source) is None:
        return mistral.mistral_tokenizer(source, catalogue.title(source))
    place = catalogue.bundled_folder(source) or sources.on_this_machine(
        source, catalogue.SUFFIXES, "tokenizer"
    )
    if place is None:
        place = hub.cached(source, patterns=hub.TOKENIZER_FILES)
    if place is None:
        raise InspectionError(
            f"The tokenizer '{source}' is not on this machine. Fetch it from the hub when there is "
            "a network, or choose another."
        )
    if place.suffix.lower() == gguf_file.SUFFIX and place.is_file():
        return _from_gguf(place, catalogue.title(source))
    file = place if place.is_file() else place / "tokenizer.json"
    return _from_file(file, catalogue.title(source), file.parent)


def _from_gguf(path: Path, name: str) -> ReadyTokenizer:
    """Open the tokenizer in a GGUF file, which only transformers knows how to read.

    Importing transformers takes seconds, and two threads may not do so at once: a page waits for
    the engine's import before it asks for such a file.
    """
    gguf_file.read(path, name)
    from transformers import AutoTokenizer

    try:
        own = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
        backend = unlimited(own.backend_tokenizer.to_str())
    except Exception as error:  # any broken value ends in a library's own error
        raise InspectionError(
            f"The tokenizer in {path.name} cannot be read ({type(error).__name__}). Fetch the file "
            "again, or choose another tokenizer."
        ) from error
    template = own.chat_template if isinstance(own.chat_template, str) else None
    return ReadyTokenizer(name, backend, None, template, _roles(own.special_tokens_map))


def _from_file(path: Path, name: str, folder: Path) -> ReadyTokenizer:
    if not path.exists():
        raise InspectionError(
            f"{folder} holds no tokenizer.json, the file in which a tokenizer is kept. Choose a "
            "folder or a hub repository that has one."
        )
    beside = ("config.json", "tokenizer_config.json", TEMPLATE)
    for file in (path, *(folder / each for each in beside)):
        check_file(file, name)
    size = path.stat().st_size
    if size > MOST_VOCABULARY_BYTES:
        raise InspectionError(
            f"{path.name} has {size / 2**20:.0f} MB; a tokenizer file of at most "
            f"{MOST_VOCABULARY_BYTES // 2**20} MB is opened."
        )
    try:
        backend = unlimited(path.read_text(encoding="utf-8"))
    except Exception as error:
        # Not what the library says of it, which quotes the file: it may be anybody's.
        kind = "no text" if isinstance(error, UnicodeDecodeError) else "no tokenizer"
        raise InspectionError(
            f"{path.name} of '{name}' holds {kind}. It should be a tokenizer.json as the "
            "`tokenizers` library saves it: choose another file, or save it again."
        ) from error
    settings = _settings(folder / "tokenizer_config.json")
    return ReadyTokenizer(name, backend, _context(folder), _template(folder), _roles(settings))


def _roles(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the special tokens by role, from keys like bos_token."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        name = value.get("content") if isinstance(value, dict) else value
        if key.endswith("_token") and isinstance(name, str):
            found[key.removesuffix("_token")] = name
    return found


def _settings(path: Path) -> dict[str, Any]:
    return read_json(path) or {}


def _context(folder: Path) -> int | None:
    names = ("max_position_embeddings", "n_positions", "model_max_length")
    stated = _settings(folder / "config.json") | _settings(folder / "tokenizer_config.json")
    found = [stated[name] for name in names if isinstance(stated.get(name), int | float)]
    # Some tokenizers state a limit of 10^30 where they mean none.
    return next((int(limit) for limit in found if 0 < limit < 10**8), None)


def _template(folder: Path) -> str | None:
    beside = folder / TEMPLATE
    if beside.exists():
        return beside.read_text(encoding="utf-8", errors="replace")
    found = _settings(folder / "tokenizer_config.json").get("chat_template")
    return found if isinstance(found, str) else None
