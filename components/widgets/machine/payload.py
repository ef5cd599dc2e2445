"""What the drawing is sent: numbers as bytes, pictures as levels, in parts that change apart."""

import base64
import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from components.figures.visible import visible
from components.inspection.machine.overview import Heads, Overview, River
from components.inspection.machine.push import Push
from components.inspection.machine.token_path import TokenPath
from components.widgets.head_grid import thumbnail

CELLS: Final = 64
"""Cells that a vector is pooled to, for each row."""
NEURONS: Final = 48
"""Cells that an MLP's neurons are pooled to."""
MOST_SQUARES: Final = 200
"""Heads up to which their pictures are 32 cells wide; of more, 16."""
ZERO: Final = 127
"""The level of 0 on a signed scale, which goes from 0 to 254."""
WHOLE: Final = 256
"""Cells of the strip that shows a whole text of which only some tokens are drawn."""
NONE: Final = 255
"""The level of what is no number: nothing is drawn."""

Part = dict[str, Any]


def overview_part(found: Overview, written: int | None) -> Part:
    """Return the overview; `written` is the first token that the reader had the model write."""
    squares = sum(len(river.heads.numbers) for river in found.rivers if river.heads) * found.heads
    side = 32 if squares <= MOST_SQUARES else 16
    last = len(found.rivers) - 1
    return {
        "heads": found.heads,
        "rivers": [
            _river(river, side, written if number == last else None)
            for number, river in enumerate(found.rivers)
        ],
    }


def path_part(found: TokenPath, layers: int) -> Part:
    """Return one token's path through `layers` blocks."""
    answers, lens = found.answers, found.lens
    return {
        "stack": found.stack,
        "place": found.place,
        "numbers": list(found.numbers),
        "reading": None if found.reading is None else sent(found.reading),
        "headWrites": None if found.head_writes is None else sent(found.head_writes),
        "hidden": None
        if found.hidden is None or len(found.hidden) != layers
        else sent(np.stack([signed_levels(pooled(one[None], NEURONS))[0] for one in found.hidden])),
        "lens": None
        if lens is None
        else {
            "answers": [[shown(text) for text in texts] for texts in lens.answers],
            "shares": sent(lens.probabilities),
            "kept": int(lens.probabilities.shape[-1]),
        },
        "top": None
        if answers is None
        else {
            "asked": answers.asked,
            "texts": [shown(text) for text in answers.texts],
            "ids": list(answers.ids),
            # Of an answer that cannot be given, minus infinity, which JSON cannot say.
            "logits": [
                round(float(one), 4) if np.isfinite(one) else None for one in answers.logits
            ],
            "shares": [float(one) for one in answers.shares],
            "rest": max(0.0, 1.0 - float(answers.shares.sum(dtype=np.float64))),
            "others": answers.choices - len(answers.ids),
        },
    }


def push_part(found: Push | None, pair: tuple[int, int] | None, choices: Mapping[int, str]) -> Part:
    """Return what each part adds to the logit of one answer less that of another.

    `pair` are the two answers that can be compared, whether they are or not; `choices` are the
    answers that are offered, by their ids.
    """
    offered = {
        "pairs": None if pair is None else list(pair),
        "choices": [[one, shown(text)] for one, text in choices.items()],
    }
    if found is None or pair is None:
        return offered | {"push": None}
    terms = [found.attention, found.mlp, *([] if found.cross is None else [found.cross])]
    largest = max(float(np.abs(np.concatenate(terms)).max()), 1e-9)
    total = float(sum(one.sum(dtype=np.float64) for one in terms))
    return offered | {
        "push": {
            "toward": pair[0],
            "rather": pair[1],
            "attention": found.attention.tolist(),
            "cross": None if found.cross is None else found.cross.tolist(),
            "mlp": found.mlp.tolist(),
            "heads": None if found.heads is None else found.heads.tolist(),
            "embedding": found.embedding,
            "constant": found.constant,
            "sum": total + found.embedding + found.constant,
            "difference": found.difference,
            "largest": largest,
        },
    }


def before_part(overview: Overview, path: TokenPath) -> Part:
    """Return the stream and the answers of a token before parts were switched off."""
    river = next(one for one in overview.rivers if one.name == path.stack)
    row = path.place - river.first
    answers, lens = path.answers, path.lens
    return {
        "norms": None if river.norms is None else sent(river.norms[:, row]),
        "shares": {}
        if answers is None
        else {
            str(one): float(share) for one, share in zip(answers.ids, answers.shares, strict=True)
        },
        "best": None if answers is None else [shown(answers.texts[0]), float(answers.shares[0])],
        "lens": None if lens is None else [shown(texts[0]) for texts in lens.answers],
    }


