"""What the drawing is sent of one opened number."""

from components.inspection.machine.cell_sums import CellDetail
from components.widgets.machine.payload import Part, shown

DRAWN = {
    "norm1": "norm1",
    "query": "query",
    "turned query": "query",
    "key": "key",
    "turned key": "key",
    "value": "value",
    "score": "square",
    "weight": "square",
    "output": "output",
    "norm2": "norm2",
    "gate": "gate",
    "up": "up",
    "before": "before",
    "hidden": "hidden",
    "MLP write": "write",
}
"""Which station of the drawing shows the numbers of a station."""


def cell_part(found: CellDetail) -> Part:
    """Return one number taken apart, ready to be drawn."""
    return {
        "station": found.station,
        "index": found.index,
        "name": found.name,
        "symbols": found.symbols,
        "numbers": found.numbers,
        "terms": [
            {
                "label": shown(one.label) if one.label.startswith(" ") else one.label,
                "left": one.left,
                "right": one.right,
                "value": one.value,
            }
            for one in found.terms
        ],
        "after": [{"label": one.label, "value": one.value} for one in found.after],
        "rest": found.rest,
        "restCount": found.rest_count,
        "recorded": found.recorded,
        "recomputed": found.recomputed,
        "holds": found.check.holds,
        "verdict": found.check.numbers,
        "operands": [
            {"name": DRAWN[one.station], "row": one.row, "indices": _indices(one.indices)}
            for one in found.operands
            if one.station in DRAWN
        ],
    }


def refused_part(station: str, index: int, why: str) -> Part:
    """Return that a number cannot be taken apart, and why."""
    return {"station": station, "index": index, "error": why, "operands": [], "refused": True}


def _indices(indices: object) -> object:
    return "all" if indices == "all" else [int(one) for one in indices]  # type: ignore[attr-defined]
