"""Will it fit? Weights, cache and activations, against length, batch and number format."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.kv_cache.shapes import Shape

if TYPE_CHECKING:
    from components.inspection.model import Model

WEIGHT_BITS: Final = {"float32": 32.0, "float16 / bfloat16": 16.0, "8-bit": 8.0, "4-bit": 4.5}
"""Bits of one weight. 4-bit formats add a scale for each group: half a bit with groups of 32 and
16-bit scales."""
CACHE_BYTES: Final = {"float32": 4, "float16 / bfloat16": 2, "8-bit": 1}
MOST_BATCH: Final = 4_096
MOST_LENGTH: Final = 10_000_000
MOST_LAYERS: Final = 1_000
NO_CONTEXT: Final = 4_096
"""Stands in where a configuration states no limit (ALiBi)."""
SPARE: Final = 0.9
"""The share of a GPU's memory that can be used: its driver, the libraries and the gaps between
tensors take the rest."""
GPUS: Final[dict[str, int]] = {
    "T4": 16,
    "RTX 4090": 24,
    "L4": 24,
    "RTX 5090": 32,
    "A100 40 GB": 40,
    "L40S": 48,
    "A100 80 GB": 80,
    "H100": 80,
    "H200": 141,
}
"""Memory in GB (10^9 bytes), as published by NVIDIA."""


@dataclass(frozen=True)
class Plan:
    """Bytes that writing takes at one length and batch."""

    weights: float
    cache: float
    activations: float
    """The most that is alive at once while the prompt is read: estimated, not measured."""
    scores: float
    """All heads' attention scores of one layer, if they are written out (eager attention)."""
    token: float
    """Bytes of cache that one more token of one text takes."""

    @property
    def total(self) -> float:
        """Weights, cache and activations; the scores are in the activations if wanted."""
        return self.weights + self.cache + self.activations


def plan(
    shape: Shape, length: int, batch: int, weights: str, cache: str, eager: bool = False
) -> Plan:
    """Add up what `batch` texts of `length` tokens take. `eager` writes all scores out.

    Activations: while one block reads all prompts at once, the residual stream, its normed copy,
    and the larger of queries, keys, values and output, or the MLP's three intermediate products.

    Raises:
        InspectionError: a number or a format is out of range.
    """
    for name, value, most in (("length", length, MOST_LENGTH), ("batch", batch, MOST_BATCH)):
        if not 1 <= value <= most:
            raise InspectionError(f"The {name} is {value:,}; it goes from 1 to {most:,}.")
    if weights not in WEIGHT_BITS or cache not in CACHE_BYTES:
        raise InspectionError(
            f"There is no format '{weights}' for weights with '{cache}' for the cache; there is: "
            f"{', '.join(WEIGHT_BITS)} and {', '.join(CACHE_BYTES)}."
        )
    number = 4 if weights == "float32" else 2  # what is computed with
    attention = shape.head_size * (2 * shape.heads + 2 * shape.kv_heads)
    widest = 2 * shape.width + max(attention, 3 * shape.mlp_width)
    scores = float(batch * shape.heads * number) * length * length
    logits = batch * shape.vocabulary * 4
    return Plan(
        weights=shape.parameters * WEIGHT_BITS[weights] / 8,
        cache=shape.cache_bytes(length, CACHE_BYTES[cache], batch),
        activations=float(batch * length * widest * number + logits) + (scores if eager else 0),
        scores=scores,
        token=shape.token_bytes(CACHE_BYTES[cache]),
    )


@dataclass(frozen=True, eq=False)
class Growth:
    """A plan at many lengths."""

    lengths: NDArray[np.int64]
    weights: float
    cache: NDArray[np.float64]
    """[length]"""
    activations: NDArray[np.float64]
    """[length]"""


def growth(
    shape: Shape, longest: int, batch: int, weights: str, cache: str, eager: bool = False
) -> Growth:
    """Plan from one token to `longest`."""
    lengths = np.unique(np.linspace(1, longest, 65).astype(np.int64))
    plans = [plan(shape, int(length), batch, weights, cache, eager) for length in lengths]
    return Growth(
        lengths=lengths,
        weights=plans[0].weights,
        cache=np.array([each.cache for each in plans]),
        activations=np.array([each.activations for each in plans]),
    )


