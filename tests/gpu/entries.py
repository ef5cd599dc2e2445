"""What views ask of a model beside the table of all inspections, each asked once."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from components.inspection.architecture import conv1d, einsum_bug
from components.inspection.architecture.ledger_times import times
from components.inspection.attention.maps import groups
from components.inspection.attention.scores import rule_in_words
from components.inspection.attribution import baselines, completeness
from components.inspection.attribution import pace as attribution_pace
from components.inspection.attribution.phrase import lengths
from components.inspection.attribution.question import Question, likeliest_answers, read
from components.inspection.decoding import require_writing
from components.inspection.embeddings.maps import Settings as MapSettings
from components.inspection.embeddings.other_maps import every_method, other_seed
from components.inspection.embeddings.plan import seconds_a_token
from components.inspection.embeddings.similarity import under_each_pooling
from components.inspection.embeddings.token_map import token_map
from components.inspection.kv_cache import asking, roofline, timing
from components.inspection.kv_cache.agreement import compared
from components.inspection.kv_cache.calling import calling
from components.inspection.kv_cache.described import loaded_shape
from components.inspection.kv_cache.machine import machine_of
from components.inspection.kv_cache.work import counted_shares
from components.inspection.layers.direct_attribution import answers_at
from components.inspection.layers.logit_lens_followed import token_written
from components.inspection.layers.logit_lens_states import places_of
from components.inspection.layers.residual_stream import stacks_of
from components.inspection.machine.kept import kept
from components.inspection.machine.reading import reading
from components.inspection.machine.spreadsheet import spreadsheet
from components.inspection.machine.tour import tour
from components.inspection.masking import with_mask
from components.inspection.model import Model
from components.inspection.pace import pass_seconds
from components.inspection.positions.context_extension import target, target_or_none
from components.inspection.positions.distances import biased_layers
from components.inspection.positions.extended_attention import attention_under
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.growth import growth
from components.inspection.positions.measured import position_code
from components.inspection.positions.panels import built_like_llama
from components.inspection.positions.words import said
from components.inspection.premises import NAMES, measured
from components.inspection.sampling import generation
from components.inspection.sampling.next_token import name_of
from components.inspection.sampling.perplexity import start_before, surprisals
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.several import several
from components.inspection.tokenizer import algorithm, cutting, decoding, template
from components.inspection.tokenizer.about import tokenizer_facts
from components.inspection.tokenizer.compare import tokens_per_number
from components.inspection.tokenizer.roundtrip import round_trip_of
from components.inspection.tokenizer.statistics import encode_timed, statistics_of

ROOT = Path(__file__).parents[2]
LONG = "to be, or not " * 12
"""More than the context of 64 tokens: it is read in windows."""
SETTINGS = Settings(temperature=0.8, top_k=20, top_p=0.9, repetition_penalty=1.2, seed=3)
PCA = MapSettings("PCA")
CALLS = {"inspect": 0, "stream": 0, "ask": 0, "measure": 1}
"""How a view asks of a model: `engine.inspect(what, ...)`, and the place of `what`."""


@dataclass(frozen=True)
class Entry:
    """One function, asked as its view asks."""

    function: Callable[..., Any]
    """What is named by the view."""
    run: Callable[[Model, str], Any]
    timed: bool = False


def _stretched(model: Model, text: str) -> Any:
    layer = target(model).layers[0]
    return tuple(
        attention_under(model, text, layer, 0, extension)
        for extension in (
            ContextExtension("linear", 2.0),
            ContextExtension("yarn", 3.0),
            ContextExtension("dynamic", 3.0),
        )
    )


def _written(model: Model, text: str) -> Any:
    """Greedy, drawn, and going on from a token that was taken by hand."""
    greedy = generation.steps(model, text, Settings(temperature=0.0), 3)
    drawn = generation.steps(model, text, SETTINGS, 3, (), (9, 10))
    return [*greedy], [*drawn]


def _paced(model: Model, text: str) -> Any:
    """A view asks it of what can be read alone."""
    return read(model, Question(text)).target, attribution_pace.pace(model, 8)


def _rounds(model: Model, text: str) -> Any:
    """What was counted; the seconds are the clock's."""
    *_, found = roofline.rooflines(model, text, 8, 3)
    assert found.found is not None
    return found.found.work, found.found.lengths, found.found.checks


