"""Lenses that were fitted to a model: for each boundary an affine map from its stream to the last.

The logit lens reads an early stream as if it were the last. But a layer may keep what it knows in
other directions than the last one does, so a fitted lens first translates: it reads
softmax(W_U norm(matrix h + bias)). Two kinds ship for the bundled storyteller:

- the **tuned lens** (Belrose et al., "Eliciting Latent Predictions from Transformers with the
  Tuned Lens", 2023) is trained so that what it reads is as near as can be to what the model will
  say in the end: a correlation, found from outside;
- the **Jacobian lens** (Gurnee et al., "Verbalizable Representations Form a Global Workspace in
  Language Models", 2026, transformer-circuits.pub/2026/workspace) is the network's own derivative,
  averaged over texts: how much a small change of this stream changes the last one. It says what
  the stream is used for, not what goes along with it, and has no bias.

A lens fits the weights and the forward pass that it was fitted to and no others, so both are seen
to be the same before it is used: the weights by their SHA-256, the pass by what it answers.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Float32, Float64
from safetensors import safe_open
from torch import Tensor, nn

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.noise import allowed

LensName = Literal["tuned", "jacobian"]
TITLES: Final[dict[LensName, str]] = {"tuned": "tuned lens", "jacobian": "Jacobian lens"}

FOLDER: Final = Path(__file__).parents[3] / "assets" / "lenses"
"""Where bundled lenses live, each in a folder with the name of its model."""
FILE: Final = "lenses.safetensors"
PROVENANCE: Final = "provenance"
"""Under this name the file says, as JSON, what it was made from and how well it fits."""
DTYPES: Final = ("float32", "bfloat16", "float16")
"""The formats in which the weights of a model are known again."""
ANSWERS: Final = "the network answers as it did when its lenses were fitted"


@dataclass(frozen=True, eq=False)
class Translator:
    """What turns the stream of one boundary into a stream to be read as the last: matrix h + bias.

    A tuned lens's `matrix` is its trained matrix plus the identity; a Jacobian lens's `bias` is 0.
    """

    matrix: Float32[np.ndarray, "width width"]
    bias: Float32[np.ndarray, " width"]


@dataclass(frozen=True, eq=False)
class FittedLens:
    """A lens, and how well it was measured to fit."""

    name: LensName
    model: str
    """The bundled model that it was fitted to."""
    translators: tuple[Translator | None, ...]
    """For each boundary, as in `StackRecord.residual`; None at the last: nothing is translated."""
    bits: Float64[np.ndarray, " boundary"]
    """Mean divergence of the model's own answer from what this lens reads, in bits per token, on
    held-out texts; 0 or more, and 0 at the last boundary."""
    bits_untranslated: Float64[np.ndarray, " boundary"]
    """The same for the logit lens."""
    tokens: int
    """On so many held-out tokens both were measured."""
    checks: tuple[Check, ...]
    """That this network computes what the lens was fitted to."""


def translators_of(model: Model, lens: LensName) -> tuple[Translator | None, ...]:
    """Return what a lens puts before the last norm, for each boundary of the model's stream.

    Raises:
        InspectionError: as `fitted_lens`.
    """
    return fitted_lens(model, lens).translators


def fitted_lens(model: Model, lens: LensName) -> FittedLens:
    """Return the lens of this kind that was fitted to `model`; read once and kept with it.

    Raises:
        InspectionError: none was fitted to it, or it is not what the lens was fitted to.
    """
    key = f"fitted {lens}"
    if key not in model.known:
        folder, told = _recognised(model, lens)
        model.known[key] = _read(folder, lens, told, _same_pass(model, folder, told))
    found: FittedLens = model.known[key]
    return found


def fingerprint(network: nn.Module, dtype: str = "") -> str:
    """Return the SHA-256 of all weights with their names, as they are or as they would be in
    `dtype`.

    Raises:
        InspectionError: the weights are not in this machine's memory.
    """
    digest = hashlib.sha256()
    for name, weight in sorted(network.named_parameters()):
        if weight.is_meta:
            raise InspectionError(
                "Not all weights of this model are in memory, so it cannot be told whether a lens "
                "was fitted to them. Use the logit lens, which needs no fitting."
            )
        stored = weight.detach().to("cpu", getattr(torch, dtype) if dtype else weight.dtype)
        digest.update(f"{name} {tuple(stored.shape)}\n".encode())
        digest.update(stored.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _bundled() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each folder with lenses, and what its file says of itself."""
    for path in sorted(FOLDER.glob(f"*/{FILE}")):
        with safe_open(path, framework="np") as opened:
            yield path.parent, json.loads((opened.metadata() or {})[PROVENANCE])


