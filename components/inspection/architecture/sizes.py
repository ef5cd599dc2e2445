"""A decoder of any sizes: what its parts hold, what its cache keeps, what a token takes to compute.

Counted by formula, and held against the network that transformers builds of the same sizes without
numbers. The block is Llama's (Touvron et al. 2023, arXiv:2302.13971): two norms with a gain, four
attention matrices, three of a gated MLP; with experts, Mixtral's (Jiang et al. 2024,
arXiv:2401.04088), in which a router sends each token to some of them.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from components.inspection import rounding
from components.inspection.architecture.from_config import pasted_tree
from components.inspection.architecture.module_tree import PARTS, ModuleTree, Part
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.arithmetic import pass_operations
from components.inspection.kv_cache.published import decoder

MOST_LAYERS: Final = 200
MOST_WIDTH: Final = 32_768
MOST_HEADS: Final = 256
MOST_MLP: Final = 131_072
MOST_VOCABULARY: Final = 1_000_000
MOST_EXPERTS: Final = 256
CACHE_BYTES: Final = 2
"""Of each number in the cache: 16 bits."""


@dataclass(frozen=True)
class Sizes:
    """What may be chosen; every other size follows."""

    layers: int
    width: int
    heads: int
    """Query heads."""
    kv_heads: int
    mlp: int
    """Neurons in each MLP (of each expert)."""
    vocabulary: int
    experts: int = 1
    """MLPs in each block; 1: no router."""
    met: int = 1
    """Experts that a token is sent to."""
    tied: bool = False
    """The head is the embedding table."""

    @property
    def head_size(self) -> int:
        """Numbers in each query, key and value: the width is shared out among the heads."""
        return self.width // self.heads

    def config(self) -> dict[str, Any]:
        """Return the configuration of such a network, as a config.json says it."""
        family = ("mixtral", "MixtralForCausalLM") if self.experts > 1 else None
        model_type, kind = family or ("llama", "LlamaForCausalLM")
        return {
            "model_type": model_type,
            "architectures": [kind],
            "hidden_size": self.width,
            "intermediate_size": self.mlp,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "vocab_size": self.vocabulary,
            "tie_word_embeddings": self.tied,
        } | ({"num_local_experts": self.experts, "num_experts_per_tok": self.met} if family else {})


KNOWN: Final = {
    "Llama-3-8B": Sizes(32, 4_096, 32, 8, 14_336, 128_256),
    "Llama-2-7B": Sizes(32, 4_096, 32, 32, 11_008, 32_000),
    "TinyLlama-1.1B": Sizes(22, 2_048, 32, 4, 5_632, 32_000),
    "SmolLM2-135M": Sizes(30, 576, 9, 3, 1_536, 49_152, tied=True),
    "storyteller": Sizes(4, 256, 4, 2, 576, 2_560, tied=True),
    "Mistral-7B v0.1": Sizes(32, 4_096, 32, 8, 14_336, 32_000),
    "Mixtral-8x7B": Sizes(32, 4_096, 32, 8, 14_336, 32_000, experts=8, met=2),
    "Llama-3-70B": Sizes(80, 8_192, 64, 8, 28_672, 128_256),
}
"""Published models whose blocks are built so."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """What follows from sizes."""

    parameters: dict[Part, int]
    """Of each part, in the order of `PARTS`; what is not there is left out."""
    met: int
    """Parameters less those of experts that one token is not sent to."""
    cache_bytes: int
    """That one more token adds to the cache, in 16 bits."""
    operations: int
    """Of the next token, behind `behind` others: a product and a sum are two."""
    behind: int
    checks: tuple[Check, ...]

    @property
    def total(self) -> int:
        """All parameters."""
        return sum(self.parameters.values())


def weighed(sizes: Sizes, behind: int) -> Weighed:
    """Count a network of such sizes, and its next token behind `behind` tokens.

    Raises:
        InspectionError: no such network can be built.

    >>> found = weighed(KNOWN["storyteller"], 5)
    >>> found.parameters["attention"] // 4, found.parameters["MLP"] // 4, found.total
    (196608, 442368, 3213568)
    """
    _require(sizes)
    counted = _counted(sizes)
    tree = pasted_tree(json.dumps(sizes.config()), name="a network of these sizes")
    shape = decoder(
        "a network of these sizes",
        sum(counted.values()),
        (sizes.layers, sizes.heads, sizes.kv_heads, sizes.head_size),
        (sizes.width, sizes.mlp, 3),
        sizes.vocabulary,
        behind + 1,
        experts=(sizes.experts, sizes.met) if sizes.experts > 1 else None,
    )
    operations = pass_operations(shape, 1, behind + 1)
    assert operations is not None  # a key and a value for each head
    return Weighed(
        parameters=counted,
        met=tree.met,
        cache_bytes=int(shape.token_bytes(CACHE_BYTES)),
        operations=operations,
        behind=behind,
        checks=(built_check(counted, tree),),
    )


def built_check(counted: dict[Part, int], tree: ModuleTree) -> Check:
    """Hold the formulas, part by part, against the modules of the network that was built."""
    built = [sum(row.parameters for row in tree.rows if row.part == part) for part in PARTS]
    return rounding.compared(
        "each part's formula gives the parameters that transformers builds",
        np.array([counted.get(part, 0) for part in PARTS], dtype=np.float64),
        np.array(built, dtype=np.float64),
        0.0,
        "A matrix has another size than the formula says, or there is one more.",
    )


def _counted(sizes: Sizes) -> dict[Part, int]:
    pairs = 2 * sizes.width * sizes.head_size * (sizes.heads + sizes.kv_heads)
    router = sizes.width * sizes.experts if sizes.experts > 1 else 0
    table = sizes.vocabulary * sizes.width
    found: dict[Part, int] = {
        "embedding": table,
        "attention": sizes.layers * pairs,
        "MLP": sizes.layers * (sizes.experts * 3 * sizes.width * sizes.mlp + router),
        "norm": (2 * sizes.layers + 1) * sizes.width,
        "head": 0 if sizes.tied else table,
    }
    return {part: found[part] for part in PARTS if found.get(part)}


def _require(sizes: Sizes) -> None:
    if sizes.width % sizes.heads or sizes.head_size % 2:
        raise InspectionError(
            f"A width of {sizes.width:,} cannot be shared out among {sizes.heads} heads: each must "
            "get the same number of numbers, and an even one, since RoPE turns pairs. Choose "
            f"another width, such as {_near(sizes.width, 2 * sizes.heads):,}, or other heads."
        )
    if sizes.heads % sizes.kv_heads:
        fitting = [n for n in range(1, sizes.heads + 1) if sizes.heads % n == 0]
        raise InspectionError(
            f"{sizes.heads} query heads cannot share {sizes.kv_heads} key-value heads evenly. "
            f"Possible are: {', '.join(map(str, fitting))}."
        )
    if sizes.met > sizes.experts:
        raise InspectionError(
            f"A token cannot be sent to {sizes.met} of {sizes.experts} experts. Choose fewer, or "
            "more experts."
        )


def _near(width: int, step: int) -> int:
    return max(step, round(width / step) * step)
