"""A few lines of plain transformers or NumPy that reproduce what a view shows."""

from typing import Final

from components.inspection.attention.steps import AttentionSteps
from components.inspection.catalogue import opening
from components.inspection.model import ModelFacts
from pages.inside.attention.choices import Reading
from pages.inside.attention.square import HEAD, LARGEST, MEAN, ROLLOUT

CLASSES: Final = {
    "causal": "AutoModelForCausalLM",
    "masked": "AutoModelForMaskedLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
    "headless": "AutoModel",
}
"""What opens each kind of model."""
_ENCODERS_OF_TWO: Final = ("t5", "mt5", "umt5")
"""Families whose encoder is also saved alone, which `AutoModel` would give a random decoder."""


_COMBINED: Final = {
    HEAD: "weights = attentions[{place}][0, {head}]  # layer {layer}, head {head}: [query, key]",
    MEAN: "weights = attentions[{place}][0].mean(0)  # layer {layer}: [query, key]",
    LARGEST: "weights = attentions[{place}][0].amax(0)  # layer {layer}: [query, key]",
    ROLLOUT: """eye = torch.eye(attentions[0].shape[-1])
weights = eye  # rollout: half attention, half residual connection, layer after layer
for one in attentions[:{place} + 1]:
    mean = one[0].float().mean(0)
    weights = (eye + mean / mean.sum(-1, keepdim=True)) / 2 @ weights""",
}


def weights(
    reading: Reading,
    facts: ModelFacts,
    layer: int,
    head: int,
    place: int | None = None,
    drawn: str = HEAD,
) -> str:
    """Return code whose `weights` are what is `drawn` of one layer, [query token, key token].

    `place` is which of the layers that attend `layer` is: in hybrids not all do.
    """
    place = layer if place is None else place
    lines = _COMBINED[drawn].format(place=place, layer=layer, head=head)
    return f"{_attentions(reading, facts)}{lines}\nprint(weights)\n"


def _attentions(reading: Reading, facts: ModelFacts) -> str:
    """Return the lines whose `attentions` are all weights, layer by layer."""
    field, arguments, start = "attentions", "**inputs", ""
    if reading.two_stacks:
        field, arguments = f"{reading.group}_attentions", "**inputs, decoder_input_ids=start"
        start = f"""
start = torch.tensor([[model.config.decoder_start_token_id]
                      + tokenizer({reading.target or ""!r}, add_special_tokens=False).input_ids])"""
    return f"""{_loaded(reading, facts)}
inputs = tokenizer({reading.text!r}, return_tensors="pt"){start}
with torch.no_grad():
    attentions = model({arguments}, output_attentions=True).{field}
"""


def _loaded(reading: Reading, facts: ModelFacts, more: str = "") -> str:
    """Return the lines that load tokenizer and model, in the number format that is looked at."""
    model = CLASSES[facts.kind]
    if facts.kind == "headless" and not reading.two_stacks and facts.family in _ENCODERS_OF_TWO:
        model = "AutoModelForTextEncoding"
    name = opening(reading.choice.source, reading.choice.revision)
    return f"""import torch
from transformers import {model}, AutoTokenizer
{more}
tokenizer = AutoTokenizer.from_pretrained({name})
# "eager": the faster ways to attend never form the weights.
model = {model}.from_pretrained(
    {name}, dtype=torch.{facts.dtype}, attn_implementation="eager").eval()"""


def previous_token(reading: Reading, facts: ModelFacts) -> str:
    """Return code whose `share` is each head's weight on the token before, [layer, head]."""
    return f"""{_attentions(reading, facts)}# [layer, head, query token, key token]
weights = torch.cat(attentions)
# The mean weight that each head gives to the token before; the first token has none before it.
share = weights.float().diagonal(offset=-1, dim1=-2, dim2=-1).mean(-1)
print(share)
"""


_OTHERWISE: Final = """# Every family computes its queries and keys in its own way; the weights it
# ends with can be had from all of them alike. The row of the query token is what is shown.
"""


def of_steps(reading: Reading, facts: ModelFacts, found: AttentionSteps, place: int) -> str:
    """Return code of one query token's steps, or of its weights alone where a family is unlike
    Llama. `place` is which of the layers that attend the shown one is."""
    plain = found.bias is None and found.sink is None
    alike = facts.family in ("llama", "mistral") and facts.kind in ("causal", "classifier")
    # All that came before is attended to, no window.
    sees_all = not found.hidden[: found.place + 1].any()
    if plain and alike and sees_all and reading.group == "decoder":
        return steps(reading, facts, found.layer, found.head, found.place)
    return _OTHERWISE + weights(reading, facts, found.layer, found.head, place)


def steps(reading: Reading, facts: ModelFacts, layer: int, head: int, place: int) -> str:
    """Return code that takes a Llama's head apart, for models built like it; `weights` is a row."""
    turn = "from transformers.models.llama.modeling_llama import apply_rotary_pos_emb\n"
    return f"""{_loaded(reading, facts, turn)}
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
    weights = scores.softmax(-1, dtype=torch.float32).to(v.dtype)
    output = weights @ v[0, kv_head]
    w_o = block.self_attn.o_proj.weight[:, head * size:(head + 1) * size]
    write = w_o @ output                          # what this head adds to the residual stream
print(weights, write.norm())
"""


def toy(q: str, k: str, v: str, scale: bool, causal: bool, temperature: float) -> str:
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
