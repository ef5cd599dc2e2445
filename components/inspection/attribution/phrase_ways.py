"""The two ways to share out a phrase: Captum's LLM classes, and token by token.

Both return [token of the phrase, token of the text that is not held], in nats.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.inspection.attribution.baselines import embedding_of
from components.inspection.attribution.targets import Target, TargetScore
from components.inspection.model import Model
from components.inspection.progress import Progress

PhraseMethod = Literal["ablation", "shapley", "integrated_gradients"]
STEPS: Final = 64
SAMPLES: Final = 5
Floats = NDArray[np.float32]


class Counter:
    """Counts the texts that are read, and tells how far that is."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self.progress = 0, total, progress

    def __call__(self, texts: int = 1) -> None:
        self.done += texts
        self.progress(min(1.0, self.done / self.total), "Reading the text again")


class _Tokens:
    """Our own ids in the shape of a tokenizer, so that Captum neither cuts nor glues text anew."""

    def __init__(self, ids: list[int], said: list[int]) -> None:
        self.ids, self.said = ids, said

    def encode(self, _text: str, return_tensors: str | None = None) -> Tensor:
        return torch.tensor([self.ids])

    def convert_ids_to_tokens(self, ids: list[int]) -> list[str]:
        return [str(token) for token in ids]

    def decode(self, _ids: Tensor) -> str:
        return "." * len(self.said)

    def __call__(self, _text: str, **_options: Any) -> dict[str, Any]:
        spans = [(place, place + 1) for place in range(len(self.said))]
        return {"input_ids": self.said, "offset_mapping": spans}


def by_captum(
    model: Model,
    ids: list[int],
    said: list[int],
    free: list[int],
    absent: int,
    method: PhraseMethod,
    counted: Counter,
) -> Floats:
    """Let Captum's LLMAttribution or LLMGradientAttribution share out a decoder's phrase."""
    from captum.attr import (
        FeatureAblation,
        LayerIntegratedGradients,
        LLMAttribution,
        LLMGradientAttribution,
        ShapleyValueSampling,
        TextTokenInput,
    )

    tokenizer: Any = _Tokens(ids, said)
    held = sorted({token for place, token in enumerate(ids) if place not in free})
    given = TextTokenInput("", tokenizer, baselines=absent, skip_tokens=held or None)
    goal = torch.tensor(said, device=model.device)
    if method == "integrated_gradients":
        layer = LayerIntegratedGradients(model.network, embedding_of(model))
        by_gradient = LLMGradientAttribution(layer, tokenizer)
        by_gradient.attr_method.forward_func = _counting(
            by_gradient.attr_method.forward_func, counted
        )
        rows = TargetScore(model, None).rows(len(ids) + len(said))
        ones = given.to_tensor()
        found = by_gradient.attribute(
            given,
            target=goal,
            n_steps=STEPS,
            internal_batch_size=rows,
            # Zeros say "replace": the indicator, not the ids, goes in.
            baselines=torch.zeros_like(ones).to(model.device),
        )
    else:
        if method == "ablation":
            perturbing: Any = FeatureAblation(model.network)
            effort: dict[str, Any] = {}
        else:
            perturbing = ShapleyValueSampling(model.network)
            # Its own orders come from torch's global generator, which readers share.
            perturbing.permutation_generator = _orders
            effort = {"n_samples": SAMPLES}
        by_taking = LLMAttribution(perturbing, tokenizer)
        by_taking.attr_method.forward_func = _counting(by_taking.attr_method.forward_func, counted)
        found = by_taking.attribute(
            given, target=goal, use_cached_outputs=False, forward_in_tokens=False, **effort
        )
    assert found.token_attr is not None
    return found.token_attr.detach().float().cpu().numpy()


def _orders(pieces: int, samples: int) -> Any:
    generator = torch.Generator().manual_seed(0)
    return (torch.randperm(pieces, generator=generator).tolist() for _ in range(samples))


def _counting(forward: Callable[..., Tensor], counted: Counter) -> Callable[..., Tensor]:
    def counting(given: Tensor, *rest: Any) -> Tensor:
        counted(len(given))
        return forward(given, *rest)

    return counting


def step_by_step(
    model: Model,
    ids: list[int],
    said: list[int],
    free: list[int],
    absent: int,
    method: PhraseMethod,
    counted: Counter,
) -> Floats:
    """Ask for each token of the phrase by itself, with the methods that those classes wrap."""
    from captum.attr import FeatureAblation, IntegratedGradients, ShapleyValueSampling

    table = embedding_of(model)
    with torch.no_grad():
        inputs = table(torch.tensor([ids], device=model.device)).detach()
        stand_in = table(torch.tensor([[absent]], device=model.device)).detach()
    away = torch.zeros(len(ids), dtype=torch.bool)
    away[free] = True
    baseline = torch.where(away[None, :, None].to(model.device), stand_in, inputs)
    rows = TargetScore(model, None).rows(len(ids))
    scores = np.zeros((len(said), len(free)), np.float32)
    for place, token in enumerate(said):
        score = TargetScore(model, Target(0, token), tuple(said[:place]))

        def log_probability(
            given: Tensor, score: TargetScore = score, token: int = token
        ) -> Tensor:
            counted(len(given))
            return score.logits(given).log_softmax(-1)[:, token]

        def switched(
            switches: Tensor, forward: Callable[[Tensor], Tensor] = log_probability
        ) -> Tensor:
            there = torch.ones(len(switches), len(ids), dtype=torch.bool)
            there[:, free] = switches > 0.5
            return forward(torch.where(there[:, :, None].to(model.device), inputs, baseline))

        ones = torch.ones(1, len(free))
        if method == "integrated_gradients":
            every = IntegratedGradients(log_probability).attribute(
                inputs, baselines=baseline, n_steps=STEPS, internal_batch_size=rows
            )
            found = every.sum(-1)[0, free]
        elif method == "ablation":
            found = FeatureAblation(switched).attribute(
                ones, baselines=0.0, perturbations_per_eval=rows
            )[0]
        else:
            sampling = ShapleyValueSampling(switched)
            sampling.permutation_generator = _orders
            found = sampling.attribute(
                ones, baselines=0.0, n_samples=SAMPLES, perturbations_per_eval=rows
            )[0]
        scores[place] = found.detach().float().cpu().numpy()
    return scores