def _kept(model: Model, text: str) -> Any:
    """As after the text's last token was written."""
    asked = reading(model, text)
    return kept(model, asked.ids, asked.target)


def _sheet(model: Model, text: str) -> Any:
    group = groups(model)[0]
    target = [9, 10] if len(model.anatomy.stacks) == 2 else None
    return spreadsheet(model, model.encode(text)[:6], target, group, 0, 0).checks


def _toured(model: Model, text: str) -> Any:
    asked = reading(model, text)
    return tour(model, asked.ids, asked.target, asked.answers, asked.place)


def _cut(model: Model, text: str) -> Any:
    encoded = cutting.encode(model, text)
    return (
        cutting.window(model, text, encoded),
        statistics_of(model, text, encoded),
        round_trip_of(model, text, encoded),
    )


def _mapped(model: Model, _text: str) -> Any:
    """By PCA, since UMAP compiles itself for seconds, and knows of no device."""
    found = token_map(model, "input", 90, PCA)
    return found, other_seed(model, "input", 90, PCA, found.places, 7)


ENTRIES = (
    Entry(surprisals, lambda m, text: (surprisals(m, LONG), surprisals(m, text, "to be", True))),
    Entry(start_before, lambda m, _: start_before(m)),
    Entry(with_mask, with_mask),
    Entry(several, lambda m, text: several(m, text, {"drawn": SETTINGS}, 2, 3)),
    Entry(decoding.decode_ids, lambda m, text: decoding.decode_ids(m, m.encode(text))),
    Entry(decoding.entries, lambda m, text: decoding.entries(m, cutting.encode(m, text))),
    Entry(generation.steps, _written),
    Entry(generation.twice, lambda m, text: generation.twice(m, text, SETTINGS, 3)),
    Entry(require_writing, lambda m, _: require_writing(m)),
    Entry(name_of, lambda m, _: [name_of(m, token) for token in (0, 5, 260)]),
    Entry(rule_in_words, lambda m, _: [rule_in_words(m, group) for group in groups(m)]),
    Entry(groups, lambda m, _: groups(m)),
    Entry(baselines.available, lambda m, _: baselines.available(m)),
    Entry(baselines.stand_ins, lambda m, _: baselines.stand_ins(m)),
    Entry(
        completeness.raise_steps,
        lambda m, text: completeness.raise_steps(m, Question(text), 0.05, 16),
    ),
    Entry(lengths, lambda m, text: lengths(m, text, "be")),
    Entry(attribution_pace.pace, _paced, timed=True),
    Entry(pass_seconds, lambda m, _: pass_seconds(m, 8) > 0),
    Entry(seconds_a_token, lambda m, _: seconds_a_token(m, 8, 4) > 0),
    Entry(under_each_pooling, lambda m, text: under_each_pooling(m, (text, "be", "or not"), None)),
    Entry(calling, lambda m, _: calling(m)),
    Entry(asking.tokens_in, asking.tokens_in),
    Entry(compared, lambda m, text: list(compared(m, text, None, 3))),
    Entry(timing.pace, lambda m, text: timing.pace(m, text, 8, 3), timed=True),
    Entry(counted_shares, lambda m, text: counted_shares(m, text, 24)),
    Entry(loaded_shape, lambda m, _: loaded_shape(m)),
    Entry(roofline.rooflines, _rounds),
    Entry(machine_of, lambda m, _: replace(machine_of(m), device_name="")),
    Entry(position_code, lambda m, _: position_code(m)),
    Entry(said, lambda m, _: said(m)),
    Entry(target_or_none, lambda m, _: target_or_none(m)),
    Entry(attention_under, _stretched),
    Entry(built_like_llama, lambda m, text: built_like_llama(m, text, 0)),
    Entry(growth, lambda m, _: list(growth(m, "ab" * 60, (ContextExtension("dynamic", 3.0),)))),
    Entry(biased_layers, lambda m, _: biased_layers(m)),
    Entry(kept, _kept),
    Entry(tour, _toured),
    Entry(spreadsheet, _sheet),
    Entry(cutting.cut, cutting.cut),
    Entry(cutting.cut_in_sentence, lambda m, _: cutting.cut_in_sentence(m, "be")),
    Entry(cutting.window, _cut, timed=True),
    Entry(statistics_of, _cut, timed=True),
    Entry(round_trip_of, _cut, timed=True),
    Entry(template.special_tokens, lambda m, _: template.special_tokens(m)),
    Entry(template.own_template, lambda m, _: template.own_template(m)),
    Entry(template.token_names, lambda m, _: template.token_names(m)),
    Entry(template.cut_chat, lambda m, text: template.cut_chat(m, f"<s>{text}")),
    Entry(algorithm.story, algorithm.story),
    Entry(algorithm.story_in_sentence, lambda m, _: algorithm.story_in_sentence(m, "be")),
    Entry(tokens_per_number, lambda m, _: tokens_per_number(m)),
    Entry(token_map, _mapped),
    Entry(other_seed, _mapped),
    Entry(every_method, lambda m, _: every_method(m, "input", 90, PCA, ("PCA", "t-SNE"))),
    Entry(tokenizer_facts, lambda m, _: tokenizer_facts(m)),
    Entry(encode_timed, lambda m, text: encode_timed(m, text).encoded.ids),
    Entry(likeliest_answers, likeliest_answers),
    Entry(answers_at, answers_at),
    Entry(token_written, lambda m, _: token_written(m, "be")),
    Entry(places_of, places_of),
    Entry(stacks_of, lambda m, _: stacks_of(m)),
    Entry(times, lambda m, text: [one.tokens for one in times(m, text)], timed=True),
    Entry(einsum_bug.of_the_model, lambda m, text: einsum_bug.of_the_model(m, text, 0)),
    Entry(conv1d.conv1ds, lambda m, _: conv1d.conv1ds(m)),
    Entry(
        conv1d.of_the_model,
        lambda m, text: [conv1d.of_the_model(m, text, path) for path in conv1d.conv1ds(m)],
    ),
)

