"""A model's config.json: read, and checked for what no network can have, before one is built."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from transformers import AutoConfig, PretrainedConfig

from components.inspection.errors import InspectionError
from components.inspection.folder import check_file

MOST_LAYERS: Final = 10_000
MOST_POSITIONS: Final = 2**27
"""Tokens: thirteen times the longest context that any model states (10 million)."""
COUNTS: Final = frozenset(
    {
        "num_hidden_layers",
        "num_layers",
        "n_layers",
        "n_layer",
        "num_attention_heads",
        "num_heads",
        "n_heads",
        "n_head",
        "hidden_size",
        "d_model",
        "n_embd",
        "vocab_size",
    }
)
"""Of which every network has at least one."""
POSITIONS: Final = frozenset(
    {"max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"}
)
POSITIVE: Final = frozenset({"rope_theta", "factor"})
"""What rotary positions are divided by."""
MOST_COUNTED: Final = 2**62
"""Whole numbers beyond 64 bits are none that a machine counts with."""
NO_LIMIT: Final = -1
"""XLNet's way to say that it reads texts of any length."""
_LAYERS: Final = re.compile(r"(layers?|blocks?|attention_types)$")
_SHARES: Final = re.compile(r"(dropout(_prob|_rate)?|pdrop|layerdrop|rotary_factor|rotary_pct)$")


def read_config(folder: Path, source: str) -> PretrainedConfig:
    """Return the configuration in `folder`.

    Raises:
        InspectionError: it is missing or broken, states what cannot be, or needs code of its own.
    """
    path = folder / "config.json"
    if not path.exists():
        raise InspectionError(f"'{source}' is no model folder: {folder} has no config.json.")
    check_file(path, source)
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        family = raw["model_type"]
    except (ValueError, KeyError, TypeError, RecursionError, OSError):
        raise InspectionError(
            f"The config.json of '{source}' is broken: it is not JSON with a 'model_type'."
        ) from None
    for name, value in _numbers(raw):
        wanted = _wanted(name, value, family)
        if wanted:
            raise InspectionError(
                f"The config.json of '{source}' says {name} = {_short(value)}, but {wanted}. "
                "Fetch the model again, or correct the file."
            )
    try:
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # any broken value ends in a library's own error
        raise InspectionError(
            f"transformers cannot read the configuration of '{source}' (family "
            f"'{str(family)[:60]}'): {_reason(error, raw)}."
        ) from error


def _numbers(settings: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield each number with the name under which it stands, however deep."""
    waiting: list[tuple[str, Any]] = [("", settings)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((name, each) for each in value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, value


def _wanted(name: str, value: float, family: Any) -> str:
    """Say what stands under `name` where it can mean something; empty if `value` can."""
    if value != value:
        return "that is no number"
    if (
        value in (math.inf, -math.inf) and "limit" not in name
    ):  # Mamba's time steps have no upper limit
        return "that is no size that anything can have"
    if isinstance(value, int) and abs(value) > MOST_COUNTED:
        return "no machine counts so far"
    if _SHARES.search(name) and not 0 <= value <= 1:
        return "it is a share, from 0 to 1"
    if name in POSITIONS and not 0 < value <= MOST_POSITIONS:
        if value == NO_LIMIT and family == "xlnet":
            return ""
        return f"a model reads from 1 to {MOST_POSITIONS:,} tokens at once"
    if _LAYERS.search(name) and value > MOST_LAYERS:
        return f"no network has more than {MOST_LAYERS:,} layers"
    if name in COUNTS and value < 1:
        return "every network has at least one"
    if name in POSITIVE and value <= 0:
        return "positions are divided by it: it is larger than 0"
    return ""


def _reason(error: Exception, raw: dict[str, Any]) -> str:
    if "auto_map" in raw:
        return "it needs code from its own repository, which Vitrine never runs"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    field = re.search(r"field '(\w+)'", lines[0]) if lines else None
    if field and field[1] in raw:
        expected = re.search(r"expected (.+?),? got", lines[-1])
        wanted = f", where {expected[1]} is wanted" if expected else ""
        return f"it says {field[1]} = {_short(raw[field[1]])}{wanted}"
    said = lines[-1].partition(": ")[2] or lines[-1] if lines else "no reason given"
    return f"{said[:200].removesuffix('.')} ({type(error).__name__})"


def _short(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**30:
        return f"{value:,}"
    said = json.dumps(value)
    return said if len(said) <= 60 else f"{said[:60]}…"
