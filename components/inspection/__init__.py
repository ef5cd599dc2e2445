"""Look inside transformer language models: text in, checked arrays out.

A library in its own right: a notebook user gets everything that the pages show.

    from components.inspection import load_model, record

    model = load_model("storyteller")
    recording = record(model, "Once upon a time")
    recording.stack().residual.shape  # (layers + 1, tokens, width)

Names are resolved when first used, so importing this package loads neither torch nor
transformers.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Edit": "edits",
    "InspectionError": "errors",
    "Model": "model",
    "Recording": "recording",
    "load_model": "load",
    "record": "forward_pass",
}
__all__ = ["Edit", "InspectionError", "Model", "Recording", "load_model", "record"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
