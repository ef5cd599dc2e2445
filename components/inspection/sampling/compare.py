"""One text continued in three ways: greedy, beam search, sampling."""

import copy
import math
from dataclasses import dataclass
from typing import Any, Final

import torch
from transformers import GenerationConfig

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.sampling.beam import BeamSearch, beam_search
from components.inspection.sampling.decoder import end_tokens
from components.inspection.sampling.generation import steps, written
from components.inspection.sampling.settings import Settings

TINIEST: Final = 1e-45


@dataclass(frozen=True)
class Continuation:
    """A text written on.

    `log_probability` is the natural logarithm of what the model itself gives to all its tokens
    together, whatever the settings made of it. `distinct`, from 0 to 1, is the share of its
    tokens that differ from one another: low where it repeats itself.
    """

    name: str
    tokens: tuple[int, ...]
    text: str
    log_probability: float

    @property
    def distinct(self) -> float:
        """Share of distinct tokens."""
        return len(set(self.tokens)) / max(1, len(self.tokens))


@dataclass(frozen=True)
class Strategies:
    """The same beginning written on in three ways, and the beams in full."""

    greedy: Continuation
    beam: Continuation
    sampled: Continuation
    search: BeamSearch


@dataclass(frozen=True)
class GeneratedBeam:
    """What `generate` returns as its best beam: the new tokens and their score.

    With one beam `generate` searches greedily and has no score: None.
    """

    tokens: tuple[int, ...]
    score: float | None


def strategies(
    model: Model,
    text: str,
    settings: Settings,
    beams: int,
    new_tokens: int,
    length_penalty: float = 1.0,
    progress: Progress = silent,
) -> Strategies:
    """Write up to `new_tokens` after `text` greedily, by beam search, and with `settings`.

    Greedy and beam search look at the model's own distribution: no setting touches them.

    Raises:
        InspectionError: as `steps` and `beam_search` do.
    """
    progress(0.0, "greedy")
    greedy = _by_steps(model, "greedy", text, Settings(temperature=0), new_tokens)
    progress(0.2, "sampling")
    sampled = _by_steps(model, "sampling", text, settings, new_tokens)
    search = beam_search(
        model, text, beams, new_tokens, length_penalty,
        lambda share, said: progress(0.4 + 0.6 * share, f"beam search, {said}"),
    )  # fmt: skip
    if not search.beams:
        raise InspectionError("No beam finished: ask for more tokens, or fewer beams.")
    best = search.beams[0]
    beam = Continuation(
        "beam search", best.tokens, written(model, text, best.tokens), best.log_probability
    )
    return Strategies(greedy, beam, sampled, search)


def beams_of_generate(
    model: Model, text: str, beams: int, new_tokens: int, length_penalty: float = 1.0
) -> GeneratedBeam:
    """Return what `transformers`' own beam search finds, with nothing but its defaults changed."""
    ids = torch.tensor([model.encode(text)], device=model.device)
    theirs = model.network.generation_config
    # Nothing but the search: a shallow copy of the network, with the same weights, that does
    # not recommend anything (`generate` would fill in what is left out: forced tokens, n-gram
    # bans, another rule for stopping).
    network: Any = copy.copy(model.network)
    network.generation_config = GenerationConfig()
    config = GenerationConfig(
        max_new_tokens=new_tokens,
        num_beams=beams,
        do_sample=False,
        length_penalty=length_penalty,
        return_dict_in_generate=True,
        output_scores=True,
        eos_token_id=theirs.eos_token_id,
        pad_token_id=0 if theirs.pad_token_id is None else theirs.pad_token_id,
        bos_token_id=theirs.bos_token_id,
        decoder_start_token_id=theirs.decoder_start_token_id,
    )
    with torch.inference_mode():
        found = network.generate(ids, attention_mask=torch.ones_like(ids), generation_config=config)
    new = found.sequences[0, 1 if model.kind == "seq2seq" else ids.shape[1] :].tolist()
    # Shorter sequences are padded after their end token.
    ends = [place for place, token in enumerate(new) if token in end_tokens(model)]
    new = new[: ends[0] + 1] if ends else new
    scores = getattr(found, "sequences_scores", None)
    return GeneratedBeam(tuple(new), None if scores is None else float(scores[0]))


def _by_steps(
    model: Model, name: str, text: str, settings: Settings, new_tokens: int
) -> Continuation:
    taken = list(steps(model, text, settings, new_tokens))
    tokens = tuple(step.chosen.token for step in taken)
    # A probability too small for float32 counts as the smallest there is.
    log_probability = math.fsum(math.log(max(step.chosen.before, TINIEST)) for step in taken)
    return Continuation(name, tokens, written(model, text, tokens), log_probability)
