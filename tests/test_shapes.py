"""Shapes and number formats of the inspection layer's arrays: stated, checked, one name an axis.

The annotations are checked at run time in every test (`tests/conftest.py`): arguments and results
of all functions, fields of all dataclasses, and axes of one name are equally long within one call.
"""

import ast
import dataclasses
import importlib
import pkgutil
import re
import subprocess
import sys

import jaxtyping
import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

import components.inspection
from components.inspection import distribution, rounding
from components.inspection.attention.patterns import reach
from components.inspection.attention.toy import toy_attention
from components.inspection.attribution.faithfulness import area
from components.inspection.decoding import Decoder
from components.inspection.positions.rotation import formula, rotated
from components.inspection.recording import AttentionRecord, StackRecord
from tests.wheels import ROOT

LAYER = ROOT / "components" / "inspection"
AXES = {
    "answer": "a token of the vocabulary or a class, whichever the model answers with",
    "around": "a row of the table beside that of a token",
    "asked": "a query of a search",
    "axes": "any leading axes, which the result has too",
    "band": "a quarter of a rotation's pairs",
    "batch": "a text, or a beam, of those read side by side",
    "bin": "a bin of a chi-square test",
    "boundary": "before the first block, between two, and behind the last: layer + 1",
    "byte": "a byte of a text in UTF-8",
    "class": "a class of a classifier",
    "cluster": "a cluster of sentences, noise among them",
    "coalition": "a set of features that are there",
    "column": "a column of a matrix or table",
    "component": "a number that is left of a vector",
    "condition": "what is left to a model to tell the order of words by",
    "curve": "one of several curves over the same points",
    "dimension": "a number of dimensions",
    "distance": "a distance of two tokens",
    "divisor": "a number that scores are divided by",
    "edge": "an edge of a bin",
    "edited": "a token whose row of a pass is changed",
    "equal": "a token whose score is that of others",
    "expert": "an expert of a mixture",
    "extension": "a method of context extension",
    "feature": "a piece of the text: a token, word or sentence",
    "found": "a sentence that has a word of the query",
    "free": "a feature that is scored; the others are held fixed",
    "head": "a query head",
    "held": "a sentence that a classifier is graded on",
    "inputs": "a number that goes into a matrix",
    "kept": "a token that the settings left",
    "key": "a token that may be attended to",
    "key_or_sink": "a key token, and in families with a learned sink one more",
    "kind": "what a sentence is known to be about",
    "kv_head": "a key-value head",
    "label": "a label that a sentence may take",
    "layer": "a block, of those that have what is told",
    "lens": "the logit lens, or one that was fitted",
    "least": "how many sentences a cluster has at least",
    "length": "a number of tokens, or of bytes",
    "near": "a near neighbour, the nearest first",
    "neuron": "a number within an MLP",
    "normed": "a number that a norm scales",
    "number": "one of a few numbers that a reader typed",
    "occurrence": "a place where a word stands, in one of several sentences",
    "order": "an order in which features go or come",
    "order_pair": "an order and its reverse",
    "outputs": "a number that comes out of a matrix",
    "pair": "two numbers of a head's vector that are turned together",
    "pair_drawn": "a pair of vectors that was drawn at random",
    "pair_of_sentences": "two of the sentences that are compared",
    "part": "what wrote to the stream: the embedding, a head, an attention, an MLP, biases",
    "phrase": "a token of the phrase that is explained",
    "piece": "a part of a text that is tokenized by itself",
    "place": "a place in a text that is compared with others",
    "point": "a point of a curve or of a random sample",
    "position": "a position in a text, from 0",
    "query": "a token that attends",
    "query_key_pair": "a query and a key",
    "ranking": "an order of the features by their scores",
    "repeat": "one time of several that the same was measured",
    "row": "a row of a matrix or table",
    "scored": "a token whose loss counts",
    "seed": "a seed of UMAP",
    "sentence": "a sentence of those that are compared",
    "shift": "by how many positions a text was moved",
    "shown": "one of those that are drawn",
    "side": "the query's or the key's",
    "sink": "a learned sink: one or none",
    "size": "a number of a head's query or key",
    "slot": "one of the experts that a token goes through, the most probable first",
    "space": "where clusters are looked for: after UMAP, or among all numbers",
    "stage": "the table of embeddings, then each boundary",
    "statistic": "a mean or percentile",
    "sum": "a sum on the way of the stream",
    "step": "a token that was written, or is read at its turn",
    "table_width": "a number of a row of the table, where hidden states may be wider",
    "temperature": "one of several temperatures",
    "term": "a term of a sum",
    "threshold": "a share of the largest output, up to which one is called silent",
    "token": "a token of the text",
    "train": "a sentence that a classifier learns from",
    "trial": "one try of several",
    "value": "what a game gives to a coalition: a number, or an array",
    "value_size": "a number of a head's value",
    "vector": "one of several vectors",
    "vocabulary": "a token of the vocabulary",
    "way": "with a cache, and without",
    "width": "a number of a hidden state",
}
"""Every axis name that an annotation may use: one thing has one name.

Written before it: `#` the axis may be 1 and broadcast, `*` it stands for several axes, `_` its size
is not compared (entries of a tuple may differ)."""
EXCEPTIONS: dict[str, str] = {}
"""Annotations and names of types for arrays that state no axes, and why."""
NOT_HOOKED: dict[str, str] = {}
"""Modules of the layer whose functions are not checked, and why."""


