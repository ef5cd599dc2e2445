"""Plain transformers that gives the numbers of *Look-up*."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening


def _opened(choice: ModelChoice) -> str:
    where = opening(choice.source, choice.revision)
    return f"""import torch
from transformers import AutoModel

model = AutoModel.from_pretrained({where}, dtype=torch.float32)
model = model.get_encoder() if model.config.is_encoder_decoder else model
table = model.get_input_embeddings().weight.detach()
"""


def entering(choice: ModelChoice, ids: tuple[int, ...], place: int) -> str:
    """Return code that prints how long a row is, and what enters the first block for it."""
    return f"""{_opened(choice)}
ids = {list(ids)}
with torch.no_grad():
    read = model(input_ids=torch.tensor([ids]), output_hidden_states=True)
entered, row = read.hidden_states[0][0, {place}], table[ids[{place}]]
# Where a norm stands before the first block (BERT), this is what comes out of it.
print("row", float(row.norm()), "entered", float(entered.norm()))
print("as it is:", torch.equal(row, entered), "factor:", float(entered @ row / (row @ row)))
"""


def cost(choice: ModelChoice, token: int) -> str:
    """Return code that prints the sizes, and that both ways give one row."""
    return f"""{_opened(choice)}
rows, width = table.shape
one_hot = torch.zeros(rows)
one_hot[{token}] = 1
print("multiplications", rows * width, "copied", width)
print("the same row:", torch.equal(one_hot @ table, table[{token}]))
"""