def _river(river: River, side: int, written: int | None) -> Part:
    drawn = slice(river.first, river.first + river.rows)
    strips = None
    if river.begins is not None and river.ends is not None:
        strips = [sent(signed_levels(pooled(one, CELLS))) for one in (river.begins, river.ends)]
    return {
        "name": river.name,
        "tokens": [shown(text) for text in river.tokens[drawn]],
        "ids": list(river.ids[drawn]),
        "first": river.first,
        "rows": river.rows,
        "total": len(river.tokens),
        "layers": river.layers,
        "width": river.width,
        "neurons": river.neurons,
        "written": written,
        "norms": _or_none(river.norms),
        "attention": _or_none(river.attention),
        "cross": _or_none(river.cross),
        "mlp": _or_none(river.mlp),
        "along": {name: sent(one) for name, one in river.along.items()},
        "active": _or_none(river.active),
        "strips": strips,
        "whole": None if river.loud is None or len(river.tokens) == river.rows else _whole(river),
        "heads": _heads(river.heads, side),
        "crossing": _heads(river.crossing, side),
        "postNormed": river.post_normed,
    }


def _heads(heads: Heads | None, side: int) -> Part | None:
    if heads is None:
        return None
    levels = np.stack(
        [
            np.stack([thumbnail(one, visible, False, side) for one in layer])
            for layer, visible in zip(heads.weights, heads.visible, strict=True)
        ]
    )
    means = np.stack(
        [
            thumbnail(layer.mean(0), visible, False, side)
            for layer, visible in zip(heads.weights, heads.visible, strict=True)
        ]
    )
    return {
        "numbers": list(heads.numbers),
        "heads": levels.shape[1],
        "kvHeads": heads.kv_heads,
        "side": levels.shape[2],
        "columns": levels.shape[3],
        "levels": sent(levels),
        "means": sent(means),
    }


def shown(text: str) -> str:
    """Return a token with signs for what cannot be seen, no longer than there is room for.

    >>> shown(" Mary")
    '·Mary'
    """
    return visible(text)[:40] or "∅"


def pooled(rows: NDArray[np.float32], cells: int) -> NDArray[np.float32]:
    """Return `rows[row, width]` as `cells` or fewer for each row: of each group the number that is
    farthest from 0.

    >>> pooled(np.array([[1, -3, 2, 0]], np.float32), 2).tolist()
    [[-3.0, 2.0]]
    """
    width = rows.shape[1]
    size = -(-width // cells)
    groups = -(-width // size)
    filled = np.zeros((len(rows), groups * size), dtype=np.float32)
    filled[:, :width] = rows
    cut = filled.reshape(len(rows), groups, size)
    largest = np.abs(cut).argmax(-1)[..., None]
    return np.take_along_axis(cut, largest, axis=-1)[..., 0]


def signed_levels(rows: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return numbers as levels: 0 is `ZERO`; the largest of a row, by size, 0 or 254.

    A row has a scale of its own, by the inverse hyperbolic sine: one giant dimension leaves the
    others to be seen. What is no number is `NONE`.
    """
    there = np.isfinite(rows)
    filled = np.where(there, rows, 0)
    usual = np.maximum(np.median(np.abs(filled), axis=-1, keepdims=True), 1e-9)
    bent = np.arcsinh(filled / usual)
    most = np.maximum(np.abs(bent).max(-1, keepdims=True), 1e-9)
    levels = np.rint(ZERO + ZERO * bent / most)
    return np.where(there, levels, NONE).astype(np.uint8)


def sent(array: NDArray[Any]) -> str:
    """Return an array as base64, little-endian; real numbers as float32."""
    if array.dtype.kind == "f":
        array = array.astype("<f4")
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def numbered(part: Any) -> Any:
    """Return `part` with None in the place of what is no number, which JSON does not have.

    >>> numbered({"numbers": [1.5, float("nan")], "name": "x"})
    {'numbers': [1.5, None], 'name': 'x'}
    """
    if isinstance(part, dict):
        return {name: numbered(one) for name, one in part.items()}
    if isinstance(part, list):
        return [numbered(one) for one in part]
    return None if isinstance(part, float) and not math.isfinite(part) else part


def _or_none(array: NDArray[np.float32] | None) -> str | None:
    return None if array is None else sent(array)


def _whole(river: River) -> str:
    """Return the whole of a long text at a glance: its tokens' norms, `WHOLE` cells or fewer."""
    assert river.loud is not None
    return sent(_loud(pooled(river.loud[None], WHOLE)[0]))


def _loud(norms: NDArray[np.float32]) -> NDArray[np.uint8]:
    there = np.isfinite(norms)
    share = np.log(np.maximum(norms, 1e-9, where=there, out=np.ones_like(norms)))
    spread = float(np.ptp(share)) or 1.0
    levels = np.rint(254 * (share - share.min()) / spread)
    return np.where(there, levels, 0).astype(np.uint8)
