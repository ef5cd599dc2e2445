"""What the views of norms and activations ask: which stack, and which of its blocks."""

from components.inspection.anatomy import StackName
from components.inspection.layers.norms_read import ReadBy, read_by
from components.lesson import Ask


def block_asked(ask: Ask) -> tuple[ReadBy, StackName, int]:
    """Ask for a block of the model; return what its stacks read, and where the block is.

    Raises:
        InspectionError: the prompt cannot be read.
    """
    read: ReadBy = ask.inspect(read_by, ask.prompt)
    stacks = list(read.tokens)
    stack = stacks[0] if len(stacks) == 1 else ask.choice_of("Stack", "stack", stacks)
    return read, stack, ask.layer(range(read.layers[stack]))
