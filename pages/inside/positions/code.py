"""A few lines of plain PyTorch or transformers that reproduce what a view shows."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.rotation import Rope
from components.inspection.positions.shift_invariance import ShiftInvariance
from components.inspection.positions.vectors import RotatedVectors

_ANSWERS = {
    "causal": ("AutoModelForCausalLM", "logits"),
    "masked": ("AutoModelForMaskedLM", "logits"),
    "classifier": ("AutoModelForSequenceClassification", "logits"),
    "headless": ("AutoModel", "last_hidden_state"),
}
"""What opens each kind of model, and what it answers with."""


def _opened(choice: ModelChoice, text: str, kind: str = "causal") -> str:
    name = opening(choice.source, choice.revision)
    return f"""tokenizer = AutoTokenizer.from_pretrained({name})
model = {_ANSWERS[kind][0]}.from_pretrained({name}, dtype=torch.float32)
inputs = tokenizer({text!r}, return_tensors="pt")
"""


def score(
    choice: ModelChoice,
    text: str,
    head: int,
    query: int,
    key: int,
    vectors: RotatedVectors,
) -> str:
    """Return code that prints one score, for families built like Llama (`panels` finds out)."""
    size = vectors.rope.size
    return f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

# Families built like Llama only: projections called so, no norms on queries and keys.
{_opened(choice, text)}attention = model.model.layers[{vectors.layer}].self_attn
kept = {{}}
for name in ("q_proj", "k_proj"):
    getattr(attention, name).register_forward_hook(
        lambda module, given, output, name=name: kept.update({{name: output}}))
with torch.no_grad():
    model(**inputs)
q, k = (kept[name].unflatten(-1, (-1, {size})).transpose(1, 2) for name in ("q_proj", "k_proj"))
cos, sin = model.model.rotary_emb(q, torch.arange(q.shape[2])[None])
q, k = apply_rotary_pos_emb(q, k, cos, sin)
print(float(q[0, {head}, {query}] @ k[0, {vectors.key_head(head)}, {key}] * {vectors.scale!r}))
"""


def frequencies(rope: Rope) -> str:
    """Return code that prints the wavelengths of RoPE's formula."""
    return f"""import torch

theta, size = {rope.theta!r}, {rope.rotated}
frequencies = theta ** (-torch.arange(0, size, 2) / size)
print(2 * torch.pi / frequencies)  # positions for a full turn, pair by pair
"""


def extended(rope: Rope, extension: ContextExtension, parameters: dict[str, object]) -> str:
    """Return code that prints the extended frequencies, by transformers."""
    longer = 1 if extension.method == "dynamic" else extension.factor
    return f"""import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

config = LlamaConfig(head_dim={rope.rotated}, max_position_embeddings={int(rope.context * longer)},
                     rope_parameters={parameters!r})
rotary = LlamaRotaryEmbedding(config)
# what a text as long as wanted is rotated by
rotary(torch.zeros(1), torch.tensor([[{int(rope.context * extension.factor) - 1}]]))
print(rotary.inv_freq, rotary.attention_scaling)
"""


def shift_invariance(choice: ModelChoice, kind: str, text: str, found: ShiftInvariance) -> str:
    """Return code that prints how much the answers change if the text begins later."""
    model, field = _ANSWERS[kind]
    behind = f" + {found.first}  # behind its reserved rows" if found.first else ""
    return f"""import torch
from transformers import {model}, AutoTokenizer

{_opened(choice, text, kind)}places = torch.arange(inputs.input_ids.shape[1])[None]{behind}
with torch.no_grad():
    here = model(**inputs, position_ids=places).{field}
    there = model(**inputs, position_ids=places + {found.shifts[0]}).{field}
print((there - here).abs().max())
"""


SINUSOIDS = """import numpy as np

length, size, base = {length}, {size}, {base!r}
angles = np.arange(length)[:, None] * base ** (-np.arange(0, size, 2) / size)
table = np.empty((length, size))
table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
print(table[:3].round(4))
"""


CONVERT = {
    "split-half": """import torch

# from split-half to interleaved: number 2i is the old i, number 2i + 1 the old i + d/2
vector = torch.arange(8)
print(vector.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2))
""",
    "interleaved": """import torch

# from interleaved to split-half: number i is the old 2i, number i + d/2 the old 2i + 1
vector = torch.arange(8)
print(vector.unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2))
""",
}
"""How the numbers of a query or key are reordered, by the convention they are in."""
