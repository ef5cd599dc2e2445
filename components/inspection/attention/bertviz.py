"""BertViz's head, model and neuron view as stand-alone HTML, fed from our recording.

The package's own scripts draw; what they would fetch from a CDN (d3, jQuery, require.js) is put
into the page instead. The head and model view come from the package's own functions. The neuron
view's function accepts three old families only, so its script is handed the recording directly:
queries and keys as the model used them, RoPE and grouped heads included.

Source: Vig, "A Multiscale Visualization of Attention in the Transformer Model" (2019).
"""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.attention.framing import framed
from components.inspection.attention.maps import (
    AttentionMaps,
    Group,
    maps_of,
    records_of,
    require_group,
)
from components.inspection.attention.standalone import standalone
from components.inspection.attention.window import Window
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises import require

View = Literal["head", "model", "neuron"]
DIGITS: Final = 4
"""Digits kept of each number: a line's width cannot show more."""
MOST_NUMBERS: Final = 3_000_000
"""Numbers that go into one page: about 20 MB of text, which a browser still reads in seconds."""

_FETCHED: Final = re.compile(r"<script[^>]*\ssrc\s*=[^>]*>\s*</script>")
"""What BertViz's pages begin with: a script that the browser would fetch from elsewhere."""
WIDTHS: Final[dict[View, int]] = {"head": 370, "model": 1000, "neuron": 1020}
"""Pixels that each view needs."""


@dataclass(frozen=True)
class BertVizPage:
    """A page that works alone, with no network."""

    html: str
    height: int
    """Pixels that it needs."""
    checks: tuple[Check, ...]
    """The numbers in the page, read back out of it, against the model's own."""

    @property
    def framed(self) -> tuple[str, ...]:
        """The page for a frame, beside which layer and head are asked for: its parts in a row."""
        return framed(self.html)


def bertviz_page(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    group: Group,
    view: View,
    layer: int,
    head: int,
    window: Window,
    dark: bool,
) -> BertVizPage:
    """Return a page that shows `view` of what is in `window`, opened at `layer` and `head`.

    Raises:
        InspectionError: as for `attention_maps`, or the page would be too large for a browser.
    """
    require_group(model, group)
    if view == "neuron":
        require(model, "scores")
    recording = record(model, text, target, keep=["attention"])
    maps = maps_of(model, recording, group)
    check_size(maps, view, window, maps.key_size)
    # BertViz counts the layers that it is given: in hybrids those with attention.
    place = maps.place_of(layer)
    left = _tokens(maps.readers[window.rows])
    right = _tokens(maps.read[window.columns])
    weights = maps.weights[:, :, window.rows, window.columns]
    if view == "neuron":
        layers = [
            {
                "queries": one.understood().queries[:, window.rows],
                "keys": one.for_heads(one.understood().keys)[:, window.columns],
            }
            for one in records_of(recording, group)
        ]
        body = _neuron_page(weights, left, right, layers, group, place, head, dark)
    else:
        body = _package_page(view, weights, left, right, group, place, dark)
    checks = [_read_back(payload(body), "attn", weights)]
    if view == "neuron":
        checks += [
            _read_back(payload(body), name, [one[name] for one in layers])
            for name in ("queries", "keys")
        ]
    height = _height(view, max(weights.shape[2:]), *weights.shape[:2])
    return BertVizPage(
        html=standalone(body, WIDTHS[view], height, dark),
        height=height,
        checks=tuple(checks),
    )


_READ_BACK: Final = {
    "attn": "the weights in the page are the model's",
    "queries": "the queries in the page are the model's",
    "keys": "the keys in the page are the model's",
}


def _read_back(
    written: dict[str, Any],
    name: str,
    own: Sequence[Float32[np.ndarray, "..."]] | Float32[np.ndarray, "layer ..."],
) -> Check:
    """Compare what the page holds under `name` with the model's `own`, layer by layer.

    A number is off by up to half of the last digit kept, and by just that half-way (1/32 = 0.03125
    is written 0.0312). A decimal is read back as the nearest float64, and the difference rounded.
    """
    found = [np.array(layer, dtype=np.float64) for layer in written[name]]
    half, meaning = 0.5 * 10.0**-DIGITS, "The page draws other numbers than the model's."
    if [layer.shape for layer in found] != [layer.shape for layer in own]:
        return Check(_READ_BACK[name], float("nan"), half, meaning)
    checks = []
    for theirs, ours in zip(found, own, strict=True):
        allowed = half + 2 * rounding.unit("float64") * (np.abs(ours.astype(np.float64)) + 1)
        checks.append(rounding.compared(_READ_BACK[name], theirs, ours, allowed, meaning))
    return worst(checks)


