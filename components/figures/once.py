"""Figures drawn before: a run that changes nothing in a figure takes it as it was.

Plotly checks every property as it is set, which takes longer than all else in a run. Most runs
change something beside the figure: an answer is given, a fold opened, a table looked at.
"""

import functools
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, ParamSpec

import plotly.graph_objects as go

Inputs = ParamSpec("Inputs")

MOST: Final = 64
"""Figures that are kept, of all readers together: those that were asked for last."""
LARGEST: Final = 2**20
"""Bytes of the inputs of a figure that is kept."""

_KEPT: Final[OrderedDict[bytes, dict[str, Any]]] = OrderedDict()
_LOCK: Final = threading.Lock()


def drawn_once(draw: Callable[Inputs, go.Figure]) -> Callable[Inputs, go.Figure]:
    """Let `draw` draw once for the same inputs, which are plain values and decide all of it.

    Everybody gets a figure of their own.
    """
    name = f"{draw.__module__}.{draw.__qualname__}"

    @functools.wraps(draw)
    def drawn(*inputs: Inputs.args, **named: Inputs.kwargs) -> go.Figure:
        given = pickle.dumps((name, inputs, named))
        if len(given) > LARGEST:
            return draw(*inputs, **named)
        key = sha256(given).digest()
        with _LOCK:
            parts = _KEPT.get(key)
            if parts is not None:
                _KEPT.move_to_end(key)
        if parts is None:
            parts = parts_of(draw(*inputs, **named))
            with _LOCK:
                _KEPT[key] = parts
                while len(_KEPT) > MOST:
                    _KEPT.popitem(last=False)
        return made_of(parts)

    return drawn


def parts_of(figure: go.Figure) -> dict[str, Any]:
    """Return a figure's traces and layout as plain values, its own."""
    traces = [trace.to_plotly_json() for trace in figure.data]
    return {"data": traces, "layout": figure.layout.to_plotly_json()}


def made_of(parts: dict[str, Any]) -> go.Figure:
    """Return a figure made of sound parts, without checking them again; they are copied."""
    # Plotly takes the type out of a trace for a moment: of a copy, since others may read it.
    traces = [dict(trace) for trace in parts["data"]]
    return go.Figure({"data": traces, "layout": parts["layout"]}, _validate=False)
