"""Open one number of the drawing: which others it is made of, and how.

Each station of an open block (a query, a score, a hidden number, ...) has its own arithmetic, in
`cell_stream`, `cell_attention`, `cell_mlp` and `cell_answer`; here is which station is which.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from components.inspection.anatomy import StackName
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.machine import cell_answer, cell_attention, cell_mlp, cell_stream
from components.inspection.machine.cell_asked import Asked
from components.inspection.machine.cell_sums import CellDetail
from components.inspection.machine.opening import opening
from components.inspection.model import Model
from components.inspection.recording import AttentionKind

STATIONS: Final[Mapping[str, Callable[[Asked], CellDetail]]] = {
    "entered": cell_stream.entered,
    "norm1": cell_stream.norm_before_attention,
    "query": cell_attention.vector,
    "key": cell_attention.vector,
    "value": cell_attention.vector,
    "turned query": cell_attention.turned,
    "turned key": cell_attention.turned,
    "score": cell_attention.score,
    "weight": cell_attention.weight,
    "output": cell_attention.output,
    "attention write": cell_stream.attention_write,
    "before cross": cell_stream.before_cross,
    "cross write": cell_stream.attention_write,
    "between": cell_stream.between,
    "norm2": cell_stream.norm_before_mlp,
    "gate": cell_mlp.first,
    "up": cell_mlp.first,
    "before": cell_mlp.first,
    "hidden": cell_mlp.hidden,
    "MLP write": cell_mlp.write,
    "left": cell_stream.left,
}
ANSWERS: Final = ("logit", "probability")


def open_number(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    layer: int,
    head: int,
    place: int,
    station: str,
    index: int,
    kind: AttentionKind = "self",
    edits: Sequence[Edit] = (),
) -> CellDetail:
    """Let `model` read `text` once, and take apart number `index` of `station` at token `place`.

    `index` counts the numbers of a vector; for "score" and "weight" the key tokens, for "logit" and
    "probability" (which ignore `layer` and `head`) the vocabulary. `place` is a query token; for
    "key", "turned key" and "value" the key token. With `kind` "cross", attention is the look into
    the encoder: "norm1" is the norm before it; "attention write" or "cross write" what it writes.
    `edits` change the pass: what was put somewhere is made of nothing else, and cannot be opened.

    Raises:
        InspectionError: there is no such station, number, block, head or token; or it is not known
            in this network what the number is made of.
    """
    if station in ANSWERS:
        return cell_answer.answer(model, text, target, stack, place, station, index, edits)
    if station not in STATIONS:
        raise InspectionError(
            f"There is no station '{station}'; there are: {', '.join((*STATIONS, *ANSWERS))}."
        )
    if station == "cross write":
        kind = "cross"
    first = station == "entered" and layer == 0
    opened = opening(model, text, target, stack, layer, kind, outside=first, edits=edits)
    asked = Asked(opened, head, place, station, index)
    asked.check()
    if station == "entered" and layer > 0 and cell_stream.ends_in_norm(opened):
        # Of a post-norm network each block leaves a norm of its stream: that is opened.
        return cell_stream.as_entered(
            open_number(
                model, text, target, stack, layer - 1, 0, place, "left", index, edits=edits
            ),
            asked,
        )
    return STATIONS[station](asked)
