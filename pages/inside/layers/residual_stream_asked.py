"""What the views of the residual stream ask: a stack, and what its decoder has written."""

from components.inspection.anatomy import StackName
from components.inspection.layers.residual_stream import stacks_of
from components.lesson import Ask


def stack_of(ask: Ask) -> tuple[str, str | None, StackName]:
    """Ask which stack is meant, where a model has two; return text, target and stack."""
    found = ask.inspect(stacks_of)
    if len(found) == 1:
        return ask.prompt, None, found[0]
    stack = ask.choice_of("Stream of", "stack", found, says=lambda name: f"the {name}")
    return ask.prompt, ask.target(), stack
