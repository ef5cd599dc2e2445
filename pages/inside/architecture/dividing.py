"""What the two walk-throughs of a division share: whose vectors, which head, what is told."""

from components.figures.architecture.walk_through import division_lines, division_table
from components.inspection.architecture.einsum_bug import (
    HEADS,
    MEMORY,
    SIZE,
    WIDTH,
    Divided,
    Sharing,
    drawn,
    of_the_model,
)
from components.lesson import Ask, Predict, Shown
from pages.inside.architecture import walk_throughs_code

DRAWN, MODEL = "drawn", "of this model"
FLATTER, PEAKED = "flatter", "more peaked"


def divided(ask: Ask, sharing: Sharing) -> tuple[Divided, int, str]:
    """Ask whose queries and keys, and which head; return the three softmaxes, the head, and code
    that gives them."""
    whose = ask.choice_of("Queries and keys", "vectors", (DRAWN, MODEL))
    if whose == MODEL:
        layer = ask.layer()
        return ask.inspect(of_the_model, ask.prompt, layer), ask.head(), ""
    seed = ask.number("Seed", "seed", 0, 99, 0)
    head = ask.number("Head", "drawn_head", 0, HEADS - 1, 0)
    return ask.compute(drawn, sharing, seed), head, walk_throughs_code.division(sharing, seed)


def shown(found: Divided, head: int, code: str, wrong: int) -> Shown:
    """Return the figure of the right division and of the `wrong` one."""
    bits = found.entropies.mean(1)
    right, off = (found.divisors[each] for each in (0, wrong))
    effect = FLATTER if bits[wrong] > bits[0] else PEAKED
    factor = off / right if effect == FLATTER else right / off
    lines = tuple(sorted({0, wrong}))
    steps = tuple(name for name, _ in found.stages)
    because = f"It divides by {off:.3g} where √k is {right:.3g}: **{factor:.3g} times** too "
    because += "flat. Shapes cannot tell." if effect == FLATTER else "large a score."
    return Shown(
        division_lines(found, head, lines),
        alt=f"Two softmaxes over {len(found.keys)} key tokens: {bits[0]:.2f} bits and "
        f"{bits[wrong]:.2f} bits on average.",
        told=f"d = {found.width:,}, k = {found.size}. Mean entropy over the heads: "
        f"**{bits[0]:.2f}** bits divided by √k, **{bits[wrong]:.2f}** by this code; "
        f"equal weights would have {found.most:.2f}.",
        checks=found.checks,
        table=lambda: division_table(found),
        code=code,
        uncoded="" if code else "Choose drawn vectors for code that gives these numbers.",
        read="One query token's attention weights over the key tokens, sorted. A flat line looks "
        "at all tokens alike, a steep one at a few. The legend tells each one's entropy in bits.",
        formula=r"w = \operatorname{softmax}\!\left(\frac{q \cdot K^\top}{\sqrt{k}}\right)",
        symbols=f"q is a query, K the keys, k = {found.size} the size of a head. d = "
        f"{found.width:,} is the width of the model.",
        predict=Predict(
            "Which step of this code is wrong?",
            steps,
            max(found.stages, key=lambda stage: stage[1])[0],
            because,
            before=division_lines(found, head, (wrong,)),
        )
        if steps
        else Predict(
            "Is this code's softmax flatter than the model's, or more peaked?",
            (FLATTER, PEAKED),
            effect,
            because,
            before=division_lines(found, head, (0,)),
        ),
        tries=f"Drawn vectors have {WIDTH} numbers, {HEADS} heads of {SIZE}, {MEMORY} key tokens. "
        "Another seed, another head; then this model's own queries and keys.",
    )
