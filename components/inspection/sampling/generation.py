"""Write on from a text, token by token, and keep why each token was taken.

A token is drawn by inverting the cumulative distribution: the tokens left are laid end to
end on a line from 0 to 1, likeliest first, each as long as its probability, and the random
number says where on the line to look. (`transformers` draws with `torch.multinomial`: the same
distribution, but another token for the same seed.)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64

from components.inspection.checks import Check
from components.inspection.decoding import Writer, end_tokens
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.sampling.processing import ProcessedLogits, process_logits
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.texts import added, names

MOST_NEW_TOKENS: Final = 200
MOST_CANDIDATES: Final = 24


@dataclass(frozen=True)
class Candidate:
    """A token that could have been taken.

    `rank` counts from 1 in what the model itself says. `before` and `after` are its
    probabilities without and with the settings; `low` to `high` is its stretch of the line
    from 0 to 1 (empty if the settings removed it). `log_before` is the natural logarithm of
    `before`, also where that is too small for a number.
    """

    token: int
    text: str
    rank: int
    before: float
    after: float
    low: float
    high: float
    log_before: float


@dataclass(frozen=True)
class Step:
    """One token, and why it was taken.

    `number`, from 0 up to 1, is the random number; None if none was used. `taken` is "drawn",
    "greedy" or "by hand". `candidates` are the likeliest `MOST_CANDIDATES` by the model, and the
    token itself. `tokens_left` and `entropy_after` (bits) describe the processed distribution,
    `entropy_before` the model's. `ended` says why writing stopped after this token, or is empty.
    """

    chosen: Candidate
    number: float | None
    taken: str
    tokens_left: int
    entropy_before: float
    entropy_after: float
    candidates: tuple[Candidate, ...]
    ended: str = ""

    def instead(self, token: int) -> "Step":
        """Return the step that takes `token`, one of the candidates, by hand.

        Raises:
            InspectionError: if `token` is not among the candidates.
        """
        for candidate in self.candidates:
            if candidate.token == token:
                return replace(self, chosen=candidate, number=None, taken="by hand", ended="")
        raise InspectionError(
            f"Token {token} is not among the {len(self.candidates)} candidates shown: "
            "choose one of them."
        )


def random_numbers(seed: int) -> Iterator[float]:
    """Yield the numbers, from 0 up to but not 1, that follow from `seed`; no other code's
    random numbers change them, and they change no one else's.

    >>> list(islice(random_numbers(7), 2)) == list(islice(random_numbers(7), 2))
    True
    """
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield float(torch.rand((), generator=generator, dtype=torch.float64))


def first_number(seed: int) -> float:
    """Return the number that the first token after a text is drawn with."""
    return next(random_numbers(seed))


def steps(
    model: Model,
    text: str,
    settings: Settings,
    new_tokens: int,
    stops: tuple[str, ...] = (),
    taken: tuple[int, ...] = (),
) -> Iterator[Step]:
    """Yield up to `new_tokens` steps that follow `text` and then the ids `taken`.

    The n-th token after `text` uses the n-th random number of the seed, so a branch that
    leaves at n goes on with the numbers it would have had. Writing ends early with an end
    token, when the text written since `text` contains one of `stops`, or when the context is
    full. `model.network` runs once per step; nothing else is shared with other generations.

    Raises:
        InspectionError: if the text cannot be read, the model does not write, or `new_tokens`
            is out of its range.
    """
    if not 1 <= new_tokens <= MOST_NEW_TOKENS:
        raise InspectionError(
            f"{new_tokens} new tokens were asked for, but from 1 to {MOST_NEW_TOKENS} can be "
            f"written at a time: choose a number from 1 to {MOST_NEW_TOKENS}."
        )
    writer = Writer(model, text)
    ids = [*writer.start, *taken]
    numbers = islice(random_numbers(settings.seed), len(taken), None)
    ends = end_tokens(model)
    unread = ids
    for count in range(1, new_tokens + 1):
        logits = writer.logits([unread])[0].numpy()
        number = None if settings.greedy else next(numbers)
        step = choose(model, process_logits(logits, ids, settings), number)
        ids = [*ids, step.chosen.token]
        unread = ids[-1:]
        ended = _why_it_ends(model, ids, len(writer.start), stops, ends)
        if not ended and writer.room < 1:
            ended = f"the context of {model.context} tokens is full"
        if not ended and count == new_tokens:
            ended = f"{new_tokens} tokens were asked for"
        yield replace(step, ended=ended)
        if ended:
            return


@dataclass(frozen=True, eq=False)
class Twice:
    """The beginning of one text, written twice with the same settings and seed.

    `steps` are those of the first time; `differ` counts the tokens that were others the second.
    """

    steps: tuple[Step, ...]
    differ: int

    @property
    def checks(self) -> tuple[Check, ...]:
        """That the seed decides, and nothing else."""
        return (
            Check(
                "written a second time with the same seed, the text is the same",
                self.differ,
                0,
                "Something besides the seed decides which token is drawn.",
            ),
        )


def twice(model: Model, text: str, settings: Settings, new_tokens: int) -> Twice:
    """Write up to `new_tokens` after `text`, and once more from the beginning.

    Raises:
        InspectionError: as `steps`.
    """
    first, second = (tuple(steps(model, text, settings, new_tokens)) for _ in range(2))
    pairs = zip_longest(
        (step.chosen.token for step in first), (step.chosen.token for step in second)
    )
    return Twice(first, sum(one != other for one, other in pairs))


def first_drawn(
    logits: Float32[np.ndarray, " vocabulary"], history: Sequence[int], settings: Settings
) -> int:
    """Return the token that the seed's first number falls on, or the likeliest if it is greedy."""
    order, highs = _line(shaped := process_logits(logits, history, settings))
    number = None if settings.greedy else first_number(settings.seed)
    return int(order[_place(shaped, highs, number)])