def payload(page: str) -> dict[str, Any]:
    """Return what a page draws from: "attn" [layer][head][reader][read], and the tokens."""
    key = next(key for key in ("window.bertviz_params = ", "const params = ") if key in page)
    params, _ = json.JSONDecoder().raw_decode(page[page.index(key) + len(key) :])
    attention = params["attention"]
    return attention["all"] if isinstance(attention, dict) else attention[0]


def _height(view: View, tokens: int, layers: int, heads: int) -> int:
    """Return the height in pixels, by the sizes that BertViz's scripts state."""
    if view == "model":
        rows = layers * (tokens * 7 * 12 / heads + 10) + 50
        return int(max(rows, 18 * tokens + 60)) + 40
    return 23 * tokens + 90 if view == "head" else 26 * tokens + 190


def check_size(maps: AttentionMaps, view: View, window: Window, size: int) -> None:
    """Raise an InspectionError if the view of `window` would hold too many numbers."""
    rows, columns = len(maps.readers[window.rows]), len(maps.read[window.columns])
    each = rows * columns + (view == "neuron") * (rows + columns) * size
    numbers = maps.layers * maps.heads * each
    if numbers > MOST_NUMBERS:
        raise InspectionError(
            f"BertViz's {view} view of {maps.layers} layers x {maps.heads} heads and {rows} tokens "
            f"would be {numbers:,} numbers; a browser stays quick up to {MOST_NUMBERS:,}. Show "
            "fewer tokens."
        )


def _tokens(tokens: Sequence[str]) -> list[str]:
    return [token.replace(" ", "·").replace("\n", "↵") or "∅" for token in tokens]


def _package_page(
    view: View,
    weights: Float32[np.ndarray, "layer head query key"],
    left: list[str],
    right: list[str],
    group: Group,
    layer: int,
    dark: bool,
) -> str:
    from bertviz import head_view, model_view

    attention = [torch.from_numpy(np.ascontiguousarray(one))[None] for one in weights]
    arguments: dict[str, Any] = {"html_action": "return", "prettify_tokens": False}
    if group == "cross":
        arguments |= {
            "cross_attention": attention,
            "decoder_tokens": left,
            "encoder_tokens": right,
        }
    else:
        arguments |= {"attention": attention, "tokens": left}
    if view == "head":
        page = head_view(layer=layer, **arguments)
    else:
        page = model_view(display_mode="dark" if dark else "light", **arguments)
    return _slimmed(str(page.data))


def _slimmed(page: str) -> str:
    """Return BertViz's page with its numbers once (it has them twice) and rounded, and safe.

    Nothing is left that a browser would fetch from elsewhere. A token such as "</script>" would
    end the script that it stands in.
    """
    key = "const params = "
    start = page.index(key) + len(key)
    params, length = json.JSONDecoder().raw_decode(page[start:])
    # The rest of the line is a comment into which BertViz writes the whole data again.
    end = page.index("\n", start + length)
    return _FETCHED.sub("", page[:start]) + _json(params) + ";" + page[end:]


def _json(params: Any) -> str:
    text = json.dumps(_rounded(params), separators=(",", ":"))
    return text.replace("</", "<\\/").replace("<!--", "<\\!--")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value


def _neuron_page(
    weights: Float32[np.ndarray, "layer head query key"],
    left: list[str],
    right: list[str],
    layers: list[dict[str, Float32[np.ndarray, "head token size"]]],
    group: Group,
    layer: int,
    head: int,
    dark: bool,
) -> str:
    name = f"bertviz-{uuid.uuid4().hex}"
    params = {
        "attention": {
            "all": {
                "attn": weights.tolist(),
                "queries": [one["queries"].tolist() for one in layers],
                "keys": [one["keys"].tolist() for one in layers],
                "left_text": left,
                "right_text": right,
            }
        },
        "default_filter": "all",
        "root_div_id": name,
        "bidirectional": group != "decoder",
        "display_mode": "dark" if dark else "light",
        "layer": layer,
        "head": head,
    }
    script = resources.files("bertviz").joinpath("neuron_view.js").read_text(encoding="utf-8")
    return (
        f'<div id="{name}" style="padding:8px;font-family:sans-serif">'
        '<span class="dropdown-label">Layer: </span><select id="layer"></select>'
        '<span class="dropdown-label">Head: </span><select id="att_head"></select>'
        f'<div id="vis"></div></div>\n<script>window.bertviz_params = {_json(params)};</script>'
        f"\n<script>{script}</script>"
    )
