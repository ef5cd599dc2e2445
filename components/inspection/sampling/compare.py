"""One text continued in three ways: greedy, beam search, sampling."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationConfig

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.decoding import end_tokens, require_writing
from components.inspection.devices import ran_out
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.noise import SEEDS, allowed
from components.inspection.premises import measured
from components.inspection.progress import Progress, silent
from components.inspection.running import RAISED
from components.inspection.sampling.beam import Beam, BeamSearch, beam_search
from components.inspection.sampling.generation import steps
from components.inspection.sampling.plain import LONGEST_CHECKED, log_shares, logits_for
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.texts import written


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
    checks: tuple[Check, ...] = ()
    """Of the probabilities; none of texts over `LONGEST_CHECKED` tokens."""

    @property
    def likeliest(self) -> tuple[str, ...]:
        """The names of those with the highest probability: of several, if they wrote one text."""
        ways = (self.greedy, self.beam, self.sampled)
        best = max(ways, key=lambda way: way.log_probability)
        return tuple(way.name for way in ways if way.tokens == best.tokens)


@dataclass(frozen=True)
class GeneratedBeam:
    """What `generate` returns as its best beam: the new tokens and their score.

    With one beam `generate` searches greedily and has no score: None.
    """

    tokens: tuple[int, ...]
    score: float | None


def passes(beams: int, new_tokens: int) -> tuple[int, int]:
    """Return how many times `strategies` lets the text be read, and single tokens, at most."""
    checked = 3 * (2 + SEEDS)
    return 2 + beams + checked, (2 + beams) * (new_tokens - 1)


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
    progress(0.0, "greedy decoding")
    greedy = _by_steps(model, "greedy decoding", text, Settings(temperature=0), new_tokens)
    progress(0.2, "sampling")
    sampled = _by_steps(model, "sampling", text, settings, new_tokens)
    search = beam_search(
        model,
        text,
        beams,
        new_tokens,
        length_penalty,
        lambda share, said: progress(0.4 + 0.5 * share, f"beam search, {said}"),
    )
    if not search.beams:
        raise InspectionError("No beam finished: ask for more tokens, or fewer beams.")
    best = search.beams[0]
    beam = Continuation(
        "beam search", best.tokens, written(model, text, best.tokens), best.log_probability
    )
    progress(0.9, "checking against plain passes")
    short = len(model.encode(text)) + new_tokens <= LONGEST_CHECKED
    checks = (_check(model, text, (greedy, beam, sampled)),) if short else ()
    return Strategies(greedy, beam, sampled, search, checks)


def _check(model: Model, text: str, ways: Sequence[Continuation]) -> Check:
    found, expected, limits = [], [], []
    for way in ways:

        def plain(tokens: tuple[int, ...] = way.tokens) -> Tensor:
            return log_shares(logits_for(model, text, tokens), tokens).sum()

        found.append(way.log_probability)
        expected.append(float(plain()))
        limits.append(allowed(model, plain) + _of_sum(model, way.log_probability, way.tokens))
    return rounding.compared(
        "each text's ln p is that of one plain pass over it",
        np.array(found),
        np.array(expected),
        np.array(limits),
        "Step by step these tokens had other probabilities than read at once.",
    )


def _of_sum(model: Model, total: float, tokens: Sequence[int]) -> float:
    """Return how far a sum of log-probabilities of float32 may be off, added up step by step."""
    each = rounding.of_log_softmax(model.rows_of_embedding, abs(total))
    return len(tokens) * (each + rounding.unit("float32") * abs(total))


def beams_of_generate(
    model: Model, text: str, beams: int, new_tokens: int, length_penalty: float = 1.0
) -> GeneratedBeam:
    """Return what `transformers`' own beam search finds, with nothing but its defaults changed.

    Raises:
        InspectionError: the text cannot be read, or `generate` fails with this model.
    """
    require_writing(model)
    ids = torch.tensor([model.encode(text)], device=model.device)
    theirs = model.network.generation_config
    two_stacks = len(model.anatomy.stacks) == 2
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
        use_cache=measured(model, "cache").holds,
        eos_token_id=sorted(end_tokens(model)) or None,
        pad_token_id=0 if theirs.pad_token_id is None else theirs.pad_token_id,
        bos_token_id=theirs.bos_token_id,
        decoder_start_token_id=model.decoder_start if two_stacks else None,
    )
    try:
        with torch.no_grad():
            found = network.generate(
                ids, attention_mask=torch.ones_like(ids), generation_config=config
            )
    except RAISED as error:
        if ran_out(error):
            raise
        said = str(error).splitlines()[0][:160] if str(error) else "no reason given"
        raise InspectionError(
            f"transformers' own beam search fails with '{model.name}': {type(error).__name__}: "
            f"{said}."
        ) from error
    new = found.sequences[0, 1 if two_stacks else ids.shape[1] :].tolist()
    # Shorter sequences are padded after their end token.
    ends = [place for place, token in enumerate(new) if token in end_tokens(model)]
    new = new[: ends[0] + 1] if ends else new
    scores = getattr(found, "sequences_scores", None)
    return GeneratedBeam(tuple(new), None if scores is None else float(scores[0]))


def check_with_generate(
    model: Model, text: str, ours: Beam, beams: int, new_tokens: int, length_penalty: float = 1.0
) -> tuple[GeneratedBeam, Check]:
    """Return what `transformers`' own beam search finds, and how far its score is from `ours`.

    Two texts of one score are a tie, which rounding decides.

    Raises:
        InspectionError: as `beams_of_generate`.
    """
    theirs = beams_of_generate(model, text, beams, new_tokens, length_penalty)

    def score(tokens: tuple[int, ...]) -> Tensor:
        total = log_shares(logits_for(model, text, tokens), tokens).sum()
        return total / len(tokens) ** length_penalty

    own = float(score(theirs.tokens)) if theirs.score is None else theirs.score
    return theirs, Check(
        f"generate(num_beams={beams}) ends with a beam of the same score",
        abs(own - ours.score),
        allowed(model, lambda: score(ours.tokens))
        + _of_sum(model, ours.log_probability, ours.tokens) / len(ours.tokens) ** length_penalty,
        "This search and transformers' own do not find the same best beam.",
    )


def _by_steps(
    model: Model, name: str, text: str, settings: Settings, new_tokens: int
) -> Continuation:
    taken = list(steps(model, text, settings, new_tokens))
    tokens = tuple(step.chosen.token for step in taken)
    log_probability = math.fsum(step.chosen.log_before for step in taken)
    return Continuation(name, tokens, written(model, text, tokens), log_probability)
