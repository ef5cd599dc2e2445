"""Measure a trained storyteller: what its model card states.

Everything is measured on the saved files, loaded with plain transformers.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

import torch
from torch.nn import functional
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from components.teaching_models import probes
from components.teaching_models.corpus import MIX, Document, documents
from components.teaching_models.tokenizer import END_ID

log = logging.getLogger(__name__)

DOCUMENTS_SEED = 2_000_000
"""Seed of the documents on which the loss is measured; training uses 63-bit seeds of its own."""
OPENINGS = ("Once upon a time", "One dark night", "Once there was", "It was a", "Long ago,")
"""How the sampled stories begin."""
TOPICS: dict[str, tuple[str, float | None]] = {
    "indirect object": ("held-out pairs of names", 0.97),
    "capitals": ("every country, in a wording that training has", 1.0),
    "capitals, held-out wording": ("countries in wordings never seen together", None),
    "agreement across an attractor": ("held-out pairs of nouns, of different number", 0.95),
    "counting": ("held-out starts and steps, figures and words", 0.95),
    "days and months": ("every start, in a row and in a sentence; most were in training", 0.95),
    "days and months, held-out wording": ("starts in wordings never seen together", None),
}
"""Each set of questions: what is in it, and the share of right answers aimed at, if any."""


@dataclass(frozen=True)
class Loss:
    """Next-token loss against what the grammar paid, over some documents."""

    documents: int
    tokens: int
    """Predicted tokens, the `<|end|>` behind each document included."""
    model: float
    """Mean loss of the model: nats per token."""
    grammar: float
    """Mean cost of the grammar's choices: nats per token; the limit for the loss."""

    @property
    def gap(self) -> float:
        """What the model loses over the grammar: nats per token."""
        return self.model - self.grammar


@dataclass(frozen=True)
class Heads:
    """How strongly every head does one job, on random tokens said twice."""

    induction: list[list[float]]
    """[layer][head]: mean weight, 0 to 1, on the token after the earlier copy of this token."""
    previous: list[list[float]]
    """[layer][head]: mean weight, 0 to 1, on the token just before."""


@dataclass(frozen=True)
class Evaluation:
    """All figures of the card."""

    parameters: int
    held_out: Loss
    fresh: Loss
    """The same on new documents without held-out combinations."""
    by_kind: dict[str, Loss]
    induction: dict[int, float]
    """Share of the second copy predicted, by the length of the block in tokens."""
    heads: Heads
    right: dict[str, tuple[int, int]]
    """Right answers and questions, by topic."""
    stories: list[str]


