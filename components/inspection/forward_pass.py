"""One forward pass, and what was asked of its inside."""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import Any, Final

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from components.inspection.anatomy import StackName
from components.inspection.edits import Edit, Editing, with_edits
from components.inspection.errors import InspectionError
from components.inspection.gathering import array_of, attention_record, places, stack_record
from components.inspection.hooks import Key, Part, hook_blocks, hook_streams, let_gradients_in
from components.inspection.model import Model, first_number
from components.inspection.recording import (
    AttentionKind,
    Recording,
)
from components.inspection.running import run
from components.inspection.softmax_tap import SoftmaxTap
from components.inspection.tap import COLLECTOR, AttentionCapture, Collector

EVERYTHING: Final[tuple[Part, ...]] = ("residual", "attention", "mlp", "logits")
MOST_BYTES: Final = 2 * 2**30
"""A recording holds at most 2 GiB: GPT-2 at its full context of 1,024 tokens fits."""


@dataclass
class Observation:
    """What a pass left behind, as tensors on the model's device."""

    inputs: dict[StackName, Int64[Tensor, "1 _token"]]
    """The ids that each stack read."""
    streams: dict[Key, Float[Tensor, "..."]]
    """As the family shapes them: most as [1, token, width]."""
    attended: list[tuple[StackName, int, AttentionKind, AttentionCapture]]
    """The attention sublayers, from the first layer up."""
    logits: Float[Tensor, "1 token vocabulary"] | Float[Tensor, "1 class"] | None
    """None unless they were asked for, or where the network has no head."""
    unseen: int
    """Calls of attention functions without a softmax."""
    leaves: list[Float[Tensor, "..."]]
    """With gradients: the embeddings that each stack was given, most as [1, token, width]."""
    written_over: bool = False
    """The network has added to some of `streams` in place, after they were had (Falcon does)."""


def record(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None = None,
    keep: Sequence[Part] = EVERYTHING,
    bare: bool = False,
    edits: Sequence[Edit] = (),
) -> Recording:
    """Let `model` read `text` (or token ids) once, and keep the parts named in `keep`.

    An encoder-decoder reads `text` in its encoder; its decoder reads its start token and then
    `target`, if there is one. The output is that of an ordinary eager pass, bit for bit, and
    nothing stays on the network, whatever happens. `bare` also tells what is added to queries
    times keys (`AttentionRecord.bare`). With `edits`, the pass goes on with what they put; what is
    recorded is what it went on with.

    Raises:
        InspectionError: the text is empty or too long for the model or for a recording, or an edit
            cannot be made.
    """
    seen = observe(model, text, target, keep, bare, edits=edits)
    last = list(seen.inputs)[-1]
    return Recording(
        source=model.source,
        stacks=tuple(
            stack_record(model, name, ids[0].tolist(), seen.streams)
            for name, ids in seen.inputs.items()
        ),
        attentions=tuple(
            with_edits(attention_record(*each, dtype=model.facts.dtype), edits, last)
            for each in seen.attended
        ),
        logits=None if seen.logits is None else array_of(seen.logits[0]),
    )


def observe(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None = None,
    keep: Sequence[Part] = EVERYTHING,
    bare: bool = False,
    gradients: bool = False,
    edits: Sequence[Edit] = (),
) -> Observation:
    """Do as `record`, and return the tensors themselves; with `gradients`, in autograd's graph.

    Raises:
        InspectionError: as `record`.
    """
    inputs = inputs_of(model, text, target)
    _check_size(model, {name: ids.shape[1] for name, ids in inputs.items()}, keep)
    whole = model.known.get("whole", not type(model.network)._can_set_attn_implementation())
    # In a graph, autograd itself refuses what was written over and is needed.
    copied = not gradients and model.known.get("written_over", False)
    seen = _pass(model, inputs, keep, bare, gradients, whole, copied, edits)
    if seen.written_over and not gradients:
        model.known["written_over"] = copied = True
        seen = _pass(model, inputs, keep, bare, gradients, whole, copied, edits)
    if "attention" in keep and not seen.attended and not whole:
        # It has the interface, and attends without it.
        seen = _pass(model, inputs, keep, bare, gradients, True, copied, edits)
        model.known["whole"] = bool(seen.attended)
    return seen


