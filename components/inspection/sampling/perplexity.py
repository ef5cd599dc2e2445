"""How surprised a model is by a text, token by token.

Perplexity is exp of the mean of -ln p over the scored tokens (Jelinek et al. 1977): the
number of equally likely tokens that would surprise as much. Two conventions are in use for
the first token, before which nothing stands: `transformers`' loss leaves it out; with a start
token in front of the text it is scored like the rest. Texts longer than the context are read
in windows that overlap by half (the fixed-length recipe in `transformers`' documentation).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.sampling.decoder import names

MOST_SCORED: Final = 20_000
WINDOW: Final = 1024
ROWS: Final = 64
"""Positions whose logits are turned into probabilities at a time: bounds the memory used."""


@dataclass(frozen=True, eq=False)
class Surprise:
    """What a model thought of each token of a text before it saw it.

    `tokens[i]` shows token i of the text and `ids[i]` is its id. `surprisal[i]` is -ln of the
    probability it had, in nats (0 or more), float32; NaN for a first token that nothing
    precedes. `rank[i]` counts from 1, 0 where not scored; `expected[i]` is the likeliest token
    there. `start` shows the start token that stood in front and let the first token be scored;
    empty if none did. `context` is the most tokens that any token was read after.
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    surprisal: NDArray[np.float32]
    rank: NDArray[np.int64]
    expected: tuple[str, ...]
    start: str
    context: int

    @property
    def perplexity(self) -> float:
        """exp of the mean surprisal of all scored tokens."""
        return math.exp(float(np.nanmean(self.surprisal.astype(np.float64))))

    @property
    def without_first(self) -> float | None:
        """Perplexity of the tokens after the first; None if there are none."""
        later = self.surprisal[1:].astype(np.float64)
        return math.exp(float(later.mean())) if later.size else None


def surprise(
    model: Model,
    text: str,
    source: str = "",
    start: bool = False,
    progress: Progress = silent,
) -> Surprise:
    """Let `model` read `text` and say how likely each token was.

    With `start`, the model's start token is put in front, so that the first token is scored
    too; some tokenizers always do so by themselves. An encoder-decoder is asked how likely
    `text` is as an answer to `source`.

    Raises:
        InspectionError: if the text is empty, one token of which none can be scored, or too
            long; if there is no start token; or if the model does not predict next tokens.
    """
    if model.kind not in ("causal", "seq2seq"):
        raise InspectionError(
            f"{model.source} does not predict the next token, so it has no perplexity in this "
            "sense: choose a decoder, or an encoder-decoder."
        )
    before, ids = _ids_of(model, text)
    if start and not before:
        before = [_start_token(model)]
    if len(ids) + len(before) < 2:
        raise InspectionError(
            "The text is one token long, and nothing comes before it to predict it from: write "
            "at least two tokens, or score the first one after a start token."
        )
    everything = before + ids
    encoded = _encoded(model, source) if model.kind == "seq2seq" else {}
    scored = list(_scores(model, everything, encoded, progress))
    skipped = 0 if before else 1
    surprisal = np.array([math.nan] * skipped + [each[0] for each in scored], dtype=np.float32)
    rank = np.array([0] * skipped + [each[1] for each in scored])
    return Surprise(
        ids=tuple(ids),
        tokens=names(model, ids),
        surprisal=surprisal,
        rank=rank,
        expected=("",) * skipped + names(model, [each[2] for each in scored]),
        start="".join(names(model, before)),
        context=min(len(everything) - 1, _window(model)),
    )


def by_hand(probabilities: Sequence[float]) -> tuple[float, float, float]:
    """Return the product of probabilities, their geometric mean, and the perplexity.

    >>> product, mean, perplexity = by_hand([0.4, 0.27, 0.55, 0.79])
    >>> round(product, 4), round(mean, 3), round(perplexity, 10)
    (0.0469, 0.465, 2.1485556948)

    Raises:
        InspectionError: if there is none, or one is not above 0 and at most 1.
    """
    if not probabilities or not all(0 < share <= 1 for share in probabilities):
        raise InspectionError(
            f"The probabilities are {list(probabilities)}, but each must be above 0 and at most "
            "1: write for example 0.4, 0.27, 0.55, 0.79."
        )
    product = math.prod(probabilities)
    mean = math.exp(math.fsum(map(math.log, probabilities)) / len(probabilities))
    return product, mean, 1 / mean


def _ids_of(model: Model, text: str) -> tuple[list[int], list[int]]:
    """Return what always stands in front of a text, and the ids of the text itself."""
    if not text:
        raise InspectionError("There is no text to score: write a sentence.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InspectionError(
            f"Character {error.start + 1} of the text is half of a surrogate pair, which no text "
            "file can hold: remove it."
        ) from None
    # Not model.encode, which refuses what is longer than the context: windows read that.
    tokenizer = model.tokenizer.backend_tokenizer
    ids = list(tokenizer.encode(text, add_special_tokens=False).ids)
    if len(ids) > MOST_SCORED:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long, but at most {MOST_SCORED:,} are scored at a "
            f"time: shorten it by {len(ids) - MOST_SCORED:,}."
        )
    if model.kind == "seq2seq":
        return [model.decoder_start], ids
    framed = list(tokenizer.encode(text, add_special_tokens=True).ids)
    return framed[: len(framed) - len(ids)] if framed[-len(ids) :] == ids else [], ids


def _start_token(model: Model) -> int:
    for token in (model.tokenizer.bos_token_id, model.tokenizer.eos_token_id):
        # GPT-2 and its kin were trained with one token for the end of a text and its start.
        if token is not None:
            return int(token)
    raise InspectionError(
        f"{model.source} has no start token, so its first token cannot be scored: leave it out."
    )


def _window(model: Model) -> int:
    # The logits of a window are its tokens times the vocabulary: bounded to 256 MB.
    vocabulary = model.facts.vocabulary
    return min(model.context, WINDOW, max(32, 2**26 // vocabulary))


def _encoded(model: Model, source: str) -> dict[str, object]:
    ids = torch.tensor([model.encode(source)], device=model.device)
    with torch.inference_mode():
        return {"encoder_outputs": model.network.get_encoder()(input_ids=ids)}


def _scores(
    model: Model, ids: list[int], encoded: dict[str, object], progress: Progress
) -> Iterator[tuple[float, int, int]]:
    """Yield (surprisal, rank, likeliest id) of every token but the first."""
    name = "decoder_input_ids" if encoded else "input_ids"
    window = _window(model)
    begin, done = 0, 1
    while done < len(ids):
        progress(done / len(ids), f"{done:,} of {len(ids):,} tokens")
        end = min(begin + window, len(ids))
        given = torch.tensor([ids[begin:end]], device=model.device)
        with torch.inference_mode():
            logits = model.network(**{name: given}, **encoded, use_cache=False).logits[0]
        for first in range(done, end, ROWS):
            last = min(first + ROWS, end)
            # The logits at a position speak of the token after it.
            rows = logits[first - 1 - begin : last - 1 - begin].float()
            target = torch.tensor(ids[first:last], device=rows.device)[:, None]
            own = rows.gather(1, target)
            surprisal = rows.logsumexp(dim=1) - own[:, 0]
            ranks = 1 + (rows > own).sum(dim=1)
            yield from zip(
                surprisal.clamp(min=0).tolist(),
                ranks.tolist(),
                rows.argmax(dim=1).tolist(),
                strict=True,
            )
        done = end
        begin = max(0, end - window // 2)