def modules() -> list[str]:
    """Return the names of all modules of the layer."""
    package = components.inspection
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [package.__name__, *(each.name for each in found)]


def sources() -> dict[str, ast.Module]:
    """Return the parsed files of the layer."""
    return {
        path.relative_to(LAYER).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(LAYER.rglob("*.py"))
    }


@pytest.mark.parametrize("name", modules())
def test_every_module_is_checked_in_the_test_run(name):
    loader = type(importlib.import_module(name).__spec__.loader).__module__
    assert (loader == "jaxtyping._import_hook") == (name not in NOT_HOOKED)


def test_a_transposed_array_is_refused():
    curves, places = np.array([[4, 2, 0]], np.float32), np.array([0, 1, 2], np.int32)
    assert area(curves, places) == [2]
    with pytest.raises(TypeCheckError, match="places"):
        area(curves.T, places)


def test_an_array_of_another_number_format_is_refused():
    vectors, position = np.ones((2, 8), np.float32), np.float32(3)
    assert rotated(vectors, position, formula(8)).dtype == np.float32
    with pytest.raises(TypeCheckError, match="vectors"):
        rotated(vectors.astype(np.float64), position, formula(8))


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(TypeCheckError, match="expected"):
        rounding.compared("", np.zeros((2, 3)), np.zeros((1, 3)), 0.0)
    with pytest.raises(TypeCheckError, match="allowed"):
        reach(np.ones((2, 3), bool), 1)


def test_a_method_s_tensor_of_another_rank_is_refused(tiny_causal):
    decoder = Decoder(tiny_causal, [1, 2, 3])
    with pytest.raises(TypeCheckError, match="ids"):
        decoder.without(torch.tensor([1, 2, 3]))


@pytest.mark.parametrize(
    "wrong",
    [lambda good: good[None], lambda good: good[:-1], lambda good: good.astype(np.float32)],
    ids=["rank", "size", "number format"],
)
def test_a_result_of_another_shape_or_number_format_is_refused(monkeypatch, wrong):
    logits = np.array([1, 2, 3], np.float32)
    assert distribution.shares_of(logits).shape == (3,)
    softmax = distribution.softmax
    monkeypatch.setattr(distribution, "softmax", lambda numbers: wrong(softmax(numbers)))
    with pytest.raises(TypeCheckError, match="return value"):
        distribution.shares_of(logits)


def attention_record() -> AttentionRecord:
    """Return one of 4 query heads and 2 key-value heads, 3 query tokens and 5 key tokens."""
    numbers = {
        "queries": (4, 3, 6),
        "keys": (2, 5, 6),
        "values": (2, 5, 7),
        "scores": (4, 3, 5),
        "weights": (4, 3, 5),
        "outputs": (4, 3, 7),
    }
    zeros = {name: np.zeros(shape, np.float32) for name, shape in numbers.items()}
    return AttentionRecord(stack="decoder", layer=0, kind="cross", **zeros)


@pytest.mark.parametrize(
    ("field", "shape"),
    [
        ("queries", (4, 2, 6)),
        ("keys", (2, 4, 6)),
        ("keys", (2, 5, 7)),
        ("values", (3, 5, 7)),
        ("weights", (4, 5, 3)),
        ("outputs", (4, 3, 6)),
        ("bare", (4, 3, 6)),
    ],
)
def test_a_result_whose_fields_do_not_agree_is_refused(field, shape):
    with pytest.raises(TypeCheckError, match=field):
        dataclasses.replace(attention_record(), **{field: np.zeros(shape, np.float32)})


