"""Training from nothing to a folder that plain transformers loads, with checkpoints on the way."""

import json
import logging
import math
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional
from transformers import GenerationConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from components.teaching_models.batches import IGNORED, NOWHERE, Batches
from components.teaching_models.storyteller import Guidance, Recipe

log = logging.getLogger(__name__)

Probe = Callable[[LlamaForCausalLM, PreTrainedTokenizerFast], dict[str, float]]


class Trainer:
    """One training run: network, optimizers and the step they have reached."""

    def __init__(
        self, recipe: Recipe, tokenizer: PreTrainedTokenizerFast, compiled: bool = False
    ) -> None:
        self.recipe = recipe
        self.tokenizer = tokenizer
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(recipe.seed)
        self.model = LlamaForCausalLM(recipe.size.config())
        self.model.to(self.device)  # type: ignore[arg-type]
        self._network = torch.compile(self.model, dynamic=False) if compiled else self.model
        self._batches = Batches(tokenizer, recipe.seed, recipe.repeats)
        self.optimizers = _optimizers(self.model, recipe)
        self.step = 0
        self.seconds = 0.0
        """Wall time spent in training steps so far, over all sessions."""

    @property
    def progress(self) -> float:
        """How much of the run is done, from 0 to 1."""
        return self.step / self.recipe.steps

    def learning_rate(self) -> float:
        """Return the rate of the coming step: linear warm-up, then half a cosine."""
        recipe = self.recipe
        if self.progress < recipe.warm_up:
            return recipe.learning_rate * (self.step + 1) / (recipe.warm_up * recipe.steps + 1)
        done = (self.progress - recipe.warm_up) / (1 - recipe.warm_up)
        height = (1 + math.cos(math.pi * done)) / 2
        return recipe.learning_rate * (recipe.last_rate + (1 - recipe.last_rate) * height)

    def train_step(self) -> float:
        """Take one step; return its mean loss in nats per counted token."""
        started = time.perf_counter()
        recipe = self.recipe
        length = recipe.row_length(self.progress)
        rows = recipe.tokens_per_step // length
        batch = self._batches.batch(self.step, self.progress, rows, length)
        rate = self.learning_rate()
        push = recipe.guidance.at(self.progress)
        ids = batch.inputs.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            if push:
                self.model.set_attn_implementation("eager")
                output = self.model(input_ids=ids, use_cache=False, output_attentions=True)
            else:
                self.model.set_attn_implementation("sdpa")
                output = self._network(input_ids=ids, use_cache=False)
        loss = functional.cross_entropy(
            output.logits.float().flatten(0, 1),
            batch.labels.to(self.device).flatten(),
            ignore_index=IGNORED,
        )
        value = loss.item()
        if push:
            earlier = batch.earlier.to(self.device)
            loss = loss + push * distance_to_guidance(output.attentions, earlier, recipe.guidance)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        self.seconds += time.perf_counter() - started
        return value

    def save(self, path: Path) -> None:
        """Write a checkpoint; a half-written one never takes the place of a whole one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "recipe": repr(self.recipe),
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint of the same recipe.

        The data need no state: each batch is a function of the seed and the step.

        Raises:
            ValueError: the checkpoint belongs to another recipe.
        """
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["recipe"] != repr(self.recipe):
            raise ValueError(
                f"{path} was trained with another recipe ({state['recipe']}): "
                f"remove it, or train with that recipe. Wanted: {self.recipe!r}."
            )
        self.model.load_state_dict(state["model"])
        for optimizer, its_state in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(its_state)
        self.step, self.seconds = state["step"], state["seconds"]


