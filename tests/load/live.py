"""What a browser tells the server of a live figure, computed here as its script computes it."""

import json
import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState

from components.inspection.sampling.settings import RANGES, STEPS
from components.widgets.sampling_playground import packed, unpacked
from tests.load.controls import Control, event

MOST_COMPARED: Final = 1024
"""Tokens that the playground's script sends (`digest.js`)."""


def told_by(control: Control, rng: Random) -> WidgetState | None:
    """Return what a reader's drag or click tells; None for a figure that tells nothing."""
    data = json.loads(control.proto.json or "{}")
    name = control.proto.component_name
    if name == "head_grid":
        return _event(control, "opened", rng.randrange(len(data["heads"])))
    if name == "ribbon":
        nodes = [token["node"] for row in data["rows"] for token in row["tokens"]]
        return _event(control, "picked", rng.choice(nodes)) if nodes else None
    if name == "token_strip":
        count = len(json.loads(data["content"])[0])
        chosen = {"sign": data["sign"], "place": rng.randrange(count)} if count else None
        return chosen and _state(control, "chosen", chosen)
    if name == "machine" and not data["door"]:  # which leads to another page
        look = {"open": rng.randrange(3), "token": rng.randrange(3), "head": rng.randrange(2)}
        return _event(control, "asked", {"number": data["answered"] + 1, "look": look})
    if name == "rotation":
        at = {who: rng.randrange(data["longest"]) for who in ("query", "key")}
        return _told(control, data, 1, _turned(data, at))
    if name == "sampling_playground":
        return _told(control, data, 1, _heated(data, rng.randint(1, 30) / 10))
    return None


def answer(control: Control) -> WidgetState | None:
    """Return what a live figure tells by itself once it is drawn, where it tells its own result."""
    data = json.loads(control.proto.json or "{}")
    if control.proto.component_name == "rotation":
        return _told(control, data, 0, _turned(data, data["at"]))
    if control.proto.component_name == "sampling_playground":
        now = data["settings"]
        others = [row for row in RANGES.values() if row.stage and row.name != "temperature"]
        if all(now[row.name] == row.off for row in others) and now["temperature"] > 0:
            return _told(control, data, 0, _heated(data, now["temperature"]))
    return None


def signature(control: Control) -> str:
    """Return what an answer belongs to: its figure's numbers."""
    return str(json.loads(control.proto.json or "{}").get("signature", ""))


def _event(control: Control, name: str, value: object) -> WidgetState:
    return event(control, json.dumps([{"event": name, "value": value}]))


def _state(control: Control, name: str, value: object) -> WidgetState:
    return WidgetState(id=control.id, json_value=json.dumps({name: value}))


def _told(
    control: Control, data: Mapping[str, Any], releases: int, result: Mapping[str, object]
) -> WidgetState:
    # A reader's release is counted; what a figure tells by itself is not (`kit/dragged.js`).
    told = {"release": data["release"] + releases, "signature": data["signature"], **result}
    return _state(control, "released", told)


def _turned(data: Mapping[str, Any], at: Mapping[str, int]) -> dict[str, object]:
    """Turn a query and a key to their positions (`turning.js`)."""
    rope = data["rope"]

    def turn(vector: Sequence[float], position: int) -> list[float]:
        out = list(vector)
        for (one, two), frequency in zip(rope["places"], rope["frequencies"], strict=True):
            angle = position * frequency
            cos, sin = math.cos(angle) * rope["scaling"], math.sin(angle) * rope["scaling"]
            out[one] = vector[one] * cos - vector[two] * sin
            out[two] = vector[two] * cos + vector[one] * sin
        return out

    query, key = turn(data["query"], at["query"]), turn(data["key"], at["key"])
    score = data["scale"] * sum(q * k for q, k in zip(query, key, strict=True))
    places = {"query_at": at["query"], "key_at": at["key"]}
    return {**places, "query": query, "key": key, "score": score}


def _heated(data: Mapping[str, Any], temperature: float) -> dict[str, object]:
    """Process logits by a temperature alone (`core.js`)."""
    logits = unpacked(data["logits"], "<f4")
    order = np.argsort(-logits, kind="stable")

    def spread(heat: float) -> tuple[np.ndarray, float]:
        warm = logits[order] / np.float32(heat)
        shares = np.exp((warm - warm[0]).astype(float))
        shares /= shares.sum()
        return shares, float(-(shares * np.log2(np.maximum(shares, 1e-300))).sum())

    (_, cold), (shares, hot) = spread(1.0), spread(temperature)
    heated = STEPS.index("temperature")
    stages = [
        {"name": name, "tokens": logits.size, "mass": 1.0, "entropy": hot if i >= heated else cold}
        for i, name in enumerate(STEPS)
    ]
    off = {row.name: row.off for row in RANGES.values() if row.stage}
    ids = order[:MOST_COMPARED].astype("<i4")
    sent = shares[:MOST_COMPARED].astype("<f4")
    return {
        "settings": {**data["settings"], **off, "temperature": temperature},
        "ids": packed(ids),
        "shares": packed(sent),
        "stages": stages,
    }
