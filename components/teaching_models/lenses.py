"""Fit the tuned lens and the Jacobian lens of the storyteller; measure both; write file and card.

Source of the lenses, and how they are read: `components.inspection.layers.translators`.
"""

import hashlib
import json
import logging
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from components.inspection.layers.translators import DTYPES, FILE, PROVENANCE, fingerprint
from components.teaching_models.corpus import documents
from components.teaching_models.evaluation import load
from components.teaching_models.lenses_card import card
from components.teaching_models.lenses_jacobian import fit_jacobians
from components.teaching_models.lenses_reading import divergences
from components.teaching_models.lenses_tuned import fit_tuned
from components.teaching_models.storyteller import FOLDER as MODEL

log = logging.getLogger(__name__)

FOLDER: Final = Path(__file__).parents[2] / "assets" / "lenses" / "storyteller"
"""Where the bundled lenses live."""
CARD: Final = "LENSES.md"
PROBE: Final = "When Mary and John went to the shop, Mary gave a drink to"
"""A short text whose logits are kept, so that the pass that was fitted can be known again."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the lenses become."""

    seed: int = 3_000_000
    """Of the documents that the tuned lens learns from; the next two are those of the Jacobians and
    of the held-out documents."""
    steps: int = 300
    documents_per_step: int = 24
    learning_rate: float = 3e-3
    """Adam's at the first step; from there it falls to 0 in a straight line."""
    jacobian_documents: int = 64
    jacobian_batch: int = 16
    held_out: int = 200
    """Documents on which all lenses are measured: each has a combination of words that neither the
    model nor a lens was trained on."""


def write_lenses(
    folder: Path = FOLDER, recipe: Recipe | None = None, model_folder: Path = MODEL
) -> None:
    """Fit both lenses to the model in `model_folder`, measure them, and write file and card."""
    recipe = recipe or Recipe()
    network, tokenizer = load(model_folder)
    network.requires_grad_(False)
    kept: dict[str, Tensor] = {}

    log.info("Training the tuned lens: %d steps.", recipe.steps)
    matrices, biases, trained_on = fit_tuned(
        network,
        texts(tokenizer, recipe.seed),
        recipe.steps,
        recipe.documents_per_step,
        recipe.learning_rate,
    )
    for boundary, (matrix, bias) in enumerate(zip(matrices, biases, strict=True)):
        kept[f"tuned.{boundary}.matrix"] = matrix.half()
        kept[f"tuned.{boundary}.bias"] = bias.half()

    log.info("Taking the derivatives of %d documents, twice.", recipe.jacobian_documents)
    sample = list(islice(texts(tokenizer, recipe.seed + 1), recipe.jacobian_documents))
    later = fit_jacobians(network, sample, recipe.jacobian_batch)
    here = fit_jacobians(network, sample, recipe.jacobian_batch, same_place=recipe.seed)
    for boundary, jacobian in enumerate(later.mean):
        kept[f"jacobian.{boundary}.matrix"] = jacobian.half()

    log.info("Measuring on %d held-out documents.", recipe.held_out)
    held_out = islice(texts(tokenizer, recipe.seed + 2, held_out=True), recipe.held_out)
    width = matrices.shape[-1]
    bits, tokens = divergences(
        network,
        held_out,
        {
            "logit": (torch.eye(width).expand_as(matrices), None),
            # As they are stored: what is measured is what ships.
            "tuned": (torch.eye(width) + matrices.half().float(), biases.half().float()),
            "jacobian": (later.mean.half().float(), None),
            "jacobian, same place": (here.mean.half().float(), None),
        },
        recipe.documents_per_step,
    )
    probe = tokenizer(PROBE).input_ids
    with torch.no_grad():
        kept["probe.logits"] = network(input_ids=torch.tensor([probe])).logits[0].clone()
    told = {
        "model": model_folder.name,
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "file": hashlib.sha256((model_folder / "model.safetensors").read_bytes()).hexdigest(),
        "weights": {dtype: fingerprint(network, dtype) for dtype in DTYPES},
        "probe": probe,
        "recipe": asdict(recipe),
        "tuned": {"tokens": trained_on},
        "jacobian": {
            "documents": len(sample),
            "tokens": sum(len(ids) for ids in sample),
            "standard_error": later.standard_error,
            "standard_error, same place": here.standard_error,
        },
        "held_out": {"documents": recipe.held_out, "tokens": tokens, **bits},
        "made_with": {
            "python": platform.python_version(),
            "threads": torch.get_num_threads(),
            **{name: version(name) for name in ("torch", "transformers", "safetensors")},
        },
    }
    _write(folder, kept, told)


def texts(
    tokenizer: PreTrainedTokenizerFast, seed: int, held_out: bool = False
) -> Iterator[list[int]]:
    """Yield documents as ids without end, each behind `<|end|>`, as the model reads a prompt."""
    for document in documents(seed, held_out):
        yield tokenizer(document.text).input_ids


def _write(folder: Path, kept: dict[str, Tensor], told: dict[str, Any]) -> None:
    """Write file and card, each in one move, so that no reader sees half."""
    folder.mkdir(parents=True, exist_ok=True)
    # One entry: the order of several is another in each process.
    half = folder / f".{FILE}.new"
    save_file(kept, half, metadata={PROVENANCE: json.dumps(told)})
    half.chmod(0o644)  # safetensors lets only its writer read it
    half.replace(folder / FILE)
    (folder / CARD).write_text(card(told), encoding="utf-8")
