"""The few lines of plain transformers that reproduce what is on screen."""

from components.inspection.catalogue import loadable
from components.widgets.attention.choices import Reading


def weights_code(reading: Reading, layer: int, head: int) -> str:
    """Return code whose `weights` are the weights of one head, [reader, read]."""
    name = loadable(reading.choice.source)
    model, field, arguments, start = "AutoModelForCausalLM", "attentions", "**inputs", ""
    if reading.two_towers:
        model, field = "AutoModelForSeq2SeqLM", f"{reading.group}_attentions"
        arguments = "**inputs, decoder_input_ids=start"
        start = f"""
start = torch.tensor([[model.config.decoder_start_token_id]
                      + tokenizer({reading.target or ""!r}, add_special_tokens=False).input_ids])"""
    elif reading.group == "encoder":
        model = "AutoModel"
    return f"""import torch
from transformers import {model}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({name!r})
# "eager": the faster ways to attend never form the weights.
model = {model}.from_pretrained({name!r}, attn_implementation="eager")
inputs = tokenizer({reading.text!r}, return_tensors="pt"){start}
with torch.no_grad():
    attentions = model({arguments}, output_attentions=True).{field}
weights = attentions[{layer}][0, {head}]  # layer {layer}, head {head}: [reader, read]
print(weights)
"""


def previous_token_code(reading: Reading) -> str:
    """Return code whose `share` is each head's share on the token before, [layer, head]."""
    first, _, _ = weights_code(reading, 0, 0).partition("weights = ")
    return f"""{first}weights = torch.cat(attentions)  # [layer, head, reader, read]
# The share that each head gives to the token before; the first token has none before it.
share = weights.diagonal(offset=-1, dim1=-2, dim2=-1).mean(-1)
print(share)
"""


def steps_code(reading: Reading, layer: int, head: int, place: int) -> str:
    """Return code that takes a Llama's head apart, for models built like it; `weights` is a row."""
    name = loadable(reading.choice.source)
    return f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

tokenizer = AutoTokenizer.from_pretrained({name!r})
model = AutoModelForCausalLM.from_pretrained({name!r})
ids = tokenizer({reading.text!r}, return_tensors="pt").input_ids
layer, head, place = {layer}, {head}, {place}

with torch.no_grad():
    stream = model(ids, output_hidden_states=True).hidden_states[layer]
    block = model.model.layers[layer]
    x, size = block.input_layernorm(stream), block.self_attn.head_dim
    split = lambda m: m(x).view(1, ids.shape[1], -1, size).transpose(1, 2)
    q, k, v = (split(getattr(block.self_attn, f"{{n}}_proj")) for n in "qkv")
    cos, sin = model.model.rotary_emb(x, torch.arange(ids.shape[1])[None])
    q, k = apply_rotary_pos_emb(q, k, cos, sin)
    kv_head = head // (q.shape[1] // k.shape[1])  # neighbouring heads share keys and values
    scores = k[0, kv_head] @ q[0, head, place] / size**0.5
    scores[place + 1:] = -torch.inf               # the causal mask
    weights = scores.softmax(-1)
    output = weights @ v[0, kv_head]
    w_o = block.self_attn.o_proj.weight[:, head * size:(head + 1) * size]
    write = w_o @ output                          # what this head adds to the stream
print(weights, write.norm())
"""


def toy_code(q: str, k: str, v: str, scale: bool, causal: bool, temperature: float) -> str:
    """Return NumPy code of the toy; `weights` and `outputs` are its last two matrices."""

    def rows(text: str) -> str:
        lines = [line.replace(",", " ").split() for line in text.strip().splitlines()]
        return "[" + ", ".join(f"[{', '.join(line)}]" for line in lines if line) + "]"

    mask = (
        "scores = np.where(np.triu(np.ones_like(scores), k=1) > 0, -np.inf, scores)\n"
        if causal
        else ""
    )
    divisors = " / np.sqrt(Q.shape[1])" * scale + f" / {temperature}" * (temperature != 1)
    return f"""import numpy as np

Q = np.array({rows(q)}, float)
K = np.array({rows(k)}, float)
V = np.array({rows(v)}, float)
scores = Q @ K.T{divisors}
{mask}powers = np.exp(scores - scores.max(-1, keepdims=True))
weights = powers / powers.sum(-1, keepdims=True)
outputs = weights @ V
print(weights.round(4), outputs.round(4), sep="\\n")
"""
