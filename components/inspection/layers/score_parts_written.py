"""What was written to the stream at one token before a block: by which parts, and how far off."""

import numpy as np

from components.inspection.attention.projection import output_projection
from components.inspection.errors import InspectionError
from components.inspection.layers.direct_attribution import Part
from components.inspection.layers.score_parts_side import Written
from components.inspection.machine.opening import Opening
from components.inspection.machine.push_bounds import heads_off, stream_off


def parts_before(opened: Opening, by_head: bool) -> tuple[tuple[Part, ...], str]:
    """Return what wrote to the stream before this layer, and why heads are not told apart."""
    stack, said = opened.read_by, ""
    records = {one.layer: one for one in opened.recording.of(opened.stack)}
    if by_head:
        try:
            for layer in range(opened.layer):
                one = records[layer]
                one.understood()
                if output_projection(opened.model, opened.stack, layer, one.heads).norm is not None:
                    raise InspectionError(
                        "A norm stands between the heads and the stream here: attention is told as "
                        "a whole."
                    )
        except (InspectionError, KeyError) as error:
            by_head = False
            said = str(error) if isinstance(error, InspectionError) else "Not each block attends."
    found = [Part("embedding")]
    for layer in range(opened.layer):
        if by_head:
            found += [Part("head", layer, head) for head in range(records[layer].heads)]
        else:
            found.append(Part("attention", layer))
        if stack.cross_writes is not None:
            found.append(Part("cross-attention", layer))
        found.append(Part("MLP", layer))
    return (*found, Part("biases")), said


def written_at(opened: Opening, place: int, parts: tuple[Part, ...]) -> Written:
    """Return what each part wrote at a token; the last row are the output projections' biases."""
    stack, layers = opened.read_by, opened.layer
    assert stack.residual is not None and stack.attention_writes is not None
    assert stack.mlp_writes is not None
    rows, bias = [stack.residual[0, place].astype(np.float64)], np.zeros(stack.residual.shape[-1])
    off = stream_off(stack, place, layers, opened.dtype).sum(0)
    by_head = any(part.kind == "head" for part in parts)
    records = {one.layer: one for one in opened.recording.of(opened.stack)}
    for layer in range(layers):
        write = stack.attention_writes[layer, place]
        if by_head:
            one = records[layer]
            outputs = one.understood().outputs[:, place : place + 1]
            projection = output_projection(opened.model, opened.stack, layer, one.heads)
            rows += list(projection.writes(outputs)[:, 0].astype(np.float64))
            bias += projection.bias
            off += heads_off(projection, outputs[:, 0], write, opened.dtype)
        else:
            rows.append(write.astype(np.float64))
        if stack.cross_writes is not None:
            rows.append(stack.cross_writes[layer, place].astype(np.float64))
        rows.append(stack.mlp_writes[layer, place].astype(np.float64))
    return Written(place, np.stack([*rows, bias]), off)
