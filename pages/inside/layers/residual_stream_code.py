"""A few lines of plain transformers that print norms of the stream, and cosines."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.layers.residual_stream import ResidualStream
from components.inspection.model import ModelFacts
from pages.inside.attention.code import CLASSES


def norms(choice: ModelChoice, facts: ModelFacts, found: ResidualStream, token: int) -> str:
    """Return code that prints the norm of one token's stream at each boundary, but for the last,
    which transformers hands out normed already."""
    two = len(found.read) == 2
    field = f"{found.stack}_hidden_states" if two else "hidden_states"
    target = f"\ntarget = torch.tensor([{list(found.read[-1])}])" if two else ""
    given = "input_ids=ids" + (", decoder_input_ids=target" if two else "")
    return f"""import torch
from transformers import {CLASSES[facts.kind]}

model = {CLASSES[facts.kind]}.from_pretrained(
    {opening(choice.source, choice.revision)}, dtype=torch.{facts.dtype},
    attn_implementation="eager").eval()
ids = torch.tensor([{list(found.read[0])}]){target}
with torch.no_grad():
    out = model({given}, output_hidden_states=True)
stream = torch.stack(out.{field}[:-1])[:, 0, {token}].float()
print(stream.norm(dim=-1).tolist())
directions = torch.nn.functional.normalize(stream, dim=-1)
print((directions @ directions.T)[:3, :3])  # cosines of the first boundaries
"""
