"""Let a network write on: the one way in which all pages do it.

Only the last position's logits are asked for (`logits_to_keep=1`, where the family offers it), as
`generate` does. Gradients are off through `no_grad`, not `inference_mode`: some families keep
buffers that a long text makes them compute anew, and other readers' gradients must still pass
through them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor
from transformers import Cache, DynamicCache, EncoderDecoderCache

from components.inspection import rounding
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.running import run

_INSTEAD: Final = {
    "masked": "it fills in masked tokens, with both sides of the text in view",
    "classifier": "it gives the whole text one of a few classes",
    "headless": "it was saved without a language-model head, and gives hidden states only",
}
CacheWay = tuple[bool, bool]
"""How a cached pass is told where it goes on: by `position_ids`, by an `attention_mask`."""
CACHE_WAYS: Final[tuple[CacheWay, ...]] = (
    (True, False),
    (False, False),
    (True, True),
    (False, True),
)


def require_writing(model: Model) -> None:
    """Go on if `model` writes on from a text.

    Raises:
        InspectionError: it does not; it says what it does instead, or which way it was measured to
            read.
    """
    # Imported here: premises decode.
    from components.inspection.premises import require

    if model.kind in _INSTEAD:
        raise InspectionError(
            f"'{model.name}' does not write on from a text, token by token: "
            f"{_INSTEAD[model.kind]}. Choose a decoder, such as storyteller."
        )
    if "decoder" not in model.anatomy.stacks:
        raise InspectionError(
            f"'{model.name}' was saved as a model that continues a text, but its tokens also "
            "read those after them (measured: a later token changes earlier ones), so what it says "
            "behind the last token is no next token. Choose a decoder, such as storyteller."
        )
    require(model, "direction")


def end_tokens(model: Model) -> frozenset[int]:
    """Return the ids after which `model` has nothing more to say: as stated for its generation,
    else the tokenizer's end token."""
    stated = getattr(getattr(model.network, "generation_config", None), "eos_token_id", None)
    if stated is None:
        stated = model.tokenizer.eos_token_id
    if stated is None:
        return frozenset()
    return frozenset([stated] if isinstance(stated, int) else stated)


class Decoder:
    """A text and what is written after it; `rows` equal copies side by side.

    An encoder-decoder's encoder reads the text once; its decoder goes on from its start token.
    """

    def __init__(self, model: Model, ids: Sequence[int], rows: int = 1) -> None:
        """Prepare to go on from `ids`.

        Raises:
            InspectionError: the model does not write, or cannot read `ids`.
        """
        require_writing(model)
        self.model, self.network = model, model.network
        self.two_stacks = len(model.anatomy.stacks) == 2
        self.read = torch.tensor([model.checked(ids)] * rows, device=model.device)
        self.begin = (
            torch.full((rows, 1), model.decoder_start, device=model.device)
            if self.two_stacks
            else self.read
        )
        self._name = "decoder_input_ids" if self.two_stacks else "input_ids"
        self._always: dict[str, Any] = (
            {"logits_to_keep": 1} if model.takes("logits_to_keep") else {}
        )
        self._encoded: dict[str, Any] = {}

    def new_cache(self) -> Cache:
        """Return an empty cache as the model makes one itself."""
        config = self.network.config
        if self.two_stacks:
            return EncoderDecoderCache(DynamicCache(config=config), DynamicCache(config=config))
        return DynamicCache(config=config.get_text_config(decoder=True))

    def prefill(self, cache: Cache) -> Float[Tensor, "batch vocabulary"]:
        """Read the whole text into `cache`; return the next token's logits.

        Of two stacks the encoder reads the text, the decoder its start token.
        """
        self.prepare()
        return self.onward(self.begin, cache, 0)

    def onward(
        self,
        ids: Int64[Tensor, "batch token"],
        cache: Cache,
        past: int,
        way: CacheWay | None = None,
    ) -> Float[Tensor, "batch vocabulary"]:
        """Read `ids` behind `past` tokens in `cache`; return the logits behind the last.

        `way` is how the network is told where they stand; the way measured to be right if None.
        """
        by_position, by_mask = way or self.model.known.get("cache way", CACHE_WAYS[0])
        given: dict[str, Any] = {self._name: ids}
        rows, many = ids.shape
        if by_position and not self.two_stacks and self.model.takes("position_ids"):
            places = torch.arange(past, past + many, device=ids.device)
            given["position_ids"] = places.expand(rows, -1)
        if by_mask and not self.two_stacks and self.model.takes("attention_mask"):
            given["attention_mask"] = ids.new_ones((rows, past + many))
        return self._last(past_key_values=cache, use_cache=True, **given)

    def step(
        self, token: Int64[Tensor, "batch 1"], cache: Cache, past: int
    ) -> Float[Tensor, "batch vocabulary"]:
        """Read one more token, looking up `past` ones; return the logits behind it."""
        return self.onward(token, cache, past)

    def without(self, ids: Int64[Tensor, "batch token"]) -> Float[Tensor, "batch vocabulary"]:
        """Read all of `ids` again and keep nothing; return the logits behind the last.

        The first pass of two stacks runs the encoder too; its output is no cache of attention
        and is kept for the later ones, as `generate(use_cache=False)` does.
        """
        if ids.shape[1] == self.begin.shape[1] or not self._encoded:
            self.prepare()
        given: dict[str, Any] = {self._name: ids}
        if self.two_stacks:
            # Of no use to most; FSMT makes its masks only where it sees the text itself.
            given["input_ids"] = self.read
        elif self.model.takes("attention_mask"):
            given["attention_mask"] = torch.ones_like(ids)
        return self._last(use_cache=False, **given)

    def greedy(
        self, cache: Cache, count: int
    ) -> Iterator[tuple[Float[Tensor, "1 vocabulary"], Int64[Tensor, "1 1"]]]:
        """Yield `count` times the logits and the best token, with a cache.

        It goes on behind an end token too: measurements want so many steps.
        """
        logits, past = self.prefill(cache), self.begin.shape[1]
        for number in range(count):
            token = logits.argmax(-1, keepdim=True)
            yield logits, token
            if number + 1 < count:
                logits, past = self.step(token, cache, past), past + 1

    def prepare(self) -> None:
        """Let the encoder of two stacks read the text; nothing to do for one."""
        if self.two_stacks:
            with torch.no_grad():
                self._encoded = {"encoder_outputs": self.network.get_encoder()(self.read)}

    def _last(self, **arguments: Any) -> Float[Tensor, "batch vocabulary"]:
        with torch.no_grad():
            out = run(self.model, **self._always, **self._encoded, **arguments)
        logits: Tensor = out.logits
        return logits[:, -1]


