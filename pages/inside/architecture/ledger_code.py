"""A few lines of plain transformers that print the totals of the ledger."""

import json

from components.engine import ModelChoice
from components.inspection.architecture.ledger_configs import CONFIGS
from components.inspection.catalogue import opening
from components.inspection.model import ModelFacts
from pages.inside.attention.code import CLASSES

_COUNT = """parts = {}
for path, weight in model.named_parameters():  # a matrix that is used twice comes once
    kind = path.rpartition(".")[0].rpartition(".")[2]
    parts[kind] = parts.get(kind, 0) + weight.numel()
print(parts)
print(sum(parts.values()))
"""


def of_model(choice: ModelChoice, facts: ModelFacts) -> str:
    """Return code that prints the parameters of the loaded model."""
    name, auto = opening(choice.source, choice.revision), CLASSES[facts.kind]
    return f"""import torch
from transformers import {auto}

model = {auto}.from_pretrained({name}, dtype=torch.{facts.dtype})
{_COUNT}"""


def of_operations(choice: ModelChoice, facts: ModelFacts, ids: tuple[int, ...]) -> str:
    """Return code that prints the operations of one pass, counted by torch."""
    name, auto = opening(choice.source, choice.revision), CLASSES[facts.kind]
    given = "ids"
    if facts.kind == "seq2seq":
        given = "ids, decoder_input_ids=torch.tensor([[model.config.decoder_start_token_id]])"
    return f"""import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import {auto}

model = {auto}.from_pretrained(
    {name}, dtype=torch.{facts.dtype}, attn_implementation="eager").eval()
ids = torch.tensor([{list(ids)}])
with torch.no_grad(), FlopCounterMode(display=False) as counter:
    model({given})
print(counter.get_total_flops())
"""


def of_published(name: str) -> str:
    """Return code that builds a published configuration without numbers, and prints its total."""
    fields = dict(CONFIGS[name])
    (built,), family = fields.pop("architectures"), fields.pop("model_type")
    return f"""import json

import torch
from transformers import AutoConfig, {built}

fields = json.loads({json.dumps(fields)!r})
with torch.device("meta"):  # shapes without numbers: no memory, whatever the size
    model = {built}(AutoConfig.for_model({family!r}, **fields))
{_COUNT}"""
