"""The kinds of cache on offer: rows of a table."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from transformers import Cache, DynamicCache, QuantizedCache, StaticCache
from transformers.cache_utils import DynamicSlidingWindowLayer

from components.inspection.decoding import Decoder
from components.inspection.kv_cache.shapes import Shape, unusual

_CUDA: Final = "needs an NVIDIA GPU: it moves layers between the GPU's memory and the machine's"
RAISED: Final = (ImportError, KeyError, NotImplementedError, ValueError)
"""What transformers' cache classes raise when they are made for a configuration that they do not
know: a missing package, a kind of layer without a class, a value out of range."""


@dataclass(frozen=True)
class Kind:
    """One kind: how to make it, and why it may not be had."""

    name: str
    says: str
    make: Callable[[Decoder, int, int], Cache]
    """(decoder, tokens in all, window) -> an empty cache."""
    lacks: Callable[[Decoder, Shape], str]
    """Says why it cannot be had here; empty where it can."""
    lossless: bool = False
    """It keeps all that the dynamic cache keeps, unrounded."""


def _sliding(decoder: Decoder, _length: int, window: int) -> Cache:
    # Layers that keep nothing (a third one of a decoder with two blocks) do no harm.
    cache = DynamicCache(config=decoder.network.config)
    cache.layers = [DynamicSlidingWindowLayer(sliding_window=window) for _ in cache.layers]
    return cache


def _always(_decoder: Decoder, _shape: Shape) -> str:
    return ""


def _on_cuda(decoder: Decoder, _shape: Shape) -> str:
    if decoder.model.device.type != "cuda":
        return _CUDA
    # What lies in the machine's memory is read there while the other is on the GPU.
    return "transformers moves no cache of two stacks" if decoder.two_stacks else ""


def _with_windows(_decoder: Decoder, shape: Shape) -> str:
    if not shape.slides:
        return "no layer of this model has a sliding window"
    return _rows_alone(shape)


def _rows_only(_decoder: Decoder, shape: Shape) -> str:
    if shape.slides:
        return "this model slides by itself: see the first row"
    return _rows_alone(shape)


def _all_rows(_decoder: Decoder, shape: Shape) -> str:
    if shape.slides:
        return "transformers rounds no layers with a sliding window"
    return _rows_alone(shape)


def _rows_alone(shape: Shape) -> str:
    """Say why not, if some layer keeps anything but a key and a value a head for each token."""
    pairs = all(law.row == law.heads * (law.key_size + law.value_size) > 0 for law in shape.cache)
    if pairs and not shape.lawless and not shape.state_bytes(2):
        return ""
    return f"it is made for rows of keys and values alone: {unusual(shape)}"


def _with_package(package: str) -> Callable[[Decoder, Shape], str]:
    def lacks(decoder: Decoder, shape: Shape) -> str:
        if not find_spec(package):
            return f"needs the package {package}, which is not installed here"
        return _all_rows(decoder, shape)

    return lacks


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        "dynamic",
        "grows by a row with each token; the default",
        lambda decoder, _length, _window: DynamicCache(config=decoder.network.config),
        _always,
        lossless=True,
    ),
    Kind(
        "dynamic, windows ignored",
        "keeps all rows, also of layers that attend to the last few tokens only",
        lambda _decoder, _length, _window: DynamicCache(),
        _with_windows,
        lossless=True,
    ),
    Kind(
        "static",
        "preallocates its full length, so that the pass can be compiled",
        lambda decoder, length, _window: StaticCache(
            config=decoder.network.config, max_cache_len=length
        ),
        _always,
        lossless=True,
    ),
    Kind(
        "sliding window",
        "drops all but the last few tokens, which this model was not trained for",
        _sliding,
        _rows_only,
    ),
    Kind(
        "quantized, 8-bit float",
        "keeps 8 bits of each number, with one scale for a layer's keys and one for its values; "
        "both are set by the prompt and kept",
        lambda decoder, _length, _window: QuantizedCache(
            backend="fp8", config=decoder.network.config
        ),
        _all_rows,
    ),
    Kind(
        "quantized, 4-bit integer",
        "keeps 4 bits of each number, with a scale for each group of 64; the newest tokens, up to "
        "128 of them, are not rounded yet",
        lambda decoder, _length, _window: QuantizedCache(
            backend="quanto", config=decoder.network.config
        ),
        _with_package("optimum"),
    ),
    Kind(
        "offloaded",
        "keeps one layer at a time on the GPU, the others in the machine's memory",
        lambda decoder, _length, _window: DynamicCache(
            config=decoder.network.config, offloading=True
        ),
        _on_cuda,
        lossless=True,
    ),
)
