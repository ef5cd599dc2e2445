"""Plain transformers that reads one state of the stream through the model's own head."""

from components.inspection.catalogue import opening
from components.inspection.layers.logit_lens import LogitLens
from components.lesson import Ask

UNCODED = (
    "No code is shown: this model's blocks, or what stands behind them, cannot be called one by "
    "one, or the row stands within a block."
)
_CLASSES = {
    "causal": "AutoModelForCausalLM",
    "masked": "AutoModelForMaskedLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
}


def cell(ask: Ask, found: LogitLens, row: int, place: int) -> str:
    """Return code that prints a cell's likeliest token and its probability; empty if it cannot."""
    boundary, way = found.boundaries[row], found.way
    kind = ask.facts.kind
    if boundary.between or way.bias or not way.modules or kind not in _CLASSES:
        return ""
    name = opening(ask.choice.source, ask.choice.revision)
    decoder = f", decoder_input_ids=torch.tensor([{list(found.ids)}])" * (kind == "seq2seq")
    steps = ""
    for path, factor in way.modules:
        scaled = "stream" if factor == 1 else f"stream * {factor!r}"
        steps += f'    stream = model.get_submodule("{path}")({scaled})\n'
    if way.factor != 1:
        steps += f"    stream = stream * {way.factor!r}\n"
    if way.divisor != 1:
        steps += f"    stream = stream / {way.divisor!r}\n"
    if way.cap is not None:
        steps += f"    stream = torch.tanh(stream / {way.cap!r}) * {way.cap!r}\n"
    hook = (
        "[0].register_forward_pre_hook(lambda block, given: kept.append(given[0]))"
        if boundary.layer < 0
        else f"[{boundary.layer}].register_forward_hook(\n"
        "    lambda block, given, output: kept.append(\n"
        "        output[0] if isinstance(output, tuple) else output))"
    )
    return f"""import torch
from transformers import {_CLASSES[kind]}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({name})
model = {_CLASSES[kind]}.from_pretrained({name}, dtype=torch.float32)
inputs = tokenizer({found.text!r}, return_tensors="pt")
kept = []
model.base_model.get_submodule("{way.blocks}"){hook}
with torch.no_grad():
    model(**inputs{decoder})
    stream = kept[0][:, {place}:{place + 1}]  # after {boundary.name}, not yet normed
    # Once: what stands behind the last block.
{steps}shares = stream[0, 0].softmax(-1)
best = int(shares.argmax())
print(repr(tokenizer.decode([best])), float(shares[best]))
"""
