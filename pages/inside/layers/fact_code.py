"""A few lines of plain transformers that switch parts off, or the residual connections."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.layers.fact import Ablation
from components.inspection.layers.without_residual import WithoutResidual
from components.inspection.model import ModelFacts
from pages.inside.attention.code import CLASSES

UNCODED = (
    "This family reads one block again and again, and in plain transformers one layer alone cannot "
    "be changed in a few lines."
)


def loaded(choice: ModelChoice, facts: ModelFacts, ids: tuple[int, ...], two: bool) -> str:
    """Return lines that open the model, and whose `given` is what it reads."""
    given = "{'input_ids': ids" + (", 'decoder_input_ids': start}" if two else "}")
    start = "start = torch.tensor([[model.config.decoder_start_token_id]])\n" if two else ""
    return f"""import torch
from transformers import {CLASSES[facts.kind]}

model = {CLASSES[facts.kind]}.from_pretrained(
    {opening(choice.source, choice.revision)}, dtype=torch.{facts.dtype},
    attn_implementation="eager").eval()
ids = torch.tensor([{list(ids)}])
{start}given = {given}
"""


def switched_off(choice: ModelChoice, facts: ModelFacts, found: Ablation) -> str:
    """Return code that prints the answer's probability without the part that costs it most.

    Empty where the same module is run in several layers.
    """
    row, layer = found.costliest
    paths = found.paths[row]
    if len(set(paths)) < len(paths):
        return ""
    put = "first * 0" if found.what == "zero" else "first.mean(1, keepdim=True).expand_as(first)"
    at = "[0]" if facts.kind == "classifier" else f"[0, {found.place}]"
    return f"""{loaded(choice, facts, found.ids, len(found.parts) == 3)}
def off(module, args, output):
    first = output[0] if isinstance(output, tuple) else output
    put = {put}
    return (put, *output[1:]) if isinstance(output, tuple) else put

hook = model.get_submodule({paths[layer]!r}).register_forward_hook(off)
with torch.no_grad():
    print(model(**given).logits{at}.double().softmax(-1)[{found.answer_id}].item())
"""


def unconnected(choice: ModelChoice, facts: ModelFacts, found: WithoutResidual) -> str:
    """Return code that prints the last token's norms without residual connections.

    Empty where a block has three parts, or is run in several layers.
    """
    if len(found.paths) != 2 or len(set(found.blocks)) < len(found.blocks):
        return ""
    layers = list(zip(found.blocks, *found.paths, strict=True))
    return f"""{loaded(choice, facts, found.ids, False)}
here, norms = {{}}, []

def first(output):
    return output[0] if isinstance(output, tuple) else output

def with_first(output, new):
    return (new, *output[1:]) if isinstance(output, tuple) else new

def enter(block, args):
    here["stream"] = args[0]

def attention(module, args, output):  # the block adds the stream again
    return with_first(output, first(output) - here["stream"])

def mlp(module, args, output):
    here["write"] = first(output)

def leave(block, args, output):
    norms.append(here["write"].float().norm(dim=-1).reshape(-1)[-1].item())
    return with_first(output, here["write"])

for block, attend, feed in {layers!r}:
    model.get_submodule(block).register_forward_pre_hook(enter)
    model.get_submodule(attend).register_forward_hook(attention)
    model.get_submodule(feed).register_forward_hook(mlp)
    model.get_submodule(block).register_forward_hook(leave)
with torch.no_grad():
    model(**given)
print(norms)
"""