def write(
    model: Model,
    begin: int,
    most: int,
    next_logits: Callable[[list[int]], Float[Tensor, " vocabulary"]],
) -> Iterator[tuple[int, Float[Tensor, " vocabulary"]]]:
    """Yield the likeliest token and the logits [vocabulary] it had, again and again.

    `next_logits(written)` tells what is expected after what was written so far. It ends with an
    end token (which is yielded too), after `most` tokens, or when the context of the decoder,
    which held `begin` tokens at first, is full.
    """
    ends = end_tokens(model)
    written: list[int] = []
    while len(written) < most and begin + len(written) <= model.context:
        logits = next_logits(written)
        rounding.require_numbers(logits)
        token = int(logits.argmax())
        yield token, logits
        written.append(token)
        if token in ends:
            return


class Writer:
    """A text read on, a few tokens at a time, in `rows` equal copies that may part.

    Keys and values are kept between calls where they were measured to give what reading anew gives;
    else all is read again each time.
    """

    def __init__(self, model: Model, text: str | Sequence[int], rows: int = 1) -> None:
        """Prepare to go on from `text`.

        Raises:
            InspectionError: the model does not write, or cannot read the text.
        """
        # Imported here: the premise itself decodes.
        from components.inspection.premises import measured

        ids = model.encode(text) if isinstance(text, str) else list(text)
        self.model, self._decoder = model, Decoder(model, ids, rows)
        self.start: list[int] = self._decoder.begin[0].tolist()
        """What the decoder begins with: the text, or of two stacks its start token."""
        self.read_ids: list[list[int]] = [[] for _ in range(rows)]
        self._kept = self._decoder.new_cache() if measured(model, "cache").holds else None

    @property
    def room(self) -> int:
        """How many more tokens the network's context holds."""
        return self.model.context - len(self.read_ids[0])

    def logits(self, new: Sequence[Sequence[int]]) -> Float32[Tensor, "batch vocabulary"]:
        """Read `new[row]` ids and return the logits behind the last, on the CPU.

        Raises:
            InspectionError: the context is full.
        """
        if len(new[0]) > self.room:
            raise InspectionError(
                f"The text would be {len(self.read_ids[0]) + len(new[0])} tokens long, but this "
                f"model reads at most {self.model.context}: shorten it or write fewer tokens."
            )
        past = len(self.read_ids[0])
        for row, added in zip(self.read_ids, new, strict=True):
            row.extend(added)
        if past == 0:
            self._decoder.prepare()
        ids = torch.tensor(self.read_ids if self._kept is None else list(new))
        ids = ids.to(self.model.device)
        found = (
            self._decoder.without(ids)
            if self._kept is None
            else self._decoder.onward(ids, self._kept, past)
        )
        return found.float().cpu()

    def reorder(self, rows: Sequence[int]) -> None:
        """Let row i go on from what row `rows[i]` has read."""
        self.read_ids = [list(self.read_ids[row]) for row in rows]
        if self._kept is not None:
            order = torch.tensor(rows, device=self.model.device)
            self._kept.reorder_cache(order)  # type: ignore[arg-type]