def inputs_of(
    model: Model, text: str | Sequence[int], target: str | Sequence[int] | None = None
) -> dict[StackName, Int64[Tensor, "1 _token"]]:
    """Return the ids that each stack reads, in the order in which the stacks run.

    Raises:
        InspectionError: the text is empty or too long for the model.
    """
    ids = model.encode(text) if isinstance(text, str) else model.checked(text)
    given = torch.tensor([ids], device=model.device)
    if len(model.anatomy.stacks) == 1:
        return {next(iter(model.anatomy.stacks)): given}
    if target is None:
        continuation: list[int] = []
    elif isinstance(target, str):
        continuation = model.encode_target(target)
    else:
        continuation = model.checked(target) if len(target) else []
    start = [model.decoder_start, *continuation]
    return {"encoder": given, "decoder": torch.tensor([start], device=model.device)}


def arguments_of(
    model: Model, inputs: dict[StackName, Int64[Tensor, "batch _token"]]
) -> dict[str, Any]:
    """Return what the network is called with for one plain pass over `inputs`, keeping no cache."""
    if len(inputs) == 2:
        return {
            "input_ids": inputs["encoder"],
            "decoder_input_ids": inputs["decoder"],
            "use_cache": False,
        }
    (ids,) = inputs.values()
    arguments: dict[str, Any] = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    return arguments | ({"use_cache": False} if model.takes("use_cache") else {})


def _pass(
    model: Model,
    inputs: dict[StackName, Int64[Tensor, "1 _token"]],
    keep: Sequence[Part],
    bare: bool,
    gradients: bool,
    whole: bool,
    copied: bool,
    edits: Sequence[Edit],
) -> Observation:
    collector = Collector(bare, watching="attention" in keep)
    lengths = {name: ids.shape[1] for name, ids in inputs.items()}
    editing = Editing(model, edits, collector, lengths)
    streams: dict[Key, Tensor] = {}
    versions: dict[Key, int] = {}
    leaves: list[Tensor] = []
    token = COLLECTOR.set(collector)
    try:
        with ExitStack() as hooks:
            hook_blocks(model, hooks, collector)
            editing.before(hooks)
            hook_streams(model, keep, hooks, collector, streams, copied, versions)
            editing.after(hooks)
            if gradients:
                let_gradients_in(model, hooks, collector, leaves)
            if collector.watching and whole:
                collector.whole = hooks.enter_context(SoftmaxTap(bare))
            hooks.enter_context(nullcontext() if gradients else torch.no_grad())
            output = run(model, **arguments_of(model, inputs))
    finally:
        COLLECTOR.reset(token)
    editing.require_made()
    return Observation(
        inputs,
        streams,
        list(places(model, collector)),
        getattr(output, "logits", None) if "logits" in keep else None,
        collector.unseen,
        leaves,
        any(tensor._version != versions[key] for key, tensor in streams.items()),
    )


def _check_size(model: Model, lengths: dict[StackName, int], keep: Sequence[Part]) -> None:
    size = recording_bytes(model, tuple(lengths.values()), keep)
    if size > MOST_BYTES:
        raise InspectionError(
            f"Recording {sum(lengths.values())} tokens of this model would take "
            f"{size / 2**30:.1f} GiB; the limit is {MOST_BYTES / 2**30:.0f} GiB. Shorten the text."
        )


def recording_bytes(model: Model, lengths: Sequence[int], keep: Sequence[Part]) -> int:
    """Return about how many bytes a recording of `keep` takes, never fewer.

    `lengths` are the tokens that each stack reads. Where there are two, a decoder's blocks attend
    twice, and write three times.
    """
    facts, read, crossing = model.facts, sum(lengths), len(lengths) - 1
    layers, heads, width = facts.layers, facts.heads, facts.width
    stated = first_number(model.network.config.get_text_config(), "head_dim", "d_kv")
    size = stated or max(width // heads, 1)
    numbers = sum(
        ("attention" in keep) * layers * heads * (2 * tokens + (4 + 2 * crossing) * size) * read
        + ("residual" in keep) * ((3 + crossing) * layers + 1) * width * tokens
        + ("mlp" in keep) * 4 * layers * width * tokens
        for tokens in lengths
    )
    return 4 * (numbers + ("logits" in keep) * facts.vocabulary * lengths[-1])
