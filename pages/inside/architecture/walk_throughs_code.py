"""Plain PyTorch and transformers that gives the numbers of *Walk-throughs*."""

from typing import Final

from components.engine import ModelChoice
from components.inspection.architecture.einsum_bug import Sharing
from components.inspection.catalogue import opening

LIKE_LLAMA: Final = ("llama", "mistral", "qwen2")
"""Families whose modules are called as `walk` calls them."""


def walk(choice: ModelChoice, text: str) -> str:
    """Return code that prints how alike the rows are, in all four ways."""
    where = opening(choice.source, choice.revision)
    return f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({where})
model = AutoModelForCausalLM.from_pretrained(
    {where}, dtype=torch.float32, attn_implementation="eager")
ids = tokenizer({text!r}, return_tensors="pt").input_ids
stack, block = model.model, model.model.layers[0]
with torch.no_grad():
    x = stack.embed_tokens(ids)
    turns = stack.rotary_emb(x, torch.arange(ids.shape[1])[None])
    later = torch.full((ids.shape[1],) * 2, float("-inf")).triu(1)[None, None]
    print(list(ids.shape), list(x.shape))
    for norm in (True, False):
        for mask in (True, False):
            read = block.input_layernorm(x) if norm else x
            written = block.self_attn(
                read, position_embeddings=turns, attention_mask=later if mask else None)[0][0]
            unit, n = torch.nn.functional.normalize(written, dim=-1), len(written)
            alike = (unit.sum(0).square().sum() - n) / (n * (n - 1))
            print("norm", norm, "mask", mask, "mean cosine", float(alike))
"""


def division(sharing: Sharing, seed: int) -> str:
    """Return code that draws the same vectors, and prints the mean entropy of three divisions."""
    one = sharing == "one key head for all"
    keys = (
        '"md,dk->mk", memory, draw(1, d, k)[0]' if one else '"md,hdk->hmk", memory, draw(h, d, k)'
    )
    products = '"hk,mk->hm"' if one else '"hk,hmk->hm"'
    return f"""import torch

def draw(*shape):
    return torch.randn(*shape, dtype=torch.float64)

torch.manual_seed({seed})
d, h, k, m = 512, 8, 64, 32
x, memory = draw(d), draw(m, d)
queries = torch.einsum("d,hdk->hk", x, draw(h, d, k)) / d**0.5
keys = torch.einsum({keys}) / d**0.5
products = torch.einsum({products}, queries, keys)
print("divided by", k**0.5, "or", d**0.5, "which is", (d / k) ** 0.5, "times as much")
for divisor in (k**0.5, d**0.5, 1):
    nats = torch.special.entr(torch.softmax(products / divisor, dim=-1)).sum(-1).mean()
    print(divisor, "bits:", float(nats / torch.tensor(2.0).log()))
"""


def conv1d(seed: int) -> str:
    """Return code that draws the same map, and prints whether both layouts give the same."""
    return f"""import torch
from transformers.pytorch_utils import Conv1D

conv, linear = Conv1D(48, 48), torch.nn.Linear(48, 48)
torch.manual_seed({seed})
with torch.no_grad():
    conv.weight.copy_(torch.randn(48, 48) / 48**0.5)
    conv.bias.copy_(torch.randn(48))
    x = torch.randn(4, 48)
    linear.weight.copy_(conv.weight.T)
    linear.bias.copy_(conv.bias)
    print("the same:", torch.equal(conv(x), linear(x)))
    linear.weight.copy_(conv.weight)  # not transposed: it fits, and is wrong
    print("off by", float((conv(x) - linear(x)).norm() / conv(x).norm()))
"""
