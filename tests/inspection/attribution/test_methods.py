"""Every method against an oracle: a hand loop, an enumeration, autograd, or Captum's own way."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.attribution.baselines import BASELINES
from components.inspection.attribution.catalogue import METHODS, MethodSettings, cost
from components.inspection.attribution.methods import attribute
from components.inspection.attribution.problem import AttributionProblem
from components.inspection.attribution.question import Question
from components.inspection.attribution.shapley import shapley
from components.inspection.errors import InspectionError
from tests import tiny

TEXT = "to be!"
QUESTION = Question(TEXT, answer="x", rather_than="y", unit="token")
MANY = MethodSettings(steps=128, samples=10)
KINDS = ("llama", "gpt2", "bert", "bert_classifier", "t5")


def asked(model, **changes):
    """A question that every kind of model can be asked."""
    plain = Question(TEXT) if model.kind == "classifier" else QUESTION
    return replace(plain, **changes)


def free(found):
    """The scores without those that are held."""
    return found.scores[found.features.free]


def same(found, expected):
    """Compare to a few parts in a thousand of the largest, since scores differ in size."""
    largest = float(np.abs(expected).max())
    assert largest > 1e-4
    np.testing.assert_allclose(free(found), expected, rtol=0, atol=2e-3 * largest + 2e-6)


@pytest.mark.parametrize("family", KINDS)
@pytest.mark.parametrize("method", ["integrated_gradients", "shapley"])
def test_scores_sum_to_the_change_from_baseline_to_text(family, method):
    model = tiny.model(family)
    found = attribute(model, asked(model, baseline="mask"), method, MANY)
    size = float(np.abs(free(found)).sum())
    assert size > 1e-4
    assert found.total == pytest.approx(found.change, abs=1e-2 * size + 2e-6)


@settings(max_examples=15, deadline=None)
@given(
    text=st.text(alphabet="abc d", min_size=1, max_size=6).filter(str.strip),
    baseline=st.sampled_from(list(BASELINES)),
    unit=st.sampled_from(["token", "word"]),
)
def test_shapley_values_are_complete_for_any_text_and_baseline(text, baseline, unit):
    model = tiny.model("llama")
    question = Question(text, answer="x", baseline=baseline, unit=unit)
    found = attribute(model, question, "shapley", MethodSettings(samples=4))
    assert found.total == pytest.approx(found.change, abs=1e-4)


@pytest.mark.parametrize("family", KINDS)
def test_ablation_is_what_a_loop_over_the_tokens_finds(family):
    model = tiny.model(family)
    question = asked(model)
    problem = AttributionProblem(model, question)
    expected = []
    with torch.no_grad():
        whole = float(problem.score(problem.inputs))
        for unit in problem.features.free:
            given = problem.inputs.clone()
            for place, of in enumerate(problem.features.of_token):
                if of == unit:
                    given[0, place] = problem.baseline[0, place]
            expected.append(whole - float(problem.score(given)))
    same(attribute(model, question, "ablation"), expected)


def test_occlusion_is_the_mean_fall_over_the_windows_a_piece_is_in(tiny_causal):
    problem = AttributionProblem(tiny_causal, QUESTION)
    count = len(problem.features.free)
    falls = {}
    with torch.no_grad():
        whole = float(problem.with_switches(torch.ones(1, count)))
        for start in range(count - 1):
            switches = torch.ones(1, count)
            switches[0, start : start + 2] = 0
            falls[start] = whole - float(problem.with_switches(switches))
    expected = [
        np.mean([falls[start] for start in (i - 1, i) if start in falls]) for i in range(count)
    ]
    found = attribute(tiny_causal, QUESTION, "occlusion", MethodSettings(window=2))
    same(found, expected)


def test_occlusion_by_one_is_ablation(tiny_causal):
    one = attribute(tiny_causal, QUESTION, "occlusion", MethodSettings(window=1))
    np.testing.assert_allclose(
        free(one), free(attribute(tiny_causal, QUESTION, "ablation")), atol=1e-4
    )


@pytest.mark.parametrize("family", ["llama", "bert_classifier"])
def test_shapley_values_of_three_pieces_are_the_exact_ones(family):
    """By the formula over all subsets, Shapley 1953."""
    model = tiny.model(family)
    question = Question("a b c", unit="word")
    problem = AttributionProblem(model, question)
    value = {}
    with torch.no_grad():
        for away in itertools.product([0.0, 1.0], repeat=3):
            value[away] = float(problem.with_switches(torch.tensor([away])))
    exact = []
    for i in range(3):
        total = 0.0
        for there, worth in value.items():
            if there[i]:
                without = tuple(0.0 if j == i else on for j, on in enumerate(there))
                size = int(sum(without))
                weight = math.factorial(size) * math.factorial(2 - size) / math.factorial(3)
                total += weight * (worth - value[without])
        exact.append(total)
    found = attribute(model, question, "shapley", MethodSettings(samples=4))
    same(found, exact)
    assert (found.errors, found.orders) == (None, 0)


def test_shapley_values_of_many_pieces_carry_their_standard_error(tiny_causal):
    question = replace(QUESTION, text="to be, or not")
    found = attribute(tiny_causal, question, "shapley", MethodSettings(samples=10, seed=2))
    problem = AttributionProblem(tiny_causal, question)
    expected = shapley(problem.with_switches, len(problem.features.free), 10, seed=2)
    same(found, expected.values)
    np.testing.assert_allclose(found.errors[problem.features.free], expected.errors, rtol=1e-3)
    np.testing.assert_array_equal(np.isnan(found.errors), found.features.fixed)
    assert found.orders == 10


def test_more_orders_go_on_from_those_there_are(tiny_causal):
    question = replace(QUESTION, text="to be, or not")
    pieces = len(AttributionProblem(tiny_causal, question).features.free)
    first = attribute(tiny_causal, question, "shapley", MethodSettings(samples=10))
    more = attribute(tiny_causal, question, "shapley", MethodSettings(samples=30), first)
    anew = attribute(tiny_causal, question, "shapley", MethodSettings(samples=30))
    np.testing.assert_allclose(free(more), free(anew), atol=1e-6)
    assert more.orders == 30
    assert more.forwards <= cost("shapley", pieces, MethodSettings(samples=30), known=10)[0]
    # Of another seed, or another question, nothing is taken over.
    for changed, how in (
        (question, MethodSettings(samples=30, seed=1)),
        (replace(question, baseline="mean"), MethodSettings(samples=30)),
        (replace(question, unit="word"), MethodSettings(samples=30)),
    ):
        other = attribute(tiny_causal, changed, "shapley", how, first)
        expected = attribute(tiny_causal, changed, "shapley", how)
        np.testing.assert_array_equal(free(other), free(expected))


@pytest.mark.parametrize("family", ["llama", "gpt2", "bert"])
def test_integrated_gradients_are_those_of_captum_on_the_embedding_layer(family):
    model = tiny.model(family)
    question = Question(TEXT, answer="x", rather_than=None, baseline="mask", unit="token")
    problem = AttributionProblem(model, question)
    text = problem.text
    ids = torch.tensor([model.encode(text)])
    held = torch.tensor([problem.features.fixed[unit] for unit in problem.features.of_token])
    absent = torch.where(held[None], ids, torch.tensor(4))
    place, answer = problem.target.place, problem.target.answer

    def forward(given: torch.Tensor) -> torch.Tensor:
        return model.network(given, attention_mask=torch.ones_like(given)).logits[:, place, answer]

    theirs = LayerIntegratedGradients(forward, model.network.get_input_embeddings()).attribute(
        ids, baselines=absent, n_steps=32
    )
    ours = attribute(model, question, "integrated_gradients", MethodSettings(steps=32))
    expected = theirs.sum(-1)[0].numpy()[~held.numpy()]
    np.testing.assert_allclose(free(ours), expected, rtol=1e-3, atol=1e-3)


def test_the_gradient_methods_are_one_backward_pass(tiny_causal):
    problem = AttributionProblem(tiny_causal, QUESTION)
    leaf = problem.inputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(problem.score(leaf).sum(), leaf)
    times = (gradient * problem.inputs).sum(-1)[0, 1:].numpy()
    sizes = gradient.abs().sum(-1)[0, 1:].numpy()
    found = attribute(tiny_causal, QUESTION, "input_x_gradient")
    np.testing.assert_allclose(free(found), times, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        free(attribute(tiny_causal, QUESTION, "saliency")), sizes, rtol=1e-3, atol=1e-4
    )


def test_gradient_shap_nears_integrated_gradients_and_repeats_itself():
    model = tiny.model("gpt2")
    exact = attribute(model, QUESTION, "integrated_gradients", MethodSettings(steps=200))
    before, drawn = np.random.get_state()[1].copy(), torch.get_rng_state()
    found = attribute(model, QUESTION, "gradient_shap", MethodSettings(steps=400))
    few = attribute(model, QUESTION, "gradient_shap", MethodSettings(steps=4))
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert torch.equal(torch.get_rng_state(), drawn)

    def off(other):
        return np.abs(free(other) - free(exact)).sum()

    assert off(found) < off(few)
    assert off(found) < 0.2 * np.abs(free(exact)).sum()
    again = attribute(model, QUESTION, "gradient_shap", MethodSettings(steps=4))
    np.testing.assert_array_equal(free(again), free(few))
    sure = found.errors[found.features.free]
    assert (np.abs(free(found) - free(exact)) < 5 * sure + 1e-6).all()
    assert sure.max() < 0.3 * few.errors[few.features.free].max()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_what_methods_add_up_is_not_rounded_to_16_bits_at_each_step(dtype):
    model = tiny.model("llama", dtype)
    problem = AttributionProblem(model, QUESTION)
    assert problem.inputs.dtype == problem.baseline.dtype == torch.float32
    found = attribute(model, QUESTION, "integrated_gradients", MethodSettings(steps=256))
    nodes, weights = np.polynomial.legendre.leggauss(256)
    total = torch.zeros_like(problem.inputs)
    for node, weight in zip(nodes, weights, strict=True):
        share = float(node + 1) / 2
        leaf = (problem.baseline + share * (problem.inputs - problem.baseline)).requires_grad_()
        (gradient,) = torch.autograd.grad(problem.score(leaf).sum(), leaf)
        total += float(weight) / 2 * gradient
    expected = ((problem.inputs - problem.baseline) * total).sum(-1)[0, 1:].numpy()
    off = np.abs(free(found) - expected).max()
    assert off < 2e-3 * np.abs(expected).max()


def test_gradient_shap_is_the_mean_over_its_points_of_gradient_times_difference(tiny_causal):
    problem = AttributionProblem(tiny_causal, QUESTION)
    drawn = torch.rand(6, generator=torch.Generator().manual_seed(3))
    each = []
    for share in drawn:
        leaf = (problem.baseline + share * (problem.inputs - problem.baseline)).requires_grad_()
        (gradient,) = torch.autograd.grad(problem.score(leaf).sum(), leaf)
        each.append(((problem.inputs - problem.baseline) * gradient).sum(-1)[0, 1:].numpy())
    found = attribute(tiny_causal, QUESTION, "gradient_shap", MethodSettings(steps=6, seed=3))
    same(found, np.mean(each, axis=0))
    error = np.std(each, axis=0, ddof=1) / np.sqrt(6)
    np.testing.assert_allclose(found.errors[found.features.free], error, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", ["integrated_gradients", "shapley", "ablation", "occlusion"])
def test_scores_for_a_rather_than_b_are_those_for_a_minus_those_for_b(tiny_causal, method):
    """These methods are linear in the target."""
    settings = MethodSettings(steps=32, samples=4)
    both, one, other = (
        free(attribute(tiny_causal, question, method, settings))
        for question in (
            QUESTION,
            replace(QUESTION, rather_than=None),
            replace(QUESTION, answer="y", rather_than=None),
        )
    )
    np.testing.assert_allclose(both, one - other, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pieces", [1, 3, 6, 8, 9])
def test_the_cost_said_before_is_the_cost(tiny_causal, method, pieces):
    question = Question("abcdefghi"[:pieces], answer="x", unit="token")
    settings = MethodSettings(steps=7, samples=5, window=3)
    found = attribute(tiny_causal, question, method, settings)
    forwards, backwards = cost(method, pieces, settings)
    assert found.backwards == backwards
    if method == "occlusion" or (method == "shapley" and pieces > 8):
        # "At most": the best piece may be in fewer windows, two orders may begin alike.
        assert 0.75 * forwards < found.forwards <= forwards
    else:
        assert found.forwards == forwards


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", KINDS)
def test_special_tokens_get_no_score_and_all_others_do(family, method):
    model = tiny.model(family)
    found = attribute(model, asked(model, unit="word"), method, MethodSettings(steps=4, samples=2))
    np.testing.assert_array_equal(np.isnan(found.scores), found.features.fixed)


@pytest.mark.parametrize("method", METHODS)
def test_the_network_is_left_as_it_was(tiny_causal, method):
    attribute(tiny_causal, QUESTION, method, MethodSettings(steps=4, samples=2))
    modules = list(tiny_causal.network.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in modules)
    assert not any(weight.requires_grad for weight in tiny_causal.network.parameters())
    assert not any(weight.grad is not None for weight in tiny_causal.network.parameters())


def test_a_word_s_integrated_gradient_is_the_sum_over_its_tokens(tiny_causal):
    tokens = attribute(tiny_causal, QUESTION, "integrated_gradients")
    words = attribute(tiny_causal, replace(QUESTION, unit="word"), "integrated_gradients")
    assert words.features.texts == ("<s>", "to", "be", "!")
    _, t, o, space, b, e, mark = tokens.scores
    np.testing.assert_allclose(words.scores[1:], [t + o, space + b + e, mark], rtol=1e-4, atol=1e-4)


def test_work_tells_how_far_it_is_and_can_be_stopped(tiny_causal):
    told = []
    attribute(
        tiny_causal,
        QUESTION,
        "shapley",
        MethodSettings(),
        progress=lambda share, _: told.append(share),
    )
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(_share, _phrase):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attribute(tiny_causal, QUESTION, "shapley", MethodSettings(), progress=stop)


@pytest.mark.parametrize(
    ("method", "settings", "said"),
    [
        ("magic", MethodSettings(), "no method 'magic'"),
        ("shapley", MethodSettings(samples=0), "Samples must be from 1 to 3200, not 0"),
        ("integrated_gradients", MethodSettings(steps=10**6), "Steps must be from 1 to 1024"),
    ],
)
def test_what_cannot_be_done_is_explained(tiny_causal, method, settings, said):
    with pytest.raises(InspectionError, match=said):
        attribute(tiny_causal, QUESTION, method, settings)
