"""A few lines of plain transformers that reproduce the stream's norms and the answers."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.model import ModelFacts
from components.widgets.machine.assembled import Assembled
from pages.inside.attention.code import CLASSES


def path(choice: ModelChoice, facts: ModelFacts, found: Assembled) -> str:
    """Return code whose `norms` are the stream's at the chosen token, and `logits` its answer's.

    The last state that transformers hands out is normed already in most families: it is left out.
    Empty where something is switched off, which takes more than a few lines.
    """
    if found.look.off:
        return ""
    name, stack = opening(choice.source, choice.revision), found.stack
    two = found.read.target is not None
    field = f"{stack}_hidden_states" if two else "hidden_states"
    start = ""
    given = "input_ids=ids"
    if two:
        start = (
            "start = model.config.decoder_start_token_id\n"
            f"target = torch.tensor([[start, *{list(found.read.target or ())}]])\n"
        )
        given += ", decoder_input_ids=target"
    answer = ""
    if found.path.answers is not None:
        at = "[0]" if facts.kind == "classifier" else f"[0, {found.place}]"
        answer = f"""logits = out.logits{at}
top = logits.float().softmax(-1).topk({len(found.path.answers.ids)})
print(top.values.tolist(), top.indices.tolist())
"""
    return f"""import torch
from transformers import {CLASSES[facts.kind]}

model = {CLASSES[facts.kind]}.from_pretrained(
    {name}, dtype=torch.{facts.dtype}, attn_implementation="eager").eval()
ids = torch.tensor([{list(found.read.ids)}])
{start}with torch.no_grad():
    out = model({given}, output_hidden_states=True)
# The stream before each block; the last state is normed already.
norms = [state[0, {found.place}].float().norm().item() for state in out.{field}[:-1]]
print(norms)
{answer}"""
