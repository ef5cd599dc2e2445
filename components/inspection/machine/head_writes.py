"""What each head writes: its output times its slice of the map that mixes the heads."""

import numpy as np
from jaxtyping import Float32

from components.inspection.attention.projection import Projection, writes_check
from components.inspection.checks import Check
from components.inspection.machine.matching import weights_of
from components.inspection.machine.opening import EDITED, Opening
from components.inspection.machine.streams import gave
from components.inspection.machine.wiring import SUBS


def output_slices(opened: Opening) -> tuple[Projection, str] | None:
    """Return the map that mixes the heads' outputs, cut into their slices, and its path.

    None where it is not known.
    """
    wired = opened.wiring.attention.get(opened.kind)
    if wired is None or wired.output is None or len(wired.output.paths) != 1:
        return None
    (path,) = wired.output.paths
    call = opened.trace.calls.get(path)
    if call is None or not call.gives:
        return None
    width = call.gives[0].shape[-1]
    weight, bias = weights_of(call.module, list(range(width)))
    slices = np.ascontiguousarray(weight.T[wired.output.columns])
    none = np.zeros(width, np.float32)
    return Projection(slices, none if bias is None else bias, None), path


def write_of(opened: Opening) -> str:
    """Return the path of the module whose output an edit of this attention's write changes."""
    row = opened.model.anatomy.stacks[opened.stack]
    return (row.cross_write if opened.kind == "cross" else row.attention_write) or ""


def head_writes(
    opened: Opening, rows: slice, unknown: list[str], checks: list[Check]
) -> Float32[np.ndarray, "head row"] | None:
    """Return the norm of what each head writes at some tokens, before a norm of their sum.

    What is not known is said in `unknown`.
    """
    found = output_slices(opened)
    if found is None or opened.one.outputs is None:
        unknown.append(
            "Which map mixes the heads' outputs is not known: none was seen to read them, so what "
            "each head writes cannot be told."
        )
        return None
    projection, path = found
    written = gave(opened.trace, path, opened.tokens)
    outputs = opened.one.outputs[:, rows]
    if written is None:
        return None
    # Behind an edit stands what was put there, and not what the heads write.
    if not (opened.edited(EDITED[SUBS[opened.kind]]) and path == write_of(opened)):
        checks.append(writes_check(projection, outputs, written[rows], opened.dtype))
    return np.linalg.norm(projection.writes(outputs), axis=-1).astype(np.float32)
