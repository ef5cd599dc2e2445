"""Direct logit attribution of a text: which answers can be asked about, and every part's term.

The terms are those of `machine.push`: what each part writes to the residual stream, times the
direction in which the logit is read off, with the last norm's scale held (Elhage et al., "A
Mathematical Framework for Transformer Circuits", 2021).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float32, Int64

from components.inspection import rounding
from components.inspection.attribution.targets import find_answer
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.machine.push import Push, push, require_sum
from components.inspection.machine.reading import Reading, reading
from components.inspection.model import Model

OFFERED: Final = 10
"""Answers that are offered at each token."""
Kind = Literal[
    "embedding", "head", "attention", "cross-attention", "MLP", "bias", "biases", "constant"
]


@dataclass(frozen=True)
class Part:
    """One part of a network that writes to the stream, or adds to a sum in another way."""

    kind: Kind
    layer: int | None = None
    head: int | None = None

    @property
    def short(self) -> str:
        """Its name on an axis.

        >>> Part("head", 2, 1).short, Part("MLP", 0).short, Part("embedding").short
        ('L2 H1', 'L0 MLP', 'embedding')
        """
        if self.layer is None:
            return self.kind
        return f"L{self.layer} " + (f"H{self.head}" if self.kind == "head" else self.kind)

    @property
    def words(self) -> str:
        """Its name in a sentence.

        >>> Part("head", 2, 1).words, Part("attention", 0).words
        ('head 1 of layer 2', 'the attention of layer 0')
        """
        if self.kind == "head":
            return f"head {self.head} of layer {self.layer}"
        if self.layer is None:
            return {"embedding": "the embedding", "biases": "the biases"}.get(
                self.kind, "constants"
            )
        name = "output bias of the attention" if self.kind == "bias" else self.kind
        return f"the {name} of layer {self.layer}"


@dataclass(frozen=True, eq=False)
class AnswersAt:
    """A text as the stack that answers reads it, and what it would answer at each token."""

    tokens: tuple[str, ...]
    place: int
    """Where the model is asked, unless another place is chosen: the last token, or the mask."""
    ids: Int64[np.ndarray, "token answer"]
    """The likeliest answers, the likeliest first."""
    names: tuple[tuple[str, ...], ...]
    """[token][answer]: theirs."""


@dataclass(frozen=True, eq=False)
class DirectAttribution:
    """What each part adds to a logit, or to the difference of two, at one token."""

    tokens: tuple[str, ...]
    place: int
    answer: str
    """Token A."""
    contrast: str | None
    """Token B; None: the logit of A by itself is taken apart."""
    ids: tuple[int, int | None]
    """Of A and B."""
    parts: tuple[Part, ...]
    terms: Float32[np.ndarray, " part"]
    """In logits; they sum to `total`. Parts that add exactly nothing are left out."""
    total: float
    """logit[A] − logit[B], or logit[A]; where the network caps its logits, before the cap."""
    likeliest: tuple[str, ...]
    logits: Float32[np.ndarray, " answer"]
    """Of the likeliest answers, as the network gave them."""
    modules: tuple[str, str | None]
    """Paths, below the base model, of the first block of the stack and of the last norm."""
    push: Push
    checks: tuple[Check, ...]

    @property
    def by_kind(self) -> dict[str, float]:
        """What the embedding, all attention, all MLPs and the constants add, in this order."""
        found = {"the embedding": 0.0, "attention": 0.0, "the MLPs": 0.0}
        for part, term in zip(self.parts, self.terms, strict=True):
            named = {"embedding": "the embedding", "MLP": "the MLPs", "constant": "constants"}
            name = named.get(part.kind, "attention")
            found[name] = found.get(name, 0.0) + float(term)
        return found


def answers_at(model: Model, text: str) -> AnswersAt:
    """Let `model` read `text` once; return what it would answer at each token.

    An encoder-decoder's decoder reads what the model would write itself.

    Raises:
        InspectionError: the text cannot be read, or the logits are not a sum over parts.
    """
    read = reading(model, text)
    require_sum(model, read.answers)
    recording = record(model, read.ids, read.target, keep=["logits"])
    stack, logits = recording.stack(read.answers), recording.logits
    if logits is None or logits.ndim != 2 or len(logits) != len(stack.tokens):
        raise InspectionError(f"The network of '{model.name}' gives no logits for each token.")
    rounding.require_numbers(logits)
    order = np.argsort(-logits, axis=1, kind="stable")[:, :OFFERED]
    names = tuple(model.token_texts(row.tolist()) for row in order)
    return AnswersAt(stack.tokens, read.place, order, names)


def direct_attribution(
    model: Model,
    text: str,
    place: int | None = None,
    answer: str | int = "",
    contrast: str | int | None = "",
) -> DirectAttribution:
    """Return what each part adds at token `place` (None: where the model is asked) to the logit of
    `answer` less that of `contrast`.

    Both by name or id; empty: the likeliest, and the likeliest of the others. Without a contrast
    (None), the logit of `answer` itself is taken apart.

    Raises:
        InspectionError: there is no such token or answer, or as `machine.push.push`.
    """
    read, there, place, toward, rather = asked(model, text, place, answer, contrast)
    found = push(model, read.ids, read.target, read.answers, place, toward, rather)
    parts, terms = zip(*_terms(found), strict=True)
    logits = record(model, read.ids, read.target, keep=["logits"]).logits
    assert logits is not None  # `asked` has seen them
    names = model.token_texts([toward] if rather is None else [toward, rather])
    stack = model.anatomy.stacks[read.answers]
    return DirectAttribution(
        tokens=there.tokens,
        place=place,
        answer=names[0],
        contrast=None if rather is None else names[1],
        ids=(toward, rather),
        parts=parts,
        terms=np.array(terms, np.float32),
        total=found.difference,
        likeliest=there.names[place],
        logits=logits[place][there.ids[place]],
        modules=(f"{stack.blocks}.0", stack.final_norm),
        push=found,
        checks=found.checks,
    )


def asked(
    model: Model, text: str, place: int | None, answer: str | int, contrast: str | int | None
) -> tuple[Reading, AnswersAt, int, int, int | None]:
    """Return what is read, what can be answered, and place and tokens that are asked about.

    Raises:
        InspectionError: there is no such token or answer.
    """
    read, there = reading(model, text), answers_at(model, text)
    place = there.place if place is None else place
    if not 0 <= place < len(there.tokens):
        raise InspectionError(
            f"There is no token {place}: there are {len(there.tokens)}, counted from 0 to "
            f"{len(there.tokens) - 1}."
        )
    likely, count = there.ids[place].tolist(), model.facts.vocabulary
    toward = likely[0] if answer == "" else find_answer(model, answer, text, count)
    if contrast is None:
        return read, there, place, toward, None
    others = [one for one in likely if one != toward]
    rather = others[0] if contrast == "" else find_answer(model, contrast, text, count)
    return read, there, place, toward, rather


def _terms(found: Push) -> Iterator[tuple[Part, float]]:
    """Yield each part and its term: the embedding, then layer by layer, the constant last."""
    yield Part("embedding"), found.embedding
    for layer in range(len(found.mlp)):
        if found.heads is None or found.attention_bias is None:
            yield Part("attention", layer), float(found.attention[layer])
        else:
            for head, term in enumerate(found.heads[layer]):
                yield Part("head", layer, head), float(term)
            if found.attention_bias[layer]:
                yield Part("bias", layer), float(found.attention_bias[layer])
        if found.cross is not None:
            yield Part("cross-attention", layer), float(found.cross[layer])
        yield Part("MLP", layer), float(found.mlp[layer])
    if found.constant:
        yield Part("constant"), found.constant
