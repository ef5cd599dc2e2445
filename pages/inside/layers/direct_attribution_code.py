"""A few lines of plain transformers that print a number of the view Direct attribution."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.layers.direct_attribution import DirectAttribution
from components.inspection.model import ModelFacts

UNCODED = (
    "No code is shown: this network writes its answers in a decoder of its own, fills in masks, or "
    "caps its logits, which takes more than a few lines."
)


def terms(choice: ModelChoice, facts: ModelFacts, text: str, found: DirectAttribution) -> str:
    """Return code that prints the logit or the difference, and the embedding's term; or ""."""
    block, norm = found.modules
    if facts.kind != "causal" or found.push.capped or norm is None:
        return ""
    name, (toward, rather) = opening(choice.source, choice.revision), found.ids
    minus = "" if rather is None else f" - {{0}}[{rather}]"
    off_mean = " - x.mean()" if found.push.centred else ""
    factor = "" if found.push.factor == 1 else f" * {found.push.factor!r}"
    lines = f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({name})
model = AutoModelForCausalLM.from_pretrained({name}, dtype=torch.{facts.dtype}).eval()
streams = {{}}
for path in ({block!r}, {norm!r}):
    model.base_model.get_submodule(path).register_forward_hook(
        lambda module, given, gives, path=path: streams.update({{path: (given[0], gives)}}))
with torch.no_grad():
    logits = model(**tokenizer({text!r}, return_tensors="pt")).logits[0, {found.place}]
first = streams[{block!r}][0][0, {found.place}].double()  # what enters the first block
x, normed = (one[0, {found.place}].double() for one in streams[{norm!r}])
bias = getattr(model.base_model.get_submodule({norm!r}), "bias", None)
# The norm's gain and scale, number by number, held at what they are at this token.
held = (normed - (0 if bias is None else bias.detach().double())) / (x{off_mean})
table = model.get_output_embeddings().weight.detach().double()
direction = (table[{toward}]{minus.format("table")}) * held{factor}
"""
    if found.push.centred:
        lines += "direction = direction - direction.mean()\n"
    return lines + (
        f'print("asked", float(logits[{toward}]{minus.format("logits")}))\n'
        f'print("embedding", float(direction @ first))\n'
    )
