"""What is said around the drawing."""

from components.figures.numbers import percent
from components.figures.visible import visible
from components.widgets.machine.assembled import Assembled
from components.widgets.markup import coded, literal

READ = (
    "Each **row** is a token; its line is the **residual stream**, as wide as its norm. Each "
    "**column** is a block. Above the rows stand the block's attention **heads**, as small squares "
    "of their weights (row: query token, column: key token); below them its **MLP**, with the "
    "neurons of the chosen token. What both add to the chosen token flows into its line: violet "
    "from attention, gold from the MLP, dashed where it points against the stream. The lowest band "
    "is the **logit lens**: what the model would say if it stopped there.\n\n"
    "**Keys**, with the drawing in focus: ← → open the block before or after, ↑ ↓ choose a token, "
    "[ ] a head, Space the next step of the square, Enter on a station opens its numbers, x "
    "switches the head off, p turns size into push, w writes on, t starts the tour, Esc closes."
)
TRIES = (
    "Open a block with a click and step through the others with → . Press Space: scores, scaled, "
    "masked, softmax. Click a cell: what is it made of? Turn to **Push**: which block decided? "
    "Switch that head off."
)


def told(found: Assembled) -> str:
    """Return what there is to be seen, in numbers, as Markdown."""
    said = []
    answers, lens = found.path.answers, found.path.lens
    if answers is not None:
        best = coded(visible(answers.texts[0]))
        said.append(
            f"The likeliest {answers.asked} is {best} with **{percent(float(answers.shares[0]))}** "
            f"(entropy {answers.entropy:.2f} bits)."
        )
    if lens is not None:
        first = _first_lead(lens.answers)
        if first is not None:
            where = "the embedding alone" if first == 0 else f"layer {first - 1}"
            said.append(f"It leads from {where} on, and stays in the lead.")
    if found.push is not None:
        said.append(_pushed(found))
    return " ".join([*said, *map(literal, found.unknown)]) + f"\n\n**Try.** {TRIES}"


def _first_lead(answers: tuple[tuple[str, ...], ...]) -> int | None:
    """Return the boundary from which on the last answer leads."""
    last = answers[-1][0]
    first = len(answers) - 1
    while first > 0 and answers[first - 1][0] == last:
        first -= 1
    return first


def _pushed(found: Assembled) -> str:
    push = found.push
    assert push is not None
    parts = [
        *((float(one), f"the attention of layer {at}") for at, one in enumerate(push.attention)),
        *((float(one), f"the MLP of layer {at}") for at, one in enumerate(push.mlp)),
    ]
    most = max(parts, key=lambda part: abs(part[0]))
    return (
        f"The largest push is that of {most[1]}: {most[0]:+.2f} logits of {push.difference:+.2f}."
    )
