"""That queries and keys are turned by the frequencies shown: measured in each layer that turns."""

from components.inspection.checks import Check, worst
from components.inspection.model import Model
from components.inspection.positions.fitting import SAYS
from components.inspection.positions.measured import position_code
from components.inspection.positions.words import sentence
from components.inspection.premises import Premise


def rotation(model: Model) -> Premise:
    """Our rotation, by the angles that a layer is handed, gives the queries and keys it multiplies.

    Of all layers that turn them the worst is told. Where some are handed angles and do more with
    them, or none are, the premise does not hold for want of a rotation that could be shown; a row
    of the table of families that says so claims more than is true then.
    """
    code = position_code(model)
    layers = [each for stack in code.stacks for each in stack.layers]
    known = [each.check for each in layers if each.turning == "turns" and each.check is not None]
    if not known:
        known = [each.check for each in layers if each.check is not None]
    return Premise(
        "rotation",
        worst(known) if known else Check(SAYS, float("nan"), 0.0),
        sentence(code),
        claimed=model.anatomy.named and model.anatomy.position == "rope",
    )
