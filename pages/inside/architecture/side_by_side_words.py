"""Sentences and code of the view Side by side."""

from collections.abc import Sequence

from components.figures.architecture.side_by_side import told_of
from components.inspection.architecture.block_style import BlockStyle
from components.widgets.markup import literal

ASPECTS = {
    "placement": "where the norms stand",
    "norm": "the norm",
    "positions": "how order is told",
    "sharing": "whether heads share keys and values",
    "activation": "the activation",
    "gated": "whether the MLP has a gate",
    "biased": "biases",
    "tied": "whether the head is the embedding table",
}
READ = (
    "One block of each, from left to right: the thick line is the residual stream, what branches "
    "off it reads from it and is added to it again. Below, what stands in each; in bold what "
    "differs. "
    "Where the norms stand, which norm and activation it is, how order is told and how many heads "
    "share a key are measured by letting a network run; of a published model by a small one with "
    "random weights, which transformers builds of the same configuration with fewer, narrower "
    "layers. Its sizes are those published, and its parameters are counted."
)
CODE = """from transformers import AutoConfig, AutoModelForCausalLM

# The same code, smaller: what kind of block it is does not depend on its size.
for family in ("gpt2", "llama"):
    config = AutoConfig.for_model(family, hidden_size=64, num_hidden_layers=1,
                                  num_attention_heads=4, vocab_size=100)
    print(AutoModelForCausalLM.from_config(config))
"""


def compared(one: BlockStyle, other: BlockStyle, differ: Sequence[str]) -> str:
    """Return a table in Markdown of two styles; what differs is bold."""
    rows = [f"| | {literal(one.name)} | {literal(other.name)} |", "|---|---|---|"]
    for name, says in ASPECTS.items():
        cells = [literal(told_of(each, name)) for each in (one, other)]
        bold = [f"**{cell}**" for cell in cells] if name in differ else cells
        rows.append(f"| {says} | {' | '.join(bold)} |")
    for name in ("layers", "width", "parameters"):
        rows.append(f"| {name} | {getattr(one, name):,} | {getattr(other, name):,} |")
    return "\n".join(rows)
