"""Which rotation a layer applies, as measured."""

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.measured import LayerCode, StackCode, position_code
from components.inspection.positions.words import named, sentence

CHOOSE = "Choose a model with RoPE: the bundled storyteller, Llama, Qwen, Gemma, Phi, Pythia."


def require_rotation(model: Model) -> StackCode:
    """Return the stack whose rotation is shown, if any of its layers turns queries and keys.

    Raises:
        InspectionError: none does, or in no way that can be taken apart; it says what is done
        instead.
    """
    code = position_code(model)
    if not code.first.rotating:
        raise InspectionError(f"There is no rotation to be seen here: {sentence(code)} {CHOOSE}")
    return code.first


def rotating_layer(model: Model, layer: int) -> LayerCode:
    """Return what is known of `layer`, if it rotates its queries and keys.

    Raises:
        InspectionError: it does not, or there is no such layer.
    """
    stack = require_rotation(model)
    there = f"Choose one of {named(stack.rotating)}."
    if not 0 <= layer < stack.blocks:
        raise InspectionError(
            f"There is no layer {layer}: '{model.name}' has layers 0 to {stack.blocks - 1}. {there}"
        )
    found = stack.at(layer)
    if found is None:
        raise InspectionError(
            f"Layer {layer} of '{model.name}' has no attention that can be seen. {there}"
        )
    if found.turning == "still":
        raise InspectionError(
            f"Layer {layer} of '{model.name}' does not turn its queries and keys: this family "
            f"leaves some layers without. {there}"
        )
    if found.rope is None:
        raise InspectionError(
            f"Layer {layer} of '{model.name}' is handed angles by which to turn, and does more "
            f"with them than turn its queries and keys; Vitrine cannot take that apart. {there}"
        )
    return found