def distance_to_guidance(
    attentions: tuple[torch.Tensor, ...], earlier: torch.Tensor, guidance: Guidance
) -> torch.Tensor:
    """Return, summed over the guided heads, the mean -ln of the weight where it should be.

    `attentions[layer]` is [row, head, reader, read]; `earlier` is int64 [row, reader]. In nats.
    """
    least = 1e-4  # keeps the logarithm, and its gradient, finite
    rows, readers = (earlier != NOWHERE).nonzero(as_tuple=True)
    distance = attentions[0].new_zeros(())
    for layer, head in guidance.previous:
        before = attentions[layer][:, head].diagonal(offset=-1, dim1=-2, dim2=-1)
        distance = distance - (before.float() + least).log().mean()
    if len(rows):
        for layer, head in guidance.induction:
            found = attentions[layer][rows, head, readers, earlier[rows, readers]]
            distance = distance - (found.float() + least).log().mean()
    return distance


def _optimizers(model: LlamaForCausalLM, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices inside the blocks, AdamW for embeddings and norms.

    Source: Jordan et al. (2024), Muon; Liu et al. (2025) for the scale that matches AdamW's.
    """
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inside = parameter.ndim == 2 and ".layers." in name
        (matrices if inside else others).append(parameter)
    muon = torch.optim.Muon(
        matrices,
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )
    adamw = torch.optim.AdamW(
        others, lr=recipe.learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
    )
    return [muon, adamw]


def train(
    trainer: Trainer,
    out: Path,
    probe: Probe | None = None,
    log_every: int = 50,
    probe_every: int = 250,
) -> None:
    """Train to the end, from the checkpoint in `out` if there is one; export the model there."""
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
        log.info("Going on from step %d of %d.", trainer.step, trainer.recipe.steps)
    losses: list[float] = []
    since, before = trainer.seconds, trainer.step
    while trainer.step < trainer.recipe.steps:
        losses.append(trainer.train_step())
        if trainer.step % log_every == 0:
            tokens = trainer.step * trainer.recipe.tokens_per_step
            read = (trainer.step - before) * trainer.recipe.tokens_per_step
            speed = read / (trainer.seconds - since)
            log.info(
                "step %d  %.2fM tokens  %.1f min  loss %.3f  rate %.1e  %.0f tokens/s",
                trainer.step,
                tokens / 1e6,
                trainer.seconds / 60,
                sum(losses) / len(losses),
                trainer.learning_rate(),
                speed,
            )
            losses, since, before = [], trainer.seconds, trainer.step
        if trainer.step % probe_every == 0 or trainer.step == trainer.recipe.steps:
            trainer.save(checkpoint)
            export(trainer, out / "model")
            if probe:
                figures = probe(trainer.model, trainer.tokenizer)
                log.info("  %s", "  ".join(f"{key} {value:.3f}" for key, value in figures.items()))
    export(trainer, out / "model")


def export(trainer: Trainer, folder: Path) -> None:
    """Write weights (float32), configuration and tokenizer so that transformers can load them."""
    trainer.model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=0.8,
        top_k=0,
        max_new_tokens=120,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )
    trainer.model.save_pretrained(folder)
    trainer.tokenizer.save_pretrained(folder)
    (folder / "training.json").write_text(_record(trainer), encoding="utf-8")


def _record(trainer: Trainer) -> str:
    """Return, as JSON, how the weights came to be: what the model card cites."""
    record = {
        "recipe": asdict(trainer.recipe),
        "step": trainer.step,
        "tokens": trainer.step * trainer.recipe.tokens_per_step,
        "minutes": round(trainer.seconds / 60, 1),
        "device": trainer.device.type,
        "threads": torch.get_num_threads(),
        "hardware": _hardware(trainer.device),
        "torch": torch.__version__,
    }
    return json.dumps(record, indent=2) + "\n"


def _hardware(device: torch.device) -> str:
    """Return the processor that does the work, in words."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    described = Path("/proc/cpuinfo")
    name = platform.processor() or platform.machine()
    if described.exists():
        lines = described.read_text(encoding="utf-8").splitlines()
        name = next((line.split(": ")[1] for line in lines if line.startswith("model name")), name)
    return f"{os.cpu_count()} cores of {name}"
