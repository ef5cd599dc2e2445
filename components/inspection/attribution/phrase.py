"""Which words of the text made the model write a whole phrase: a token x token table.

The target is a log-probability: that of each token of the phrase, given the text and the phrase
before it, as in Captum's LLMAttribution (Miglani et al., "Using Captum to Explain Generative
Language Models", 2023), to which the tests compare.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32
from torch import Tensor

from components.inspection.attribution.baselines import stand_ins
from components.inspection.attribution.catalogue import USUAL
from components.inspection.attribution.features import features_of
from components.inspection.attribution.phrase_ways import (
    PhraseMethod,
    PhraseScore,
    share_out,
)
from components.inspection.checks import Check
from components.inspection.decoding import Writer, end_tokens, require_writing
from components.inspection.decoding import write as write_on
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.running import sent_back

PHRASE_METHODS: Final[tuple[PhraseMethod, ...]] = ("ablation", "integrated_gradients", "shapley")
MOST_PHRASE: Final = 16
MOST_TEXT: Final = 256


@dataclass(frozen=True, eq=False)
class PhraseAttribution:
    """How much each token of the text counted for each token of the phrase."""

    method: PhraseMethod
    stand_in: str
    """The token put in place of one that is taken away."""
    tokens: tuple[str, ...]
    """Of the text, without those that the tokenizer put there."""
    phrase: tuple[str, ...]
    phrase_ids: tuple[int, ...]
    scores: Float32[np.ndarray, "phrase free"]
    """In nats: above 0 made the phrase's token likelier."""
    log_probabilities: Float32[np.ndarray, " phrase"]
    """Natural logarithms: of each token after the text and the phrase before it."""
    baseline_log_probabilities: Float32[np.ndarray, " phrase"]
    """The same after the baseline."""
    forwards: int
    backwards: int
    generated: bool
    """The model wrote the phrase; else it was given."""
    decoder_start: int | None = None
    """The id that the decoder of an encoder-decoder begins with."""
    errors: Float32[np.ndarray, "phrase free"] | None = None
    """In nats: the standard error of scores that rest on random orders."""
    checks: tuple[Check, ...] = ()

    @property
    def whole(self) -> Float32[np.ndarray, " free"]:
        """For the phrase as a whole, the sum over its tokens."""
        return self.scores.sum(0)

    @property
    def gaps(self) -> Float32[np.ndarray, " phrase"]:
        """The change that the scores do not account for."""
        change = self.log_probabilities - self.baseline_log_probabilities
        return (change - self.scores.sum(1)).astype(np.float32)


def write(model: Model, text: str, new_tokens: int) -> tuple[int, ...]:
    """Return the ids that the model most expects, one after the other.

    It ends before an end token, unless that is the first thing the model says.

    Raises:
        InspectionError: the model does not write, or cannot read the text.
    """
    writer = Writer(model, text)
    begin = len(writer.start)
    room = model.context - begin
    if room < 1:
        raise InspectionError(
            f"The text fills all {model.context:,} tokens that this model reads: there is no room "
            "for a phrase behind it. Shorten it."
        )

    def next_logits(written: list[int]) -> Tensor:
        return writer.logits([written[-1:] or writer.start])[0]

    most = min(new_tokens, MOST_PHRASE, room)
    said = [token for token, _ in write_on(model, begin, most, next_logits)]
    # What follows an end token is nothing; that it ends there says the next token's row.
    return tuple(said[:-1] if len(said) > 1 and said[-1] in end_tokens(model) else said)


def attribute_phrase(
    model: Model,
    text: str,
    phrase: str,
    new_tokens: int,
    method: PhraseMethod,
    stand_in: str = "",
    orders: int = USUAL.samples,
    progress: Progress = silent,
) -> PhraseAttribution:
    """Share out the log-probability of each token of `phrase` among the tokens of `text`.

    An empty `phrase` is written by the model itself, `new_tokens` long at most; an empty `stand_in`
    is the one that is neutral for the model. `orders` are those of Shapley values of more than
    eight tokens.

    Raises:
        InspectionError: the model writes nothing, or text and phrase are too long.
    """
    require_writing(model)
    ids, features = features_of(model, text, "token")
    stand_in = stand_in or stand_ins(model)[0]
    _check(model, ids, phrase, new_tokens, stand_in)
    said = typed(model, text, phrase) if phrase else list(write(model, text, new_tokens))
    two_stacks = len(model.anatomy.stacks) == 2
    room = model.context - (1 if two_stacks else len(ids))
    if not 1 <= len(said) <= min(MOST_PHRASE, room):
        raise InspectionError(
            f"The phrase is {len(said)} tokens long; from 1 to {MOST_PHRASE} are taken, and with "
            f"the text it must fit into the {model.context:,} that the model reads. "
            f"{'Shorten it.' if said else 'Type a word, or a longer one.'}"
        )
    free = features.free.tolist()
    absent = model.tokenizer.get_vocab()[stand_in]
    score = PhraseScore(model, ids, said, free, absent, method == "integrated_gradients")
    with sent_back(model):
        scores, errors, whole, empty, checks = share_out(score, method, orders, progress)
    checks = (*checks, score.text_check(whole), score.baseline_check())
    progress(1.0, "Done")
    return PhraseAttribution(
        method=method,
        stand_in=stand_in,
        tokens=tuple(features.tokens[place] for place in free),
        phrase=model.token_texts(said),
        phrase_ids=tuple(said),
        scores=scores.astype(np.float32),
        log_probabilities=whole.astype(np.float32),
        baseline_log_probabilities=empty.astype(np.float32),
        forwards=score.forwards,
        backwards=score.backwards,
        generated=not phrase,
        decoder_start=model.decoder_start if two_stacks else None,
        errors=None if errors is None else errors.astype(np.float32),
        checks=checks,
    )


def _check(model: Model, ids: list[int], phrase: str, new_tokens: int, stand_in: str) -> None:
    if len(ids) > MOST_TEXT:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; for a table with a row for each token of the "
            f"phrase at most {MOST_TEXT} are taken. Shorten it by {len(ids) - MOST_TEXT}."
        )
    if stand_in not in stand_ins(model):
        raise InspectionError(
            f"“{stand_in[:40]}” cannot stand in for a token here; there is: "
            f"{', '.join(stand_ins(model))}."
        )
    if not phrase and not 1 <= new_tokens <= MOST_PHRASE:
        raise InspectionError(
            f"The phrase may have from 1 to {MOST_PHRASE} tokens, not {new_tokens}."
        )


def typed(model: Model, text: str, phrase: str) -> list[int]:
    """Return the ids of a phrase behind `text`: after a letter, one that begins with a letter gets
    the space that words have between them."""
    glued = len(model.anatomy.stacks) == 1 and not text[-1:].isspace() and phrase[:1].isalnum()
    return model.encode_target(f" {phrase}" if glued else phrase)


def lengths(model: Model, text: str, phrase: str) -> tuple[int, int]:
    """Return how many tokens of `text` are scored, and how many the typed `phrase` has.

    Raises:
        InspectionError: the text cannot be read.
    """
    _, features = features_of(model, text, "token")
    return len(features.free), len(typed(model, text, phrase))
