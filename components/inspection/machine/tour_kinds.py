"""What kind of model the tour is about: short names for what a stop must say otherwise.

All but whether it is a classifier (which its network's class says) is measured.
"""

from typing import Final

import numpy as np

from components.inspection.decoding import require_writing
from components.inspection.errors import InspectionError
from components.inspection.machine.push import push
from components.inspection.machine.question import Seen
from components.inspection.machine.wiring import wiring_of
from components.inspection.positions.measured import position_code

KINDS: Final = {
    "no stream": "there is no one residual stream",
    "post-norm": "norms stand on the stream",
    "no attention": "no attention can be drawn",
    "encoder beside": "the stack is the encoder of an encoder-decoder",
    "decoder beside": "the stack is the decoder of an encoder-decoder",
    "encoder": "its tokens read those after them too",
    "learned positions": "a vector for the place is added, nothing is turned",
    "alibi": "scores fall with the distance",
    "relative": "a number for the distance is added to scores",
    "no positions": "nothing marks places in this layer",
    "unknown positions": "places are marked in a way that cannot be taken apart",
    "no norm first": "no norm was seen before attention",
    "sink": "a learned sink takes a share of each row",
    "mixture": "a router shares tokens out among experts",
    "parallel": "attention and MLP of a block read the same stream",
    "no push": "what each part adds to a logit cannot be told",
    "classifier": "it answers with a class",
    "masked": "it fills in masked tokens",
    "no answer": "nothing is answered at this token",
    "no writing": "it does not write on from a text",
}
"""The names, and what each says."""


def tour_kinds(seen: Seen) -> tuple[str, ...]:
    """Return the names that fit, in the order of `KINDS`.

    Raises:
        InspectionError: the network cannot be run.
    """
    found = {*_of_stack(seen), *_of_layer(seen), *_of_answer(seen), _of_places(seen)}
    return tuple(name for name in KINDS if name in found)


def _of_stack(seen: Seen) -> set[str]:
    model, found = seen.model, set()
    if seen.read.residual is None:
        found.add("no stream")
    if model.anatomy.stacks[seen.stack].post_norms:
        found.add("post-norm")
    if len(seen.recording.stacks) == 2:
        found.add(f"{seen.stack} beside")
    return found


def _of_layer(seen: Seen) -> set[str]:
    found = set()
    try:
        one, head = seen.attention()
        if np.triu(one.visible[head], 1).any():
            found.add("encoder")
        if one.scores.shape[-1] > one.weights.shape[-1]:
            found.add("sink")
    except InspectionError:
        found.add("no attention")
    wiring = wiring_of(seen.model, seen.stack, seen.layer)
    if wiring.router is not None:
        found.add("mixture")
    chain = wiring.chain
    if chain is not None and chain.parallel:
        found.add("parallel")
    if chain is None or not any(one.before for one in chain.subs if one.name == "attention"):
        found.add("no norm first")
    return found


def _of_answer(seen: Seen) -> set[str]:
    model, answers = seen.model, seen.path.answers
    found: set[str] = set()
    if model.kind in ("masked", "classifier"):
        found.add(model.kind)
    if answers is None:
        found.add("no answer")
    try:
        require_writing(model)
        if seen.read is not seen.recording.stack():
            found.add("no writing")
    except InspectionError:
        found.add("no writing")
    try:
        if answers is None or len(answers.ids) < 2:
            raise InspectionError("There are no two answers to push between.")
        first, second = answers.ids[:2]
        push(model, seen.ids, seen.target, seen.stack, seen.place, first, second)
    except InspectionError:
        found.add("no push")
    return found


def _of_places(seen: Seen) -> str:
    try:
        code = position_code(seen.model)
    except InspectionError:
        return "unknown positions"
    stack = next(one for one in code.stacks if one.name == seen.stack)
    layer = stack.at(seen.layer)
    if layer is not None and layer.turning == "turns":
        return "rope"
    if layer is not None and layer.bias is not None and layer.bias.kind != "other":
        return "alibi" if layer.bias.kind == "linear" else "relative"
    if stack.added:
        return "learned positions"
    sure = layer is not None and layer.explained and stack.added is False
    return "no positions" if sure else "unknown positions"
