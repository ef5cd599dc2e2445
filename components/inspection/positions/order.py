"""Shuffle the tokens: which outputs change? With positions and without, with a mask and without.

Attention by itself treats its input as a set (Vaswani et al., 2017, 3.5): without positions and
without a causal mask a token's output is the same wherever it stands.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.anatomy import part
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions import twin as twins
from components.inspection.positions.rope import inputs_of, layers_of, rotates
from components.inspection.progress import Progress, silent

MOST_TOKENS: Final = 256


@dataclass(frozen=True)
class Condition:
    """What is left to the model to tell the order by."""

    positions: bool
    mask: bool | None
    """Whether the causal mask is on; None where the model has none."""


@dataclass(frozen=True, eq=False)
class Shuffled:
    """How much each token's output changed when the tokens were shuffled."""

    tokens: tuple[str, ...]
    order: tuple[int, ...]
    """Which token stands at each place after shuffling."""
    conditions: tuple[Condition, ...]
    change: NDArray[np.float32]
    """[condition, token]: length of the change over the length of the output, 0 is none."""


def shuffled(model: Model, text: str, seed: int, progress: Progress = silent) -> Shuffled:
    """Let twins of `model` read `text` and a shuffled `text`; compare each token's last vector.

    Special tokens stay where they are. Seed 0 turns the order around. An encoder-decoder is
    represented by its encoder.

    Raises:
        InspectionError: the text is too long, or too short to be shuffled.
    """
    ids = model.encode(text)
    if len(ids) > MOST_TOKENS:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; at most {MOST_TOKENS} are shuffled here."
        )
    order = _order(model, ids, seed)
    there = [ids[place] for place in order]
    causal = model.kind == "causal"
    conditions = [
        Condition(positions, mask)
        for positions in (True, False)
        for mask in ((True, False) if causal and model.watched else (True,) if causal else (None,))
    ]
    rows = []
    for done, condition in enumerate(conditions):
        progress(done / len(conditions), "Reading it in order, and shuffled")
        read = twins.twin(model) if condition.positions else without_positions(model)
        before, after = (_outputs(read, each, condition) for each in (ids, there))
        change = np.linalg.norm(before[list(order)] - after, axis=1)
        row = np.empty(len(ids), dtype=np.float32)
        row[list(order)] = change / np.linalg.norm(before[list(order)], axis=1)
        rows.append(row)
    return Shuffled(model.token_texts(ids), tuple(order), tuple(conditions), np.stack(rows))


def _order(model: Model, ids: list[int], seed: int) -> list[int]:
    special = set(model.tokenizer.all_special_ids)
    free = [place for place, token in enumerate(ids) if token not in special]
    if len({ids[place] for place in free}) < 2:
        raise InspectionError("There is nothing to shuffle: write at least two different words.")
    mixed = free[::-1]
    if seed:
        mixed = np.random.default_rng(seed).permutation(free).tolist()
    order = list(range(len(ids)))
    for place, token in zip(free, mixed, strict=True):
        order[place] = token
    return order


def without_positions(model: Model) -> Model:
    """Return a twin of `model` that cannot tell positions apart but by a causal mask.

    Raises:
        InspectionError: the family marks positions in a way that Vitrine cannot switch off.
    """
    if rotates(model):
        return twins.without_rotation(model)
    other, kind = twins.twin(model), model.anatomy.position
    base = other.network.base_model
    if model.anatomy.position_table is not None:
        tables = [model.anatomy.position_table]
        if model.kind == "seq2seq":
            tables.append(tables[0].replace("encoder.", "decoder."))
        for path in tables:
            module: Any = part(base, path)
            one = module.weight[-1:].expand_as(module.weight).clone()
            module.weight = torch.nn.Parameter(one, requires_grad=False)
    elif kind == "alibi":
        for block in layers_of(other):
            _without_bias(block)
    elif kind == "relative":
        for module in base.modules():
            table: Any = getattr(module, "relative_attention_bias", None)
            if table is not None:
                none = torch.zeros_like(table.weight)
                table.weight = torch.nn.Parameter(none, requires_grad=False)
    else:
        raise InspectionError(
            f"Vitrine does not know how {model.source} marks positions, so it cannot switch "
            "them off."
        )
    return other


def _without_bias(block: Any) -> None:
    own = block.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        for name in ("alibi", "position_bias"):
            if isinstance(kwargs.get(name), torch.Tensor):
                kwargs[name] = torch.zeros_like(kwargs[name])
        return own(*args, **kwargs)

    block.forward = forward


def _outputs(model: Model, ids: list[int], condition: Condition) -> NDArray[np.float32]:
    inputs = inputs_of(model, ids)
    if condition.mask is False:
        length = len(ids)
        inputs["attention_mask"] = torch.zeros(
            1, 1, length, length, dtype=model.dtype, device=model.device
        )
        # OPT counts positions by its mask, which now has no row to count.
        inputs["position_ids"] = torch.arange(length, device=model.device)[None]
    network = model.network.get_encoder() if model.kind == "seq2seq" else model.network.base_model
    with torch.no_grad():
        found = network(**inputs).last_hidden_state[0]
    return found.float().cpu().numpy()
