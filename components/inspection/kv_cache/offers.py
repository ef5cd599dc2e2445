"""The kinds of cache on offer: rows of a table."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from transformers import Cache, DynamicCache, QuantizedCache, StaticCache
from transformers.cache_utils import DynamicSlidingWindowLayer

from components.inspection.kv_cache.decoding import Decoding
from components.inspection.kv_cache.shapes import Shape

_CUDA: Final = "needs an NVIDIA GPU: it moves layers between the GPU's memory and the machine's"


@dataclass(frozen=True)
class Kind:
    """One kind: how to make it, and why it may not be had."""

    name: str
    says: str
    make: Callable[[Decoding, int, int], Cache]
    """(decoding, tokens in all, window) -> an empty cache."""
    lacks: Callable[[Decoding, Shape], str]
    """Says why it cannot be had here; empty where it can."""


def config_of(decoding: Decoding) -> Any:
    return decoding.network.config


def _sliding(decoding: Decoding, _length: int, window: int) -> Cache:
    layers = range(config_of(decoding).get_text_config(decoder=True).num_hidden_layers)
    cache = DynamicCache()
    cache.layers = [DynamicSlidingWindowLayer(sliding_window=window) for _ in layers]
    cache.layer_class_to_replicate = None
    return cache


def _always(_decoding: Decoding, _shape: Shape) -> str:
    return ""


def _on_cuda(decoding: Decoding, _shape: Shape) -> str:
    return "" if decoding.model.device.type == "cuda" else _CUDA


def _with_package(package: str) -> Callable[[Decoding, Shape], str]:
    def lacks(_decoding: Decoding, shape: Shape) -> str:
        if not find_spec(package):
            return f"needs the package {package}, which is not installed here"
        return _all_rows(_decoding, shape)

    return lacks


def _all_rows(_decoding: Decoding, shape: Shape) -> str:
    return "transformers quantizes no layers with a sliding window" if shape.windows else ""


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        "dynamic",
        "grows by a row with each token; the default",
        lambda decoding, _length, _window: DynamicCache(config=config_of(decoding)),
        _always,
    ),
    Kind(
        "dynamic, windows ignored",
        "keeps all rows, also of layers that read the last few tokens only",
        lambda _decoding, _length, _window: DynamicCache(),
        lambda _decoding, shape: "" if shape.windows else "this model has no sliding window",
    ),
    Kind(
        "static",
        "takes its whole room at the start, so that the pass can be compiled",
        lambda decoding, length, _window: StaticCache(
            config=config_of(decoding), max_cache_len=length
        ),
        _always,
    ),
    Kind(
        "sliding window",
        "forgets all but the last few tokens, which this model did not learn to do",
        _sliding,
        lambda _decoding, shape: (
            "this model slides by itself: see the first row" if shape.windows else ""
        ),
    ),
    Kind(
        "quantized, 8-bit float",
        "keeps a quarter of the bits of float32, with one scale for each layer",
        lambda decoding, _length, _window: QuantizedCache(
            backend="fp8", config=config_of(decoding)
        ),
        _all_rows,
    ),
    Kind(
        "quantized, 4-bit integer",
        "keeps an eighth, with a scale for each group of 64 numbers",
        lambda decoding, _length, _window: QuantizedCache(
            backend="quanto", config=config_of(decoding)
        ),
        _with_package("optimum"),
    ),
    Kind(
        "offloaded",
        "keeps one layer at a time on the GPU, the others in the machine's memory",
        lambda decoding, _length, _window: DynamicCache(
            config=config_of(decoding), offloading=True
        ),
        _on_cuda,
    ),
)