def load(folder: Path) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Return model (eager attention, so that it can show its weights) and tokenizer."""
    model = AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return cast(LlamaForCausalLM, model.eval()), cast(PreTrainedTokenizerFast, tokenizer)


def evaluate(folder: Path, sample: int = 2000) -> Evaluation:
    """Return everything that the card states about the model in the folder."""
    model, tokenizer = load(folder)
    log.info("Measuring the loss on %d documents, twice.", sample)
    held_out = list(islice(documents(DOCUMENTS_SEED, held_out=True), sample))
    fresh = list(islice(documents(DOCUMENTS_SEED + 1), sample))
    losses = document_losses(model, tokenizer, held_out)
    fresh_losses = document_losses(model, tokenizer, fresh)
    log.info("Asking questions.")
    return Evaluation(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        held_out=total_loss(held_out, losses),
        fresh=total_loss(fresh, fresh_losses),
        by_kind=losses_by_kind(fresh, fresh_losses),
        induction={
            length: probes.induction_accuracy(model, length, sequences=64)
            for length in (10, 25, 50, 100, 200)
        },
        heads=head_scores(model),
        right={topic: ask(model, tokenizer, topic) for topic in TOPICS},
        stories=list(sampled_stories(model, tokenizer)),
    )


@torch.inference_mode()
def document_losses(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, texts: list[Document]
) -> list[tuple[float, int]]:
    """Return for each document its negative log probability in nats and its number of tokens."""
    results = []
    for document in texts:
        ids = torch.tensor([[*tokenizer(document.text).input_ids, END_ID]], device=model.device)
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits[0]
        nats = functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item()
        results.append((nats, ids.shape[1] - 1))
    return results


def total_loss(texts: list[Document], losses: list[tuple[float, int]]) -> Loss:
    """Return the loss per token over all the documents together."""
    tokens = sum(count for _, count in losses)
    nats = sum(nats for nats, _ in losses)
    cost = sum(document.cost for document in texts)
    return Loss(len(texts), tokens, nats / tokens, cost / tokens)


def losses_by_kind(texts: list[Document], losses: list[tuple[float, int]]) -> dict[str, Loss]:
    """Return the loss per token over the documents of each kind."""
    result = {}
    for kind in MIX:
        chosen = [index for index, document in enumerate(texts) if document.kind == kind]
        result[kind] = total_loss(
            [texts[index] for index in chosen], [losses[index] for index in chosen]
        )
    return result


@torch.inference_mode()
def head_scores(
    model: LlamaForCausalLM, length: int = 50, sequences: int = 32, seed: int = 1
) -> Heads:
    """Return what each head looks at while it reads random tokens that come twice.

    Source of both scores: Olsson et al. (2022), In-context Learning and Induction Heads.
    """
    ids = probes.repeated_random_tokens(model.config.vocab_size, length, sequences, seed)
    ids = ids.to(model.device)
    attentions = model(input_ids=ids, output_attentions=True, use_cache=False).attentions
    induction, previous = [], []
    for weights in attentions:  # [sequence, head, reader, read]
        # In the second copy, reader i has its token's first copy at i - length.
        second = weights[:, :, length + 1 :]
        targets = second.diagonal(offset=2, dim1=-2, dim2=-1)[..., :length]
        induction.append(targets.mean(dim=(0, 2)).tolist())
        before = weights.diagonal(offset=-1, dim1=-2, dim2=-1)
        previous.append(before.mean(dim=(0, 2)).tolist())
    return Heads(induction, previous)


def ask(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, topic: str) -> tuple[int, int]:
    """Return how many questions of the topic the model answers right, and how many there were."""
    questions: dict[str, Iterator[probes.Question]] = {
        "indirect object": islice(probes.indirect_object_questions(seed=7), 1000),
        "capitals": probes.capital_questions(),
        "capitals, held-out wording": probes.held_out_capital_questions(),
        "agreement across an attractor": islice(probes.agreement_questions(seed=7), 1000),
        "counting": probes.counting_questions(),
        "days and months": probes.calendar_questions(),
        "days and months, held-out wording": probes.held_out_calendar_questions(),
    }
    right = probes.answers_right(model, tokenizer, list(questions[topic]))
    return sum(right), len(right)


@torch.inference_mode()
def sampled_stories(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    count: int = 20,
) -> Iterator[str]:
    """Yield texts sampled after the openings of stories in turn, as they come; seeds from 0."""
    for number in range(count):
        torch.manual_seed(number)
        prompt = tokenizer(OPENINGS[number % len(OPENINGS)], return_tensors="pt").to(model.device)
        ids = cast(Any, model).generate(
            **prompt, do_sample=True, temperature=0.8, top_k=0, max_new_tokens=200
        )
        yield str(tokenizer.decode(ids[0], skip_special_tokens=True))


def interval(right: int, asked: int) -> tuple[float, float]:
    """Return the Wilson interval of a share at 95% confidence.

    >>> [round(edge, 3) for edge in interval(95, 100)]
    [0.888, 0.978]
    """
    z, share = 1.96, right / asked
    middle = (share + z * z / (2 * asked)) / (1 + z * z / asked)
    half = z * math.sqrt(share * (1 - share) / asked + (z / (2 * asked)) ** 2)
    half /= 1 + z * z / asked
    return middle - half, middle + half
