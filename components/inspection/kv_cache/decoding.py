"""One text being written on by one model, with a cache and without one.

Both ways ask the network for the last position's logits only (`logits_to_keep=1`, where the
family offers it), as `generate` does: to compute the others would make the way without a cache
look worse than it is.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import Cache, DynamicCache, EncoderDecoderCache

from components.inspection.errors import InspectionError
from components.inspection.model import Model


class Decoding:
    """What is handed to the network at each step; it keeps no cache itself.

    Gradients are off through `no_grad`, not `inference_mode`: some families keep buffers that a
    long text makes them compute anew, and other readers' gradients must still pass through them.
    """

    def __init__(self, model: Model, ids: Sequence[int]) -> None:
        """Prepare to go on from `ids`.

        Raises:
            InspectionError: the model does not write.
        """
        self.model, self.network = model, model.network
        self.both_towers = model.kind == "seq2seq"
        check_writes(model)
        self.read = torch.tensor([model.checked(ids)], device=model.device)
        self.begin = (
            torch.tensor([[model.decoder_start]], device=model.device)
            if self.both_towers
            else self.read
        )
        self._name = "decoder_input_ids" if self.both_towers else "input_ids"
        parameters = inspect.signature(self.network.forward).parameters
        self._always: dict[str, Any] = (
            {"logits_to_keep": 1} if "logits_to_keep" in parameters else {}
        )
        self._encoded: dict[str, Any] = {}

    def new_cache(self) -> Cache:
        """Return an empty cache as the model makes one itself."""
        config = self.network.config
        if self.both_towers:
            return EncoderDecoderCache(DynamicCache(config=config), DynamicCache(config=config))
        return DynamicCache(config=config)

    @torch.no_grad()
    def prefill(self, cache: Cache) -> Tensor:
        """Read the whole text into `cache`; return the next token's logits [vocabulary].

        With two towers: the encoder reads the text, the decoder its start token.
        """
        self._encode()
        return self._last(past_key_values=cache, use_cache=True, **{self._name: self.begin})

    @torch.no_grad()
    def step(self, token: Tensor, cache: Cache) -> Tensor:
        """Read one more token [1, 1], looking the others up; return logits [vocabulary]."""
        return self._last(past_key_values=cache, use_cache=True, **{self._name: token})

    @torch.no_grad()
    def without(self, ids: Tensor) -> Tensor:
        """Read all of `ids` [1, token] again and keep nothing; return logits [vocabulary].

        The first pass of two towers runs the encoder too; its output is no cache of attention
        and is kept for the later ones, as `generate(use_cache=False)` does.
        """
        if ids.shape[1] == self.begin.shape[1]:
            self._encode()
        return self._last(use_cache=False, **{self._name: ids})

    def _encode(self) -> None:
        if self.both_towers:
            self._encoded = {"encoder_outputs": self.network.get_encoder()(self.read)}

    def _last(self, **arguments: Any) -> Tensor:
        logits: Tensor = self.network(**self._always, **self._encoded, **arguments).logits
        return logits[0, -1]


def check_writes(model: Model) -> None:
    """Refuse a model that has no cache.

    Raises:
        InspectionError: the model reads both ways, so each new token changes all the others.
    """
    if model.kind not in ("causal", "seq2seq"):
        raise InspectionError(
            f"'{model.source}' has no key-value cache: each of its tokens also reads those after "
            "it, so one more token changes all keys and values. Choose a model that continues a "
            "text, such as storyteller; “What is in it” shows the reason."
        )


def filled(model: Model, text: str, length: int) -> list[int]:
    """Return `length` token ids: those of `text`, cut or repeated.

    How long a pass takes depends on the number of tokens, not on which they are.

    Raises:
        InspectionError: the text is empty, or `length` is over the model's context.
    """
    if length > model.context:
        model.checked([0] * length)
    ids = model.encode(text)
    return [ids[place % len(ids)] for place in range(length)]


def self_layers(cache: Cache) -> list[Any]:
    """Return the layers of self-attention that hold something, the first block's first."""
    own = cache.self_attention_cache if isinstance(cache, EncoderDecoderCache) else cache
    return [layer for layer in own.layers if getattr(layer, "is_initialized", False)]