def _recognised(model: Model, lens: LensName) -> tuple[Path, dict[str, Any]]:
    """Return the folder of the lenses that were fitted to these weights, and what is told there.

    Raises:
        InspectionError: there is none.
    """
    there = list(_bundled())
    alike = [each for each in there if each[1]["parameters"] == model.facts.parameters]
    if alike:
        dtype = model.facts.dtype
        own = fingerprint(model.network)
        for folder, told in alike:
            if told["weights"].get(dtype) == own:
                return folder, told
        fitted = alike[0][0].name
        raise InspectionError(
            f"'{model.name}' has as many weights as {fitted}, but not the same numbers, and a "
            f"{TITLES[lens]} fits only the weights that it was fitted to. Use the logit lens, "
            f"which needs no fitting, or choose the bundled {fitted}."
        )
    names = " and ".join(folder.name for folder, _ in there) or "none of the bundled models"
    raise InspectionError(
        f"No {TITLES[lens]} was fitted to '{model.name}': lenses were trained for {names} only. "
        "Use the logit lens, which needs no fitting"
        + (f", or choose {there[0][0].name}." if there else ".")
    )


def _same_pass(model: Model, folder: Path, told: dict[str, Any]) -> Check:
    """Return the check that the forward pass is that of the fit.

    Raises:
        InspectionError: it is not: a setting or a library computes otherwise.
    """
    check = pass_check(model, folder, told["probe"])
    if not check.holds:
        raise InspectionError(
            f"'{model.name}' has the weights that lenses were fitted to, but computes otherwise "
            f"with them: its logits for a short text are {check.numbers}. Look at its config.json, "
            "and use the logit lens, which needs no fitting."
        )
    return check


def pass_check(model: Model, folder: Path, ids: list[int]) -> Check:
    """Compare the logits for a short text with those that the network gave when it was fitted.

    They may differ by what rounding moves them, measured on this network in its own format.
    """

    def answered() -> Tensor:
        found = record(model, ids, keep=["logits"]).logits
        assert found is not None  # a network with these weights has some
        return torch.from_numpy(found)

    with safe_open(folder / FILE, framework="np") as opened:
        expected = opened.get_tensor("probe.logits")
    logits = answered()
    limit = allowed(model, answered, logits)
    return rounding.compared(
        ANSWERS, logits.numpy(), expected, limit, "A lens fitted to another pass reads wrongly."
    )


def _read(folder: Path, lens: LensName, told: dict[str, Any], check: Check) -> FittedLens:
    fit = told["held_out"]
    count = len(fit["logit"]) - 1
    with safe_open(folder / FILE, framework="np") as opened:
        matrices = [opened.get_tensor(f"{lens}.{boundary}.matrix") for boundary in range(count)]
        biases = [
            opened.get_tensor(f"tuned.{boundary}.bias")
            if lens == "tuned"
            else np.zeros(len(matrices[boundary]))
            for boundary in range(count)
        ]
    own = np.eye(len(matrices[0])) if lens == "tuned" else 0.0
    return FittedLens(
        name=lens,
        model=folder.name,
        translators=(
            *(
                Translator((matrix + own).astype(np.float32), bias.astype(np.float32))
                for matrix, bias in zip(matrices, biases, strict=True)
            ),
            None,
        ),
        bits=np.array(fit[lens]),
        bits_untranslated=np.array(fit["logit"]),
        tokens=fit["tokens"],
        checks=(check,),
    )
