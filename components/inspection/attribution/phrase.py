"""Which words of the text made the model write a whole phrase: a token x token table.

With Captum's LLMAttribution and LLMGradientAttribution (Miglani et al., "Using Captum to Explain
Generative Language Models", 2023) for decoders; an encoder-decoder, which these do not take, is
asked token by token with the methods that they wrap. The target is a log-probability: that of
each token of the phrase, given the text and the phrase before it.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from components.inspection.attribution.phrase_ways import (
    SAMPLES,
    STEPS,
    Counter,
    Floats,
    PhraseMethod,
    by_captum,
    step_by_step,
)
from components.inspection.attribution.units import units_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

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
    scores: Floats
    """[phrase, token], in nats: above 0 made the phrase's token likelier."""
    log_probabilities: Floats
    """[phrase], natural logarithms: of each token after the text and the phrase before it."""
    baseline_log_probabilities: Floats
    """[phrase]: the same after a text of stand-ins."""
    forwards: int
    generated: bool
    """The model wrote the phrase; else it was given."""

    @property
    def whole(self) -> Floats:
        """[token]: for the phrase as a whole, the sum over its tokens."""
        return self.scores.sum(0)

    @property
    def gaps(self) -> Floats:
        """[phrase]: the change that the scores do not account for."""
        change = self.log_probabilities - self.baseline_log_probabilities
        return (change - self.scores.sum(1)).astype(np.float32)


def stand_ins(model: Model) -> tuple[str, ...]:
    """Return the special tokens that may stand in for one that is taken away."""
    tokenizer = model.tokenizer
    named = (tokenizer.pad_token, tokenizer.mask_token, tokenizer.unk_token, tokenizer.eos_token)
    return tuple(dict.fromkeys(str(token) for token in named if token))


def phrase_cost(method: PhraseMethod, tokens: int, phrase: int) -> tuple[int, int]:
    """Return how many texts are read, and through how many a gradient is sent back."""
    if method == "integrated_gradients":
        # Twice more for the embeddings at both ends.
        return (STEPS + 2) * phrase, STEPS * phrase
    return 1 + tokens * (SAMPLES if method == "shapley" else 1), 0


def write(model: Model, text: str, new_tokens: int) -> tuple[int, ...]:
    """Return the ids that the model most expects, one after the other, until its end token."""
    _check_kind(model)
    ids = model.encode(text)
    said: list[int] = []
    ends = model.network.generation_config.eos_token_id
    stop = set(ends if isinstance(ends, list) else [ends])
    while len(said) < min(new_tokens, MOST_PHRASE):
        found = int(_logits(model, ids, said)[-1].argmax())
        if found in stop and said:
            break
        said.append(found)
        if model.kind == "causal" and len(ids) + len(said) >= model.context:
            break
    return tuple(said)


def attribute_phrase(
    model: Model,
    text: str,
    phrase: str,
    new_tokens: int,
    method: PhraseMethod,
    stand_in: str,
    progress: Progress = silent,
) -> PhraseAttribution:
    """Share out the log-probability of each token of `phrase` among the tokens of `text`.

    An empty `phrase` is written by the model itself, `new_tokens` long at most.

    Raises:
        InspectionError: the model writes nothing, or text and phrase are too long.
    """
    _check_kind(model)
    ids, units = units_of(model, text, "token")
    _check(model, ids, phrase, new_tokens, stand_in)
    said = list(write(model, text, new_tokens)) if not phrase else _typed(model, text, phrase)
    if len(said) > MOST_PHRASE or (model.kind == "causal" and len(ids) + len(said) > model.context):
        raise InspectionError(
            f"The phrase is {len(said)} tokens long; at most {MOST_PHRASE} are taken, and text and "
            f"phrase together must fit {model.context:,}. Shorten it."
        )
    absent = model.tokenizer.get_vocab()[stand_in]
    free = units.free
    total = phrase_cost(method, len(free), len(said))[0]
    if model.kind == "seq2seq":
        total *= 1 if method == "integrated_gradients" else len(said)
    counted = Counter(total, progress)
    way = by_captum if model.kind == "causal" else step_by_step
    scores = way(model, ids, said, free.tolist(), absent, method, counted)
    empty = [token if units.held[place] else absent for place, token in enumerate(ids)]
    return PhraseAttribution(
        method=method,
        stand_in=stand_in,
        tokens=tuple(units.tokens[place] for place in free),
        phrase=model.token_texts(said),
        phrase_ids=tuple(said),
        scores=scores,
        log_probabilities=_log_probabilities(model, ids, said),
        baseline_log_probabilities=_log_probabilities(model, empty, said),
        forwards=counted.done,
        generated=not phrase,
    )


def _check_kind(model: Model) -> None:
    if model.kind not in ("causal", "seq2seq"):
        raise InspectionError(
            f"'{model.source}' does not write text, so there is no phrase to explain. Choose a "
            "decoder, such as storyteller, or an encoder-decoder."
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
            f"{', '.join(stand_ins(model)) or 'nothing'}."
        )
    if not phrase and not 1 <= new_tokens <= MOST_PHRASE:
        raise InspectionError(
            f"The phrase may have from 1 to {MOST_PHRASE} tokens, not {new_tokens}."
        )


def _typed(model: Model, text: str, phrase: str) -> list[int]:
    glued = model.kind == "causal" and not text[-1:].isspace() and phrase[:1].isalnum()
    return model.encode_target(f" {phrase}" if glued else phrase)


def _logits(model: Model, ids: list[int], said: list[int]) -> Tensor:
    """Return [1 + len(said), vocabulary]: after the text, and after each token said."""
    given: dict[str, Any] = {"use_cache": False}
    if model.kind == "seq2seq":
        given["input_ids"] = torch.tensor([ids], device=model.device)
        start = [model.decoder_start, *said]
        given["decoder_input_ids"] = torch.tensor([start], device=model.device)
    else:
        given["input_ids"] = torch.tensor([[*ids, *said]], device=model.device)
    with torch.no_grad():
        return model.network(**given).logits[0, -1 - len(said) :].float()


def _log_probabilities(model: Model, ids: list[int], said: list[int]) -> Floats:
    every = _logits(model, ids, said).log_softmax(-1)
    return every[range(len(said)), said].cpu().numpy()