def _line(
    processed: ProcessedLogits,
) -> tuple[Int64[np.ndarray, " vocabulary"], Float64[np.ndarray, " vocabulary"]]:
    """Return the tokens in the order in which they lie on the line, and where each one ends."""
    after = processed.after.astype(np.float64)
    # Of equals the higher id comes first, as in the browser's live playground.
    order = len(after) - 1 - np.argsort(-after[::-1], kind="stable")
    highs = np.cumsum(after[order])
    return order, highs / highs[-1]


def _place(
    processed: ProcessedLogits, highs: Float64[np.ndarray, " vocabulary"], number: float | None
) -> int:
    place = 0 if number is None else int(np.searchsorted(highs, number, side="right"))
    # Tokens of probability 0 have an empty stretch at the end of the line.
    return min(place, int(np.count_nonzero(processed.after)) - 1)


def choose(model: Model, processed: ProcessedLogits, number: float | None) -> Step:
    """Take the token at `number` on the line of `processed`, or the likeliest if it is None."""
    order, highs = _line(processed)
    token = int(order[_place(processed, highs, number)])
    by_model = np.argsort(-processed.before, kind="stable")
    shown = by_model[:MOST_CANDIDATES].tolist()
    shown += [token] if token not in shown else []
    place_of = np.empty_like(order)
    place_of[order] = np.arange(len(order))

    def candidate(each: int, label: str) -> Candidate:
        at = int(place_of[each])
        return Candidate(
            token=each,
            text=label,
            rank=1 + int((processed.before > processed.before[each]).sum()),
            before=float(processed.before[each]),
            after=float(processed.after[each]),
            low=float(highs[at - 1]) if at else 0.0,
            high=float(highs[at]),
            log_before=float(processed.log_before[each]),
        )

    candidates = tuple(
        candidate(each, label) for each, label in zip(shown, names(model, shown), strict=True)
    )
    return Step(
        chosen=next(each for each in candidates if each.token == token),
        number=number,
        taken="greedy" if number is None else "drawn",
        tokens_left=processed.stages[-1].tokens,
        entropy_before=processed.stages[0].entropy,
        entropy_after=processed.stages[-1].entropy,
        candidates=candidates,
    )


def _why_it_ends(
    model: Model, ids: list[int], start: int, stops: tuple[str, ...], ends: frozenset[int]
) -> str:
    if ids[-1] in ends:
        return "the model wrote its end token"
    if stops:
        text = added(model, ids[:start], ids[start:])
        for stop in stops:
            if stop and stop in text:
                return f"the text contains “{stop}”"
    return ""