@dataclass(frozen=True)
class Fit:
    """One GPU."""

    gpu: str
    memory: int
    """Bytes."""
    left: float
    """Bytes that stay free, or (negative) that are missing."""
    longest: int
    """Tokens that fit at this batch, at most the model's context; 0 if none."""
    batch: int
    """Texts of this length that fit at once; 0 if none."""

    @property
    def fits(self) -> bool:
        """The plan fits."""
        return self.left >= 0


def fits(
    shape: Shape, length: int, batch: int, weights: str, cache: str, eager: bool = False
) -> tuple[Fit, ...]:
    """Say for each GPU what is left, how long a text fits, and how many at once."""
    found = []
    wanted = plan(shape, length, batch, weights, cache, eager).total
    for gpu, size in GPUS.items():
        room = size * 1e9 * SPARE

        def fits_length(tokens: int, room: float = room) -> bool:
            return plan(shape, tokens, batch, weights, cache, eager).total <= room

        def fits_batch(texts: int, room: float = room) -> bool:
            return plan(shape, length, texts, weights, cache, eager).total <= room

        found.append(
            Fit(
                gpu=gpu,
                memory=size * 10**9,
                left=room - wanted,
                longest=_largest(fits_length, min(shape.context, MOST_LENGTH)),
                batch=_largest(fits_batch, MOST_BATCH),
            )
        )
    return tuple(found)


def _largest(fits_: object, most: int) -> int:
    """Return the largest number from 1 to `most` that fits, 0 if none: more never fits better."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits_(middle) else (low, middle - 1)  # type: ignore[operator]
    return low


def loaded_shape(model: "Model") -> Shape:
    """Return the measures of a loaded model.

    Raises:
        InspectionError: it writes no text.
    """
    from components.inspection.kv_cache.decoding import check_writes
    from components.inspection.kv_cache.shapes import shape_of

    check_writes(model)
    return shape_of(model)


def described_shape(source: str, revision: str = "main") -> Shape:
    """Return the measures of a bundled, local or hub model, from its config.json alone.

    It is built on torch's meta device: shapes without numbers, in no memory.

    Raises:
        InspectionError: there is no such model, or it is no decoder that transformers knows.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from components.inspection.kv_cache.shapes import shape_of_network

    folder = _config_folder(source.strip(), revision)
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        text = config.get_text_config(decoder=True)
        if text.num_hidden_layers > MOST_LAYERS:
            raise ValueError(f"{text.num_hidden_layers:,} layers")
        with torch.device("meta"):
            network = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except Exception as error:  # any strange value ends in a library's own error
        raise InspectionError(
            f"The configuration of '{source}' is not that of a decoder that transformers can "
            f"build by itself ({type(error).__name__}). Choose a language model that continues a "
            "text, or one of the list."
        ) from error
    context = getattr(text, "max_position_embeddings", None)
    return shape_of_network(network, source, int(context or NO_CONTEXT))


def _config_folder(source: str, revision: str) -> Path:
    from components.inspection import hub
    from components.inspection.catalogue import BUNDLED_FOLDER, bundled

    if not source:
        raise InspectionError("No model was named. Type a hub id or the path of a folder.")
    if source in bundled():
        return BUNDLED_FOLDER / source
    try:
        if Path(source).expanduser().is_dir():
            return Path(source).expanduser()
    except (OSError, RuntimeError):
        pass  # too long for a path, or "~nobody" has no home: then it may be a hub id
    return hub.fetch(source, revision, ("config.json",))


def as_json(shape: Shape, made: Plan, found: tuple[Fit, ...]) -> str:
    """Return a plan as JSON."""
    from dataclasses import asdict

    return json.dumps(
        {
            "model": asdict(shape),
            "bytes": asdict(made) | {"total": made.total},
            "gpus": [asdict(fit) for fit in found],
        },
        indent=1,
    )
