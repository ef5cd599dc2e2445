"""Written on with a cache, a network says what it says without one."""

from collections.abc import Callable

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from components.inspection.checks import Check
from components.inspection.decoding import CACHE_WAYS, CacheWay, Decoder, require_writing
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of
from components.inspection.kv_cache.held import kept, own_layers
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.premises import Premise
from components.inspection.premises.answers import allowed_rows, answer, probe_answer
from components.inspection.probe import probe_ids
from components.inspection.running import NetworkError

STEPS = 4
SAYS = "with a cache the logits are those without"


def cache(model: Model) -> Premise:
    """Cached logits are the uncached ones; how the network is told where to go on is found out."""
    try:
        require_writing(model)
    except InspectionError as error:
        return Premise("cache", Check(SAYS, float("nan"), 0.0), str(error), claimed=False)
    best: Check | None = None
    decoder, fed = _texts(model)
    bare, allowed = _without(decoder, fed)
    for way in CACHE_WAYS:
        found = _tried(decoder, fed, way, bare, allowed)
        if best is None or found.holds or found.error < best.error:
            best = found
        if found.holds:
            model.known["cache way"] = way
            break
    assert best is not None
    otherwise = (
        f"'{model.name}' keeps something from step to step, but what it says with that is not "
        "what it says without: as it is called here, its cache cannot be trusted."
        if best.holds or _keeps(model)
        else f"'{model.name}' leaves nothing in a cache of keys and values: as it is called "
        "here, it knows from one step to the next only what it is given again."
    )
    return Premise(
        "cache",
        best,
        f"{otherwise} Texts are read anew for each token instead.",
        claimed=model.anatomy.named,
    )


def _keeps(model: Model) -> bool:
    """Say whether a text leaves any number in the cache."""
    decoder = Decoder(model, probe_ids(model))
    kept_there = decoder.new_cache()
    try:
        decoder.prefill(kept_there)
    except NetworkError:
        return True  # so it is that which is not understood
    return any(kept(layer) for layer in own_layers(kept_there))


def _texts(model: Model) -> tuple[Decoder, Int64[Tensor, "1 step"]]:
    """Return a text to go on from, and what is fed after it: of an encoder-decoder, to its
    decoder."""
    ids = probe_ids(model)
    decoder = Decoder(model, ids[:-STEPS] or ids[:1])
    return decoder, torch.tensor([ids[-STEPS:]], device=model.device)


def _without(
    decoder: Decoder, fed: Int64[Tensor, "1 step"]
) -> tuple[Float64[Tensor, "row vocabulary"], Callable[[], float]]:
    """Return the logits behind the text and behind each token fed, by one pass without a cache,
    and what measures how far rounding may move them."""
    model, rows = decoder.model, fed.shape[1] + 1
    whole = torch.cat([decoder.begin, fed], dim=1)
    if whole[0].tolist() == probe_ids(model):
        bare = probe_answer(model).numbers[0, -rows:]
        return bare.double(), lambda: allowed_rows(model, rows)
    stacks = list(model.anatomy.stacks)
    inputs = dict(zip(stacks, (decoder.read, whole)[-len(stacks) :], strict=True))

    def read() -> Tensor:
        return answer(model, arguments_of(model, inputs))[0, -rows:]

    bare = read()
    return bare, lambda: allowed(model, read, bare)


def _tried(
    decoder: Decoder,
    fed: Int64[Tensor, "1 step"],
    way: CacheWay,
    bare: Float64[Tensor, "row vocabulary"],
    allowed: Callable[[], float],
) -> Check:
    past = decoder.begin.shape[1]
    try:
        kept = decoder.new_cache()
        decoder.prepare()
        steps = [decoder.onward(decoder.begin, kept, 0, way)]
        for place in range(fed.shape[1]):
            steps.append(decoder.onward(fed[:, place : place + 1], kept, past + place, way))
    except NetworkError:
        return Check(SAYS, float("nan"), 0.0)
    error = float((torch.cat(steps).double() - bare).abs().max())
    return Check(SAYS, error, allowed() if error else 0.0)