def test_streams_of_another_text_are_refused():
    stream = np.zeros((2, 5, 8), np.float32)
    good = StackRecord("decoder", (0,) * 5, ("a",) * 5, stream, stream[1:], None, None, None)
    with pytest.raises(TypeCheckError, match="mlp_writes"):
        dataclasses.replace(good, mlp_writes=stream[1:, :4])


def test_matrices_that_a_reader_writes_are_refused_in_words():
    """What does not fit together there is no fault of the code: an `InspectionError` says so."""
    with pytest.raises(components.inspection.InspectionError, match="as many numbers"):
        toy_attention(np.ones((2, 2)), np.ones((2, 3)), np.ones((2, 2)))


def annotations(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """Return each annotation of a public field, parameter or result of a file, and whose it is.

    The types that a file gives names to are among them.
    """
    found: list[tuple[str, ast.expr]] = []

    def public(name: str) -> bool:
        return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))

    def walk(body: list[ast.stmt], inside: str) -> None:
        for node in body:
            match node:
                case ast.FunctionDef() if public(node.name):
                    arguments = node.args
                    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
                    every += [each for each in (arguments.vararg, arguments.kwarg) if each]
                    name = inside + node.name
                    found.extend((f"{name}({a.arg})", a.annotation) for a in every if a.annotation)
                    if node.returns:
                        found.append((f"{name} ->", node.returns))
                case ast.ClassDef() if public(node.name):
                    walk(node.body, f"{inside}{node.name}.")
                case ast.AnnAssign(target=ast.Name(id=name)) if public(name):
                    found.append((inside + name, node.annotation))
                case ast.Assign(targets=[ast.Name(id=name)]) if not inside and public(name):
                    if isinstance(node.value, (ast.Subscript, ast.BinOp)):
                        found.append((name, node.value))

    walk(tree.body, "")
    return found


def axes(node: ast.AST) -> str | None:
    """Return the axes that `node` states, if it is an array's type by jaxtyping."""
    match node:
        case ast.Subscript(
            value=ast.Name(id=format_), slice=ast.Tuple(elts=[_, ast.Constant(value=str(stated))])
        ):
            return stated if format_ in jaxtyping.__dict__ else None
    return None


def bare(node: ast.AST) -> bool:
    """Say whether `node` names an array's type without its axes anywhere."""
    if axes(node) is not None:
        return False
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(re.search(r"NDArray|ndarray|Tensor", node.value))
    if isinstance(node, (ast.Name, ast.Attribute)):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return name in ("NDArray", "ndarray", "Tensor")
    return any(bare(child) for child in ast.iter_child_nodes(node))


def test_every_array_states_its_axes():
    found = {
        f"{path}: {name}"
        for path, tree in sources().items()
        for name, annotation in annotations(tree)
        if bare(annotation)
    }
    assert found == set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f(x: np.ndarray): ...", ["f(x)"]),
        ("def f() -> tuple[Tensor, int] | None: ...", ["f ->"]),
        ("class A:\n    x: NDArray[np.float32]", ["A.x"]),
        ("class A:\n    def f(self, *, x: 'torch.Tensor'): ...", ["A.f(x)"]),
        ("Array = NDArray[np.float32]", ["Array"]),
        ("def f(run: Callable[[], Tensor]): ...", ["f(run)"]),
        ('def f(x: Float[Tensor, "a b"]) -> Float32[np.ndarray, " a"]: ...', []),
        ("def _f(x: Tensor): ...\nclass _A:\n    x: Tensor", []),
    ],
)
def test_an_array_without_axes_would_be_noticed(code, found):
    assert [name for name, node in annotations(ast.parse(code)) if bare(node)] == found


def test_one_thing_has_one_name():
    used = set()
    for tree in sources().values():
        for node in ast.walk(tree):
            for name in (axes(node) or "").split():
                if not re.fullmatch(r"\d+|\.\.\.|_|\{.+\}", name):
                    used.add(name.lstrip("#*_"))
    assert sorted(used) == sorted(AXES)


def test_the_first_page_does_not_wait_for_it():
    """Annotations load neither torch nor the checker."""
    code = (
        "import sys\n"
        "import components.engine, components.inspection, components.widgets.frame\n"
        "assert 'jaxtyping' not in sys.modules\n"
        "import jaxtyping\n"
        "assert not {'torch', 'beartype'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=300)
