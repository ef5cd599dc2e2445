"""A few lines of plain transformers that print a number of the view Score by parts."""

from typing import Final

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.layers.score_parts import ScoreParts
from components.inspection.model import ModelFacts

FAMILIES: Final = ("llama", "mistral", "qwen2")
UNCODED: Final = (
    "No code is shown: it is written for families built like Llama, which this model is not of."
)


def score(choice: ModelChoice, facts: ModelFacts, text: str, found: ScoreParts) -> str:
    """Return code that prints the score, and the entry of the two embeddings; "" if there is none.

    For families built like Llama only.
    """
    if facts.family not in FAMILIES:
        return ""
    name = opening(choice.source, choice.revision)
    kv_head = found.head // (facts.heads // facts.kv_heads)
    return f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

tokenizer = AutoTokenizer.from_pretrained({name})
model = AutoModelForCausalLM.from_pretrained({name}, dtype=torch.{facts.dtype}).eval()
block, query, key = model.model.layers[{found.layer}], {found.query}, {found.key}
with torch.no_grad():
    streams = model(**tokenizer({text!r}, return_tensors="pt"),
                    output_hidden_states=True).hidden_states
    cos, sin = model.model.rotary_emb(streams[0], torch.arange(streams[0].shape[1])[None])

    def scored(rows, held, place, projection, head, bias):
        \"\"\"What becomes of a vector at a place: normed (its scale held), mapped, turned.\"\"\"
        vector = projection.weight @ (rows[0, place] * held[place])
        if bias and projection.bias is not None:
            vector = vector + projection.bias
        vector = vector.view(1, -1, 1, block.self_attn.head_dim)[:, head:head + 1]
        at = (cos[:, place:place + 1], sin[:, place:place + 1])
        return apply_rotary_pos_emb(vector, vector, *at)[0].flatten().double()

    entered = streams[{found.layer}]
    held = block.input_layernorm(entered)[0] / entered[0]  # gain and scale, number by number
    for name, rows in (("score", entered), ("embeddings", streams[0])):
        q, k = (scored(rows, held, place, projection, head, name == "score")
                for place, projection, head in ((query, block.self_attn.q_proj, {found.head}),
                                                (key, block.self_attn.k_proj, {kv_head})))
        print(name, float(q @ k) * block.self_attn.scaling)
"""
