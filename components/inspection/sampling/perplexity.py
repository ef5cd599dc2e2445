"""How surprised a model is by a text, token by token.

Perplexity is exp of the mean of -ln p over the scored tokens (Jelinek et al. 1977): the
number of equally likely tokens that would surprise as much. Two conventions are in use for
the first token, before which nothing stands: `transformers`' loss leaves it out; with a start
token in front of the text it is scored like the rest. Texts longer than the context are read
in windows that overlap by half (the fixed-length recipe in `transformers`' documentation).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Int64

from components.inspection.checks import Check
from components.inspection.decoding import require_writing
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.sampling.texts import names
from components.inspection.sampling.windows import Reading, checks, scores

MOST_SCORED: Final = 20_000


@dataclass(frozen=True, eq=False)
class Surprisals:
    """What a model thought of each token of a text before it saw it.

    `tokens[i]` shows token i of the text and `ids[i]` is its id. `surprisal[i]` is -ln of the
    probability it had, in nats (0 or more); NaN for a first token that nothing
    precedes. `rank[i]` counts from 1, 0 where not scored; `expected[i]` is the likeliest token
    there. `before` are the start tokens that stood in front and let the first token be scored, and
    `start` shows them; empty if none did. `context` is the most tokens that any token was read
    after; `in_windows`: the text was too long to be read at once.
    """

    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    surprisal: Float32[np.ndarray, " token"]
    rank: Int64[np.ndarray, " token"]
    expected: tuple[str, ...]
    before: tuple[int, ...]
    start: str
    context: int
    in_windows: bool
    checks: tuple[Check, ...] = ()

    @property
    def perplexity(self) -> float:
        """exp of the mean surprisal of all scored tokens."""
        return _exp(float(np.nanmean(self.surprisal.astype(np.float64))))

    @property
    def without_first(self) -> float | None:
        """Perplexity of the tokens after the first; None if there are none."""
        later = self.surprisal[1:].astype(np.float64)
        return _exp(float(later.mean())) if later.size else None


def _exp(nats: float) -> float:
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def start_before(model: Model) -> str:
    """Return the start token that stands in front of every text, as it is written; or nothing.

    The tokenizer puts it there, or it is an encoder-decoder's decoder that begins with it.

    Raises:
        InspectionError: the model does not predict next tokens.
    """
    require_writing(model)
    return "".join(
        names(model, _before(model, model.ids_of("a"), model.ids_of("a", special=False)))
    )


def surprisals(
    model: Model,
    text: str,
    source: str = "",
    start: bool = False,
    progress: Progress = silent,
) -> Surprisals:
    """Let `model` read `text` and say how likely each token was.

    With `start`, the model's start token is put in front, so that the first token is scored
    too; some tokenizers always do so by themselves (`start_before`). An encoder-decoder is asked
    how likely `text` is as an answer to `source`.

    Raises:
        InspectionError: if the text is empty, one token of which none can be scored, or too
            long; if there is no start token; if the model does not predict next tokens; or if
            what it computes are no numbers.
    """
    require_writing(model)
    before, ids = _ids_of(model, text)
    if start and not before:
        before = [_start_token(model)]
    if len(ids) + len(before) < 2:
        raise InspectionError(
            "The text is one token long, and nothing comes before it to predict it from: write "
            "at least two tokens, or score the first one after a start token."
        )
    reading = Reading(model, [*before, *ids], source)
    found = list(scores(reading, progress))
    # All but the first of what was read are scored; start tokens are not shown.
    scored = found[max(0, len(before) - 1) :]
    skipped = 0 if before else 1
    surprisal = np.array([math.nan] * skipped + [each[0] for each in scored], dtype=np.float32)
    rank = np.array([0] * skipped + [each[1] for each in scored])
    return Surprisals(
        ids=tuple(ids),
        tokens=names(model, ids),
        surprisal=surprisal,
        rank=rank,
        expected=("",) * skipped + names(model, [each[2] for each in scored]),
        before=tuple(before),
        start="".join(names(model, before)),
        context=min(len(reading.ids) - 1, reading.window),
        in_windows=not reading.in_one,
        checks=checks(reading, [each[0] for each in found]),
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
    # Not model.encode, which refuses what is longer than the context: windows read that.
    ids = model.ids_of(text, special=False)
    if len(ids) > MOST_SCORED:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long, but at most {MOST_SCORED:,} are scored at a "
            f"time: shorten it by {len(ids) - MOST_SCORED:,}."
        )
    if not ids:
        raise InspectionError(
            "The tokenizer makes no token of this text, so there is nothing to score."
        )
    return _before(model, model.ids_of(text), ids), ids


def _before(model: Model, framed: list[int], ids: list[int]) -> list[int]:
    """Return what stands before `ids` in `framed`, the ids of the same text with special tokens."""
    if len(model.anatomy.stacks) == 2:
        return [model.decoder_start]
    places = range(len(framed) - len(ids) + 1)
    return next((framed[:at] for at in places if framed[at : at + len(ids)] == ids), [])


def _start_token(model: Model) -> int:
    for token in (model.tokenizer.bos_token_id, model.tokenizer.eos_token_id):
        # GPT-2 and its kin were trained with one token for the end of a text and its start.
        if token is not None:
            return int(token)
    raise InspectionError(
        f"{model.name} has no start token, so its first token cannot be scored: leave it out."
    )
