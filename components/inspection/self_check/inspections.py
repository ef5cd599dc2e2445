"""What the views ask of a model, each once, on one text: a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.inspection.attention.bertviz import bertviz_page
from components.inspection.attention.combine import rollout, rollout_check
from components.inspection.attention.heads import probe_heads
from components.inspection.attention.maps import AttentionMaps, Group, attention_maps, groups
from components.inspection.attention.steps import attention_steps
from components.inspection.attention.value_weighted import value_weighted
from components.inspection.attention.window import Window
from components.inspection.attention.writing import writing
from components.inspection.attribution.attention_rows import attention_rows
from components.inspection.attribution.catalogue import METHODS, MethodName, MethodSettings
from components.inspection.attribution.faithfulness import curves, ranking
from components.inspection.attribution.methods import attribute
from components.inspection.attribution.phrase import attribute_phrase
from components.inspection.attribution.question import Question, read
from components.inspection.causality import last_token_changed
from components.inspection.checks import Check
from components.inspection.decoding import require_writing
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.agreement import agreement
from components.inspection.kv_cache.contents import contents
from components.inspection.kv_cache.dimensions import shape_of
from components.inspection.kv_cache.kinds import kinds
from components.inspection.kv_cache.timing import measure
from components.inspection.kv_cache.work import work
from components.inspection.model import Model
from components.inspection.positions.added import table
from components.inspection.positions.distances import biased_layers, buckets, slopes
from components.inspection.positions.order import shuffled
from components.inspection.positions.packing import packed_reading
from components.inspection.positions.rope import require_rotation
from components.inspection.positions.shift_invariance import shift_invariance
from components.inspection.positions.spectrum import compare_pairings, spectrum
from components.inspection.positions.vectors import rotated_vectors
from components.inspection.prediction import predict
from components.inspection.probe import probe_target
from components.inspection.sampling.beam import beam_search
from components.inspection.sampling.compare import check_with_generate, strategies
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.perplexity import surprisals
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.temperature import temperature_curve
from components.inspection.self_check.architecture import ARCHITECTURE
from components.inspection.self_check.embeddings import EMBEDDINGS
from components.inspection.self_check.layers import LAYERS
from components.inspection.self_check.machine import MACHINE
from components.inspection.tokenizer.cutting import encode, encoding_checks

TEXT: Final = "When Mary and John went to the shop, Mary gave a drink to"
NEW: Final = 4
"""Tokens written where something is written."""
BEAMS: Final = 3
SOON: Final = MethodSettings(samples=8)
"""Few orders of Shapley values: enough for every check, and soon done."""
TEXTS: Final = ("Mary gave John a drink.", "The dog was tired.")


@dataclass(frozen=True)
class Inspection:
    """What one view asks of a model."""

    page: str
    view: str
    run: Callable[[Model, str], Any]
    """Returns what the view would get: a result with `checks`, checks, or several of them."""
    timed: bool = False
    """It tells seconds, which are not the same twice."""


def checks_of(result: Any) -> Iterator[Check]:
    """Yield the checks in a result, in the order in which they were made."""
    if isinstance(result, Check):
        yield result
    elif isinstance(result, (tuple, list)):
        for each in result:
            yield from checks_of(each)
    elif hasattr(result, "checks"):
        yield from checks_of(result.checks)
    elif hasattr(result, "check"):
        yield from checks_of(result.check)


def _of_each_group(
    ask: Callable[[Model, str, Group], Any], only: Sequence[Group] = ("encoder", "decoder", "cross")
) -> Callable[[Model, str], Any]:
    """Ask of each kind of attention that the model has, so that the decoder's is not all."""

    def run(model: Model, text: str) -> Any:
        there = [group for group in groups(model) if group in only]
        if not there:
            raise InspectionError(f"'{model.name}' has no {' or '.join(only)} attention.")
        return tuple(ask(model, text, group) for group in there)

    return run


def _maps(model: Model, text: str, group: Group) -> AttentionMaps:
    return attention_maps(model, text, probe_target(model), group)


def _rollouts(model: Model, text: str, group: Group) -> Any:
    maps = _maps(model, text, group)
    last = maps.layers - 1
    return rollout_check(rollout(maps, last), maps, last)


def _steps(model: Model, text: str, group: Group) -> Any:
    """Every head of the last layer, and the first of every layer, from the last token."""
    maps = _maps(model, text, group)
    heads = [(layer, 0) for layer in maps.numbers]
    heads += [(maps.numbers[-1], head) for head in range(1, maps.heads)]
    target, place = probe_target(model), len(maps.readers) - 1
    return tuple(attention_steps(model, text, target, group, *head, place) for head in heads)


def _written(model: Model, text: str, group: Group) -> Any:
    *_, found = writing(model, text, NEW, group)
    return found.checks


def _bertviz(model: Model, text: str, group: Group) -> Any:
    maps = _maps(model, text, group)
    window = Window(0, len(maps.readers), 0, len(maps.read))
    return bertviz_page(
        model, text, probe_target(model), group, "model", maps.numbers[0], 0, window, dark=False
    )