PREMISES = tuple(
    Entry(measured, lambda m, _, name=name: measured(m, name))  # type: ignore[misc]
    for name in NAMES
)
"""With the table of inspections, all that the page of the self-check asks."""


def named(function: Callable[..., Any]) -> str:
    """Return the module and name of a function.

    >>> named(growth)
    'components.inspection.positions.growth.growth'
    """
    return f"{function.__module__}.{function.__qualname__}"


def asked_by(code: str) -> Iterator[str]:
    """Yield each function that a view's code asks of a model, by module and name.

    What a view takes as an argument and hands on is no name of a function, and is left out.
    """
    tree = ast.parse(code)
    homes: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            homes |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    given = {
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
    }
    for node in ast.walk(tree):
        place = _place(node)
        if place is not None and len(node.args) > place:  # type: ignore[attr-defined]
            for name in _functions(tree, node.args[place]):  # type: ignore[attr-defined]
                head, dot, rest = name.partition(".")
                if head not in given or head in homes:
                    yield homes.get(head, head) + dot + rest


def _place(node: ast.AST) -> int | None:
    """Return where among a call's arguments the function stands that is asked of a model."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):  # handed on by `running.started`
        return 0 if node.func.id == "inspect" else None
    if not isinstance(node.func, ast.Attribute):
        return None
    of, method = ast.unparse(node.func.value), node.func.attr
    if of == "chosen":  # a tokenizer, which may be the model's
        return 1 if method == "inspect" else None
    if of == "ask":  # a view's own
        return 0 if method in ("inspect", "measure") else None
    if of == "running":
        return 1 if method == "inspected" else None
    return CALLS.get(method) if of in ("engine", "asked", "measuring") else None


def _functions(tree: ast.Module, node: ast.expr) -> Iterator[str]:
    """Yield the names behind an argument: of `a if b else c` both, of a helper what it returns."""
    if isinstance(node, ast.IfExp):
        yield from _functions(tree, node.body)
        yield from _functions(tree, node.orelse)
    elif isinstance(node, ast.Call):
        for each in ast.walk(tree):
            if isinstance(each, ast.FunctionDef) and each.name == ast.unparse(node.func):
                for line in ast.walk(each):
                    if isinstance(line, ast.Return) and line.value is not None:
                        yield from _functions(tree, line.value)
    else:
        yield ast.unparse(node)
