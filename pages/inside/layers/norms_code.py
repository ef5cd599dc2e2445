"""A few lines of plain PyTorch or transformers that print numbers of the figures of norms."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.layers.norms import NormsByHand
from components.inspection.layers.norms_of_model import LayerNorms, NormAt

CLASSES = {
    "causal": "AutoModelForCausalLM",
    "masked": "AutoModelForMaskedLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
    "headless": "AutoModel",
}


def by_hand(found: NormsByHand) -> str:
    """Return code that prints both norms of the changed numbers."""
    numbers = ", ".join(f"{number!r}" for number in found.changed.given.tolist())
    count, epsilon = len(found.changed.given), found.epsilon
    return f"""import torch

x = torch.tensor([{numbers}], dtype=torch.float64)
plain = {{"eps": {epsilon!r}, "elementwise_affine": False, "dtype": torch.float64}}
print(torch.nn.LayerNorm({count}, **plain)(x))
print(torch.nn.RMSNorm({count}, **plain)(x))
"""


def of_the_model(choice: ModelChoice, text: str, found: LayerNorms, norm: NormAt) -> str:
    """Return code that prints the first numbers out of a norm, by formula and as recorded."""
    name, causal = opening(choice.source, choice.revision), found.kind == "causal"
    inputs = ", ".join(f"{key}=torch.tensor([{list(ids)}])" for key, ids in found.inputs.items())
    given = "**tokenizer(" + repr(text) + ', return_tensors="pt")' if causal else inputs
    names = ", ".join(sorted([CLASSES[found.kind], *["AutoTokenizer"] * causal]))
    loaded = f"tokenizer = AutoTokenizer.from_pretrained({name})\n" if causal else ""
    gain = "1 + norm.weight" if norm.plus_one else "norm.weight"
    gain = gain if norm.one.gain.std() or norm.one.gain[0] != 1 else "1"
    centred = " - x.mean()" if norm.one.kind == "layer" else ""
    shift = "" if norm.one.shift is None else " + norm.bias"
    return f"""import torch
from transformers import {names}

{loaded}model = {CLASSES[found.kind]}.from_pretrained({name}, dtype=torch.float32)
norm, kept = model.get_submodule("{norm.path}"), []
norm.register_forward_hook(lambda module, given, gives: kept.append((given[0], gives)))
with torch.no_grad():
    model({given})
    x, recorded = (each.reshape(-1, each.shape[-1])[{found.place}] for each in kept[{norm.run}])
    centred = x{centred}
    scale = (centred.square().mean() + {norm.one.epsilon!r}).sqrt()
    print((centred / scale * ({gain}){shift})[:4])
    print(recorded[:4])
"""
