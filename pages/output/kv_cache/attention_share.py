"""A part of Roofline: when attention is the most expensive part of a block, by the formula."""

import pandas as pd

from components.figures.kv_cache.work import share_areas
from components.inspection.catalogue import short_name
from components.inspection.kv_cache.arithmetic import shares
from components.inspection.kv_cache.described import loaded_shape
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.work import counted_shares
from components.lesson import Ask, Shown, View
from components.widgets.markup import literal
from pages.output.kv_cache import parts

LENGTHS = (512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072)
LOADED = "the loaded model"


def share(ask: Ask) -> Shown:
    name = ask.choice_of("Model", "of", [LOADED, *PUBLISHED], "Phi-3-mini")
    longest = ask.choice_of("Up to a length of", "longest", LENGTHS, 32_768)
    if name == LOADED:
        found = ask.inspect(counted_shares, ask.prompt, longest)
        shape = ask.inspect(loaded_shape)
    else:
        shape = PUBLISHED[name]
        found = ask.compute(shares, shape, longest)
    each = 4 * shape.heads * shape.head_size
    return Shown(
        share_areas(found),
        alt="Operations of one token in one block against the text's length; attention takes as "
        f"much as all weights at {found.equals_weights:,.0f} tokens.",
        told=f"For one token in one block of **{literal(short_name(shape.name))}**: projections "
        f"{found.projections / 1e6:,.1f} MFLOP and MLP {found.mlp / 1e6:,.1f}, whatever the "
        f"length; attention scores and the weighted sum of values {each:,} operations for each "
        "token before it. That equals the projections at "
        f"**{found.equals_projections:,.0f}** tokens and all weights at "
        f"**{found.equals_weights:,.0f}**. Before that, “attention is the expensive part” is not "
        "true of the operations.",
        unchecked="Arithmetic on the model's dimensions; *Roofline* above holds the same formula "
        "against operations that torch counts.",
        table=lambda: pd.DataFrame(
            {
                "tokens before it": found.lengths,
                "projections (FLOP)": found.projections,
                "MLP (FLOP)": found.mlp,
                "scores and weighted sum (FLOP)": found.scores_and_sum,
            }
        ),
        code=f"""projections, mlp, each = {found.projections}, {found.mlp}, {each}
print(f"{{projections / each:,.0f}} and {{(projections + mlp) / each:,.0f}} tokens")
""",
        read="Areas stack: operations of the MLP, of the projections (queries, keys, values, "
        "output), and of the attention scores and weighted sum, which alone grow with the "
        "length. Scores of one head, if they are written out in 16 bit: "
        + ", ".join(f"{n:,} tokens {parts.size(2 * n * n)}" for n in (512, 2_048, 8_192, 32_768))
        + ". Four times as much for twice the length.",
    )


SHARE = View(
    "When is attention the most expensive part of a block? Operations of one token.", share
)
