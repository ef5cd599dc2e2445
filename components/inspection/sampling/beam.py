"""Beam search, with every continuation it weighed kept as a tree.

The search is that of `transformers` `generate(num_beams=...)` with its defaults (a heuristic
early stop), whose live candidates cannot be seen from outside. Source: Graves 2012
(arXiv:1211.3711) for the search, Wu et al. 2016 (arXiv:1609.08144) for the length penalty.
"""

from dataclasses import dataclass, replace
from typing import Final

import torch
from jaxtyping import Float32
from torch import Tensor

from components.inspection.decoding import Writer, end_tokens
from components.inspection.distribution import checked_logits
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.sampling.texts import names

MOST_BEAMS: Final = 8
MOST_BEAM_TOKENS: Final = 40
ROOT: Final = -1


@dataclass(frozen=True)
class BeamNode:
    """A continuation that was weighed.

    `parent` is the node it continues (`ROOT` for the text itself); `depth` counts from 1.
    `log_probability` (natural logarithm, at most 0) is summed over the tokens from the root.
    `fate` is "kept" (a beam went on from here), "dropped" (others were likelier), or
    "finished" (an end token, or as many tokens as were asked for).
    """

    parent: int
    depth: int
    token: int
    text: str
    log_probability: float
    fate: str


@dataclass(frozen=True)
class Beam:
    """A finished sequence: its last node in the tree, its tokens, and its score, which is the
    log-probability divided by (number of tokens) ** (length penalty)."""

    node: int
    tokens: tuple[int, ...]
    texts: tuple[str, ...]
    log_probability: float
    score: float


@dataclass(frozen=True)
class BeamSearch:
    """All nodes that were weighed, parents before children, and the best beams, best first."""

    nodes: tuple[BeamNode, ...]
    beams: tuple[Beam, ...]


def beam_search(
    model: Model,
    text: str,
    beams: int,
    new_tokens: int,
    length_penalty: float = 1.0,
    progress: Progress = silent,
) -> BeamSearch:
    """Let `model` write up to `new_tokens` after `text`, keeping the `beams` likeliest ways.

    Raises:
        InspectionError: if `beams`, `new_tokens` or the penalty is out of range, or the text
            cannot be read or does not leave room for so many tokens.
    """
    _check(beams, new_tokens, length_penalty)
    writer = Writer(model, text, rows=beams)
    if len(writer.start) + new_tokens > model.context:
        raise InspectionError(
            f"The text takes {len(writer.start)} of the {model.context} tokens that this model "
            f"reads, so {new_tokens} new ones do not fit: shorten the text or ask for fewer."
        )
    ends = end_tokens(model)
    weighed = max(2, 1 + len(ends)) * beams
    search = _Search(beams, length_penalty)
    unread = [writer.start] * beams
    for depth in range(1, new_tokens + 1):
        progress((depth - 1) / new_tokens, f"token {depth} of {new_tokens}")
        logits = writer.logits(unread)
        for row in logits.numpy():
            checked_logits(row)
        log_probabilities = torch.log_softmax(logits, dim=-1)
        rows, tokens = search.weigh(log_probabilities, weighed)
        last = depth == new_tokens
        kept = search.keep(
            depth, rows, tokens, {token for token in tokens if last or token in ends}
        )
        if last or not search.can_improve(depth):
            break
        writer.reorder([rows[place] for place in kept])
        unread = [[tokens[place]] for place in kept]
    return search.result(model)


class _Search:
    """The running beams, and what has finished."""

    def __init__(self, beams: int, length_penalty: float):
        self.beams = beams
        self.length_penalty = length_penalty
        self.nodes: list[BeamNode] = []
        self.running = [ROOT] * beams
        # All beams start equal: only the first may continue, or all would do the same.
        self.scores = torch.tensor([0.0] + [-1e9] * (beams - 1))
        self.finished: list[tuple[float, int]] = []
        self.improving = True

    def weigh(
        self, log_probabilities: Float32[Tensor, "batch vocabulary"], count: int
    ) -> tuple[list[int], list[int]]:
        """Rank all continuations; return beam and token of the best `count`, best first."""
        total = (log_probabilities + self.scores[:, None]).flatten()
        best = total.topk(count)
        self.totals = best.values
        size = log_probabilities.shape[1]
        return (best.indices // size).tolist(), (best.indices % size).tolist()

    def keep(self, depth: int, rows: list[int], tokens: list[int], ending: set[int]) -> list[int]:
        """Note all continuations; go on with the best that do not end; return their places."""
        first = len(self.nodes)
        ends = torch.tensor([token in ending for token in tokens])
        running = self.totals + ends * -1e9
        kept = running.topk(self.beams).indices.tolist()
        for place, (row, token) in enumerate(zip(rows, tokens, strict=True)):
            total = float(self.totals[place])
            fate = "kept" if place in kept and not ends[place] else "dropped"
            if ends[place] and place < self.beams and self.improving:
                self.finished.append((total / depth**self.length_penalty, first + place))
                fate = "finished"
            self.nodes.append(BeamNode(self.running[row], depth, token, "", total, fate))
        self.finished = sorted(self.finished, reverse=True)[: self.beams]
        self.running = [first + place for place in kept]
        self.scores = running[kept]
        return kept

    def can_improve(self, depth: int) -> bool:
        """Say whether the best running beam could still beat the worst finished one.

        This is the rule of `early_stopping=False`, which judges by the present length.
        """
        best = float(self.scores[0]) / depth**self.length_penalty
        full = len(self.finished) == self.beams
        self.improving = not full or best > self.finished[-1][0]
        return self.improving

    def result(self, model: Model) -> BeamSearch:
        # While fewer beams than tokens exist (a vocabulary smaller than the beams), places are
        # filled by continuations of nothing, at -1e9: they are not real.
        real = {i for i, node in enumerate(self.nodes) if node.log_probability > -1e8}
        number = {old: new for new, old in enumerate(sorted(real))} | {ROOT: ROOT}
        texts = names(model, [node.token for node in self.nodes])
        nodes = tuple(
            replace(self.nodes[i], parent=number[self.nodes[i].parent], text=texts[i])
            for i in sorted(real)
        )
        beams = []
        for score, old in self.finished:
            if old in real:
                path = _path(nodes, number[old])
                beams.append(
                    Beam(
                        node=path[-1],
                        tokens=tuple(nodes[each].token for each in path),
                        texts=tuple(nodes[each].text for each in path),
                        log_probability=nodes[path[-1]].log_probability,
                        score=score,
                    )
                )
        return BeamSearch(nodes, tuple(beams))


def _path(nodes: tuple[BeamNode, ...], node: int) -> list[int]:
    found = []
    while node != ROOT:
        found.append(node)
        node = nodes[node].parent
    return found[::-1]


def _check(beams: int, new_tokens: int, length_penalty: float) -> None:
    for name, value, low, high in (
        ("The number of beams", beams, 1, MOST_BEAMS),
        ("The number of new tokens", new_tokens, 1, MOST_BEAM_TOKENS),
        ("The length penalty", length_penalty, -2, 4),
    ):
        if not low <= value <= high:
            raise InspectionError(
                f"{name} is {value}, but must be from {low} to {high}: choose one in between."
            )
