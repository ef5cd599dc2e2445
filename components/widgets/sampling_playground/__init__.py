"""The live component of the sampling playground: sliders that process logits while dragged.

The logits are handed to the browser once; it processes and draws by itself (`core.js`), and on
release tells the server what it has, so that the two can be compared.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.sampling.answer import Answer
from components.inspection.sampling.settings import RANGES, STEPS, Settings, checked
from components.widgets.kit import component, last_release
from components.widgets.sampling_settings import PRESETS

TABLE: Final = [asdict(row) for row in RANGES.values()]
"""The settings, in order: what the browser has to know of each."""
_SIZE: Final = 4
"""Bytes of a number."""
_COMPONENT = component(
    __file__, TABLE=TABLE, PRESETS={name: each.changed() for name, each in PRESETS.items()}
)


@dataclass(frozen=True, eq=False)
class Released:
    """What the browser had when a slider was let go; `signature` stands for the logits and the
    history it had."""

    signature: str
    settings: Settings
    answer: Answer


def sampling_playground(
    logits: NDArray[np.float32],
    history: tuple[int, ...],
    texts: Mapping[int, str],
    settings: Settings,
    number: float,
    key: str,
    on_release: Callable[[Settings], None],
) -> Released | None:
    """Show `logits[token]` with sliders for all settings; return what was last released.

    None until the browser has answered for these logits. `history` are the ids that
    penalties count, `texts` the tokens known by text, `number` (0 to 1) the seed's first random
    number, which the browser cannot make itself.
    """
    row = np.ascontiguousarray(logits, dtype="<f4")
    signature = hashlib.sha256(row.tobytes() + repr(history).encode()).hexdigest()[:16]

    def tell() -> None:
        released = _released(st.session_state[key].get("released"))
        if released:
            on_release(released.settings)

    answer = _COMPONENT(
        data={
            "signature": signature,
            "logits": packed(row),
            "history": list(history),
            **_names(logits, texts),
            "settings": asdict(settings),
            "number": number,
            "release": last_release(key),
        },
        key=key,
        on_released_change=tell,
    )
    released = _released(answer.released)
    return released if released and released.signature == signature else None


def packed(numbers: NDArray[Any]) -> str:
    """Return numbers of four bytes as base64, in planes: bytes that are alike stand together, and
    pack well on their way (`planes.js`).

    >>> base64.b64decode(packed(np.array([1, 2], dtype="<i4"))).hex()
    '0102000000000000'
    """
    planes = np.frombuffer(numbers.tobytes(), dtype=np.uint8).reshape(-1, _SIZE).T
    return base64.b64encode(planes.tobytes()).decode()


def unpacked(text: str, dtype: str) -> NDArray[Any]:
    """Return what was `packed`.

    Raises:
        ValueError: it is no base64, or there are bytes too many.
    """
    planes = np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(_SIZE, -1)
    return np.frombuffer(planes.T.tobytes(), dtype=dtype)


def _names(logits: NDArray[np.float32], texts: Mapping[int, str]) -> dict[str, object]:
    """Return the texts of the likeliest tokens by rank, since the browser knows the ranks, and of
    others by id."""
    ranks = np.argsort(-logits, kind="stable").tolist()
    ranked = [texts[token] for token in takewhile(texts.__contains__, ranks)]
    others = set(texts) - set(ranks[: len(ranked)])
    return {"ranked": ranked, "others": {str(token): texts[token] for token in sorted(others)}}


def _released(answer: Mapping[str, object] | None) -> Released | None:
    # What a browser sends is input like any other: read with care.
    if not answer:
        return None
    try:
        chosen: Mapping[str, object] = dict(answer["settings"])  # type: ignore[call-overload]
        values = {name: checked(name, chosen[name]) for name in RANGES if name in chosen}
        ids = unpacked(str(answer["ids"]), "<i4")
        shares = unpacked(str(answer["shares"]), "<f4")
        stages = {
            str(stage["name"]): {k: float(stage[k]) for k in ("tokens", "mass", "entropy")}
            for stage in answer["stages"]  # type: ignore[attr-defined]
        }
        if set(stages) != set(STEPS) or len(ids) != len(shares):
            return None
    except (KeyError, TypeError, ValueError, InspectionError):
        return None
    found = Answer(ids, shares, stages)
    return Released(str(answer.get("signature")), Settings(**values), found)  # type: ignore[arg-type]
