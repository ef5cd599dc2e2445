"""What the parts of a tokenizer are set to: its normalizer, pre-tokenizer, model, decoder."""

import json
from collections.abc import Iterator
from typing import Any

from tokenizers import Tokenizer


def state(part: Any) -> dict[str, Any]:
    """Return the settings of one part of a `tokenizers.Tokenizer`; empty if it has none."""
    if part is None:
        return {}
    raw = part.__getstate__()
    return dict(json.loads(raw)) if raw else {}


def walk(settings: Any) -> Iterator[dict[str, Any]]:
    """Yield `settings` and every part nested in it (a Sequence holds others)."""
    if isinstance(settings, dict):
        yield settings
        for value in settings.values():
            yield from walk(value)
    elif isinstance(settings, list):
        for value in settings:
            yield from walk(value)


def types(part: Any) -> frozenset[str]:
    """Return the type names of `part` and of what is nested in it."""
    return frozenset(str(found["type"]) for found in walk(state(part)) if "type" in found)


def without_prefix(backend: Tokenizer) -> Tokenizer:
    """Return `backend`, or a copy whose normalizer puts nothing before a text (Llama's "▁").

    With it, a text that goes on where another ended gets the ids that it has there.
    """
    settings = state(backend.normalizer)
    if not any(part.get("type") == "Prepend" for part in walk(settings)):
        return backend
    whole = json.loads(backend.to_str())
    kept = [part for part in settings.get("normalizers", []) if part.get("type") != "Prepend"]
    whole["normalizer"] = {"type": "Sequence", "normalizers": kept}
    return Tokenizer.from_str(json.dumps(whole))