def _method(name: MethodName) -> Inspection:
    return Inspection(
        "Attribution",
        METHODS[name].title,
        lambda model, text: attribute(model, Question(text), name, SOON),
    )


def _faithfulness(model: Model, text: str) -> Any:
    found = attribute(model, Question(text), "ablation", SOON)
    return curves(model, Question(text), ["ablation"], [ranking(found.scores[found.features.free])])


def _phrase(model: Model, text: str) -> Any:
    return attribute_phrase(model, text, "", NEW, "ablation")


def _layer(model: Model) -> int:
    return require_rotation(model).rotating[0]


def _buckets(model: Model, _text: str) -> Any:
    there = {stack: layers for stack, layers in biased_layers(model).items() if layers}
    if not there:
        raise InspectionError(f"'{model.name}' adds nothing to its scores for the distance.")
    return tuple(buckets(model, stack, layers[0]) for stack, layers in there.items())


def _temperatures(model: Model, text: str) -> Any:
    return temperature_curve(next_token(model, text).logits)


def _beam(model: Model, text: str) -> Any:
    best = beam_search(model, text, BEAMS, NEW).beams[0]
    return check_with_generate(model, text, best, BEAMS, NEW)[1]


def _reach(model: Model, text: str) -> Any:
    require_writing(model)
    return last_token_changed(model, text)


def _last(steps: Iterator[Any]) -> Any:
    *_, found = steps
    return found


INSPECTIONS: Final = (
    Inspection("Home", "What it says", predict),
    Inspection(
        "Tokenizer tour",
        "Tokens",
        lambda model, text: encoding_checks(model, text, encode(model, text)),
    ),
    *(Inspection("Embeddings", view, run) for view, run in EMBEDDINGS.items()),
    *(Inspection("Forward pass", view, run) for view, run in MACHINE.items()),
    Inspection("Attention", "All heads", _of_each_group(_maps)),
    Inspection(
        "Attention",
        "All heads, random tokens",
        _of_each_group(lambda model, _text, group: probe_heads(model, group).maps),
    ),
    Inspection("Attention", "One head: rollout", _of_each_group(_rollouts, ("encoder", "decoder"))),
    Inspection(
        "Attention",
        "One head: value-weighted",
        _of_each_group(
            lambda model, text, group: value_weighted(model, text, probe_target(model), group)
        ),
    ),
    Inspection("Attention", "BertViz", _of_each_group(_bertviz)),
    Inspection("Attention", "Step by step", _of_each_group(_steps)),
    Inspection("Attention", "While writing", _of_each_group(_written, ("decoder", "cross"))),
    Inspection("Attribution", "Question", lambda model, text: read(model, Question(text))),
    *(_method(name) for name in METHODS),
    Inspection("Attribution", "Faithfulness", _faithfulness),
    Inspection("Attribution", "Sequence", _phrase),
    Inspection("Attribution", "Against attention", attention_rows),
    *(Inspection("Layers", view, run) for view, run in LAYERS.items()),
    Inspection("Positions", "Frequencies", lambda model, _text: spectrum(model)),
    Inspection(
        "Positions",
        "Rotation",
        lambda model, text: rotated_vectors(model, text, _layer(model)),
    ),
    Inspection(
        "Positions",
        "Rotation of the whole",
        lambda model, text: compare_pairings(model, text, _layer(model), 0),
    ),
    Inspection(
        "Positions", "Shift invariance", lambda model, text: shift_invariance(model, text, (1, 7))
    ),
    Inspection("Positions", "Order", lambda model, text: shuffled(model, text, 0)),
    Inspection("Positions", "Packing", lambda model, _text: packed_reading(model, TEXTS)),
    Inspection("Positions", "Tables", lambda model, _text: table(model)),
    Inspection("Positions", "ALiBi", lambda model, _text: slopes(model)),
    Inspection("Positions", "Buckets", _buckets),
    *(Inspection("Architecture", view, run) for view, run in ARCHITECTURE.items()),
    Inspection("Sampling playground", "Next token", next_token),
    Inspection("Sampling playground", "Temperature", _temperatures),
    Inspection("Sampling playground", "Beam search", _beam),
    Inspection(
        "Sampling playground",
        "Strategies",
        lambda model, text: strategies(model, text, Settings(), BEAMS, NEW),
    ),
    Inspection("Sampling playground", "Perplexity", surprisals),
    Inspection("Key-value cache", "Another last token", _reach),
    Inspection(
        "Key-value cache",
        "Logits",
        lambda model, text: agreement(model, text, None, NEW),
    ),
    Inspection("Key-value cache", "Contents", lambda model, text: contents(model, text, None, NEW)),
    Inspection("Key-value cache", "Memory planner", lambda model, _text: shape_of(model)),
    Inspection("Key-value cache", "Roofline", lambda model, text: work(model, text, 8, NEW)),
    Inspection(
        "Key-value cache",
        "Cache types",
        lambda model, text: _last(kinds(model, text, 8, NEW, 1, 4)),
        timed=True,
    ),
    Inspection(
        "Key-value cache",
        "Timing",
        lambda model, text: _last(measure(model, text, 8, NEW, 1)),
        timed=True,
    ),
)
