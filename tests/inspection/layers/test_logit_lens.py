"""The logit lens: against plain transformers on each kind of head, and against its own rules."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.layers import logit_lens as module
from components.inspection.layers import logit_lens_behind as behind
from components.inspection.layers import logit_lens_followed as following
from components.inspection.layers import logit_lens_read as reading
from components.inspection.layers import logit_lens_states as states
from components.inspection.layers.logit_lens import LAST_ROW, LogitLens, logit_lens, translate
from components.inspection.layers.logit_lens_behind import PutBack
from components.inspection.layers.logit_lens_followed import followed, token_written
from components.inspection.layers.logit_lens_states import Boundary, places_of, states_of
from components.inspection.layers.tail import OWN
from components.inspection.layers.translators import Translator
from components.inspection.load import load_model
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh
from tests.inspection.positions import networks

TEXT, TARGET = "the keys near", "the dog"
DTYPES = ("float32", "bfloat16", "float16")
CLOSE = {"float32": 1e-4, "bfloat16": 0.03, "float16": 4e-3}
TOKENS = tuple(one for one in tiny.FAMILIES if tiny.FAMILIES[one][2] != "classifier")
CASES = [(one, "float32") for one in TOKENS]
CASES += [
    (one, dtype)
    for one in ("llama", "gpt2", "gemma2", "bert", "t5")
    for dtype in ("bfloat16", "float16")
]
PARALLEL = ("phi", "gpt_neox", "gptj", "falcon")
POST_NORM = ("bert", "distilbert", "roberta", "bart")


def target_of(model: Model) -> str | None:
    return TARGET if len(model.anatomy.stacks) == 2 else None


def lens(model: Model, **more) -> LogitLens:
    return logit_lens(model, TEXT, target_of(model), **more)


def hooked(model: Model, stack, *calls) -> list[torch.Tensor]:
    """What enters the first block and leaves each, by plain hooks in a plain pass."""
    kept: list[torch.Tensor] = []
    hooks = [stack[0].register_forward_pre_hook(lambda _block, args: kept.append(args[0]))]
    hooks += [
        block.register_forward_hook(
            lambda _block, _args, out: kept.append(out[0] if isinstance(out, tuple) else out)
        )
        for block in stack
    ]
    with torch.no_grad():
        model.network(*calls)
    for hook in hooks:
        hook.remove()
    return [each[0] for each in kept]


def gemma2(network, state):
    return torch.tanh(network.lm_head(network.model.norm(state)) / 3.0) * 3.0


ORACLES = {
    "llama": (
        lambda network: network.model.layers,
        lambda network, state: network.lm_head(network.model.norm(state)),
    ),
    "gpt2": (
        lambda network: network.transformer.h,
        lambda network, state: network.lm_head(network.transformer.ln_f(state)),
    ),
    "gemma2": (lambda network: network.model.layers, gemma2),
    "cohere": (
        lambda network: network.model.layers,
        lambda network, state: network.lm_head(network.model.norm(state)) * 0.0625,
    ),
    "bert": (
        lambda network: network.bert.encoder.layer,
        lambda network, state: network.cls.predictions.decoder(
            network.cls.predictions.transform(state)
        ),
    ),
    "t5": (
        lambda network: network.decoder.block,
        lambda network, state: network.lm_head(network.decoder.final_layer_norm(state) * 24**-0.5),
    ),
}


@pytest.mark.parametrize("family", ORACLES)
def test_each_cell_is_what_plain_transformers_computes(family):
    cohere = family == "cohere"
    model = networks.model(networks.of("Cohere")) if cohere else tiny.model(family)
    blocks, head = ORACLES[family]
    text = f"{TEXT} <mask>" if family == "bert" else TEXT
    calls = [torch.tensor([model.encode(text)])]
    if family == "t5":
        calls += [None, torch.tensor([[0, *model.encode_target(TARGET)]])]
    kept = hooked(model, blocks(model.network), *calls)
    with torch.no_grad():
        logits = np.stack([head(model.network, state).double().numpy() for state in kept])
    found, shares = lens(model), softmax(logits, -1)
    cells = found.cells
    assert found.text == text
    own = shares[-1]
    final = own.argmax(-1)
    columns = np.arange(len(final))
    np.testing.assert_array_equal(cells.final, final)
    np.testing.assert_array_equal(cells.top, np.argsort(-logits, -1, kind="stable")[..., :5])
    best = np.take_along_axis(shares, cells.top, -1)
    np.testing.assert_allclose(cells.probabilities, best, rtol=1e-4)
    np.testing.assert_allclose(
        cells.log_final, np.log(shares[:, columns, final]), rtol=1e-4, atol=1e-4
    )
    likelier = (logits > logits[:, columns, final][..., None]).sum(-1)
    np.testing.assert_array_equal(cells.rank, 1 + likelier)
    entropy = -(shares * np.log2(shares)).sum(-1)
    np.testing.assert_allclose(cells.entropy, entropy, rtol=1e-4, atol=1e-5)
    divergence = (own * (np.log2(own) - np.log2(shares))).sum(-1)
    np.testing.assert_allclose(cells.divergence, divergence, rtol=1e-3, atol=1e-5)
    assert divergence[:-1].min() > 5e-5, "the rows differ, so that a swap would be seen"


@pytest.mark.parametrize(("family", "dtype"), CASES)
def test_the_last_row_is_the_model_s_own_output(family, dtype):
    model = tiny.model(family, dtype)
    found = lens(model)
    assert [check.says for check in found.checks] == [OWN, LAST_ROW]
    assert all(check.holds for check in found.checks), found.checks
    text = f"{TEXT} <mask>" if model.kind == "masked" else TEXT
    own = record(model, text, target_of(model), keep=["logits"]).logits
    shares, cells = softmax(own.astype(np.float64), -1), found.cells
    best = np.argsort(-own, -1, kind="stable")[:, :5]
    np.testing.assert_array_equal(cells.top[-1], best)
    np.testing.assert_array_equal(cells.final, best[:, 0])
    np.testing.assert_allclose(
        cells.probabilities[-1], np.take_along_axis(shares, best, -1), rtol=1e-5
    )
    assert (cells.rank[-1] == 1).all() and cells.divergence[-1].max() < 1e-5
    layers = len(found.boundaries) - 1
    assert [each.layer for each in found.boundaries] == [-1, *range(layers)]
    assert cells.rank.shape == (layers + 1, len(found.tokens))
    assert found.place == (found.ids.index(4) if model.kind == "masked" else len(found.ids) - 1)
    assert not any(one._forward_hooks for one in model.network.modules())


@pytest.mark.parametrize(("family", "dtype"), CASES)
def test_between_attention_and_mlp_stands_the_sum_or_it_is_said_why_not(family, dtype):
    model = tiny.model(family, dtype)
    found, whole = lens(model, between=True), lens(model)
    assert all(check.holds for check in found.checks)
    if family in PARALLEL:
        assert "read the same stream, side by side" in found.without_between
    elif family in POST_NORM:
        assert "norms its stream behind each sum" in found.without_between
    else:
        assert found.without_between == ""
        names = [each.name for each in found.boundaries][:3]
        assert names == ["embedding", "block 0, attention", "block 0"]
        assert len(found.boundaries) == 2 * len(whole.boundaries) - 1
        for name in ("top", "entropy", "rank"):
            mine, theirs = getattr(found.cells, name)[::2], getattr(whole.cells, name)
            np.testing.assert_allclose(mine, theirs, rtol=CLOSE[dtype])
        return
    assert found.boundaries == whole.boundaries


@pytest.mark.parametrize("family", ["llama", "gpt2", "t5", "gemma2", "olmo2"])
def test_between_is_what_the_mlp_s_norm_or_the_mlp_reads(family):
    model = tiny.model(family)
    block, path = {
        "llama": (lambda net: net.model.layers[1], "post_attention_layernorm"),
        "gpt2": (lambda net: net.transformer.h[1], "ln_2"),
        "t5": (lambda net: net.decoder.block[1], "layer.2.layer_norm"),
        "gemma2": (lambda net: net.model.layers[1], "pre_feedforward_layernorm"),
        "olmo2": (lambda net: net.model.layers[1], "mlp"),
    }[family]
    kept = []
    reads = block(model.network).get_submodule(path)
    hook = reads.register_forward_pre_hook(lambda _module, args: kept.append(args[0][0].numpy()))
    found = states_of(model, TEXT, target_of(model), between=True)
    hook.remove()
    assert found.boundaries[3] == Boundary(1, True)
    of_text = next(each for each in kept if len(each) == len(found.ids))
    np.testing.assert_allclose(found.rows[3], of_text, rtol=1e-6, atol=1e-6)


def test_columns_and_pieces_give_what_the_whole_gives(monkeypatch):
    model = tiny.model("llama")
    whole = lens(model)
    part = lens(model, first=3, columns=4)
    assert part.columns == range(3, 7) and part.first == 3
    monkeypatch.setattr(reading, "AT_ONCE", 2 * tiny.VOCABULARY)
    told = []
    pieces = lens(model, progress=lambda share, _: told.append(share))
    assert told == sorted(told) and told[0] >= 0 and told[-1] < 1 and len(told) > 20
    for name in ("top", "rank", "log_final", "entropy", "divergence", "probabilities"):
        one = getattr(whole.cells, name)
        np.testing.assert_allclose(getattr(pieces.cells, name), one, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(getattr(part.cells, name), one[:, 3:7], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["llama", "t5", "bert", "gemma2"])
@pytest.mark.parametrize("count", [1, 6])
def test_where_no_modules_are_found_the_network_itself_is_asked(monkeypatch, family, count):
    model = tiny.model(family)
    text = model.tokenizer.decode(model.encode(TEXT)[1:count]) or "t"
    target = None if count == 1 else target_of(model)
    by_modules = logit_lens(model, text, target)

    def none(_model):
        raise InspectionError("No modules were found.")

    monkeypatch.setattr(behind, "tail_of", none)
    found = logit_lens(model, text, target)
    assert isinstance(states_of(model, text, target).behind, PutBack)
    assert all(check.holds for check in found.checks), found.checks
    assert found.checks[0].bound == 0 and found.way.modules == ()
    np.testing.assert_array_equal(found.cells.top, by_modules.cells.top)
    np.testing.assert_allclose(found.cells.entropy, by_modules.cells.entropy, rtol=1e-4, atol=1e-5)
    with pytest.raises(InspectionError, match="done for at most 64 tokens; this text has"):
        behind.behind_of(model, text, target, 3, 65)


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_reads_other_places_turns_red_where_the_network_is_asked(dtype):
    model = fresh("llama", dtype)
    given, last = states_of(model, TEXT, None), len(model.network.model.layers)
    asked = PutBack(model, (TEXT, None), last, len(given.ids))
    assert asked.check(given.rows[-1], given.own).holds
    model.network.model.norm.register_forward_hook(
        lambda _module, _args, out: out + out.mean(-2, keepdim=True)
    )
    mixed = states_of(model, TEXT, None)
    assert not asked.check(mixed.rows[-1], mixed.own).holds


@pytest.mark.sabotage(LAST_ROW)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "t5", "gemma2"])
def test_rows_of_another_token_or_boundary_turn_red(monkeypatch, family, dtype):
    model = tiny.model(family, dtype)
    assert lens(model).checks[1].holds
    usual = module.cells_of
    for axis in (1, 0):

        def mixed(behind, rows, own, progress, axis=axis):
            return usual(behind, np.roll(rows, 1, axis), own, progress)

        monkeypatch.setattr(module, "cells_of", mixed)
        assert not lens(model).checks[1].holds


@pytest.mark.sabotage(LAST_ROW)
@pytest.mark.parametrize("family", ["llama", "t5", "gemma2"])
def test_following_another_place_turns_red(monkeypatch, family):
    model = tiny.model(family)
    given = model, TEXT, target_of(model), 3, (7, 9)
    assert followed(*given).checks[1].holds
    usual = following.translate
    monkeypatch.setattr(following, "translate", lambda rows, how: usual(rows, how) * -1)
    assert not followed(*given).checks[1].holds


@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
def test_followed_tokens_are_those_of_the_grid(family):
    model = tiny.model(family)
    grid = lens(model)
    ids = (int(grid.cells.final[3]), 9, 200)
    found = followed(model, TEXT, target_of(model), 3, ids)
    assert found.answers == model.token_texts(list(ids)) and found.boundaries == grid.boundaries
    np.testing.assert_allclose(found.logs[:, 0], grid.cells.log_final[:, 3], rtol=1e-4, atol=1e-5)
    assert found.probabilities.sum(1).max() < 1
    assert all(check.holds for check in found.checks)
    nine = model.token_texts([9])[0]
    assert found.answers[1] == nine


def test_translators_map_the_stream_before_it_is_read():
    model = tiny.model("llama")
    rows = states_of(model, TEXT, None).rows
    width, generator = rows.shape[2], np.random.default_rng(0)
    matrix = generator.normal(size=(width, width)).astype(np.float32)
    bias = generator.normal(size=width).astype(np.float32)
    one = Translator(matrix, bias)
    by_hand = np.stack([matrix @ row + bias for row in rows[1]])
    mapped = translate(rows, [None, one, None, None])
    np.testing.assert_allclose(mapped[1], by_hand, rtol=1e-4, atol=1e-4)
    for at in (0, 2, 3):
        np.testing.assert_array_equal(mapped[at], rows[at])
    plain, found = lens(model), lens(model, translators=[None, one, None, None])
    assert len(found.checks) == 2
    assert (plain.cells.entropy[1] != found.cells.entropy[1]).all()
    np.testing.assert_array_equal(plain.cells.entropy[2:], found.cells.entropy[2:])
    same = Translator(np.eye(width, dtype=np.float32), np.zeros(width, np.float32))
    unmoved = lens(model, translators=[same] * 4)
    assert [check.says for check in unmoved.checks] == [OWN], "the last row is not the model's own"
    np.testing.assert_allclose(unmoved.cells.entropy, plain.cells.entropy, rtol=1e-5)
    with pytest.raises(InspectionError, match="3 translators were given for 4 boundaries"):
        lens(model, translators=[None] * 3)
    with pytest.raises(InspectionError, match="translator of boundary 0 maps"):
        lens(model, translators=[Translator(matrix[:3, :3], bias[:3]), None, None, None])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"first": 99}, "The first column was to be token 99"),
        ({"columns": 0}, "0 columns were asked for"),
    ],
)
def test_what_is_not_there_is_said(more, says):
    with pytest.raises(InspectionError, match=says):
        lens(tiny.model("llama"), **more)
    with pytest.raises(InspectionError, match="Place 99 was asked for"):
        followed(tiny.model("llama"), TEXT, None, 99, (3,))
    with pytest.raises(InspectionError, match="2 tokens were to be followed"):
        followed(tiny.model("llama"), TEXT, None, 0, (3, 999))


def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 2 * 4 * tiny.VOCABULARY)
    with pytest.raises(InspectionError, match="1 to 2 are computed here"):
        lens(tiny.model("llama"))
    monkeypatch.setattr(states, "MOST_NUMBERS", 5 * tiny.VOCABULARY)
    with pytest.raises(InspectionError, match="at most 5 tokens"):
        lens(tiny.model("llama"))


def test_models_without_an_answer_at_each_token_are_refused():
    with pytest.raises(InspectionError, match="chooses a class for the whole text"):
        lens(tiny.model("bert_classifier"))
    with pytest.raises(InspectionError, match="was saved without a head"):
        places_of(replace(tiny.model("llama"), kind="headless"), TEXT)
    broken = fresh("llama")
    assert lens(broken).checks[0].holds
    broken.network.lm_head.register_forward_hook(lambda *given: given[-1] * float("nan"))
    with pytest.raises(InspectionError, match="numbers"):
        lens(broken)


def test_places_are_those_that_are_read():
    for family in ("llama", "bert", "t5"):
        model = tiny.model(family)
        there, found = places_of(model, TEXT, target_of(model)), lens(model)
        assert (there.tokens, there.place) == (found.tokens, found.place)
        assert there.two_stacks == (family == "t5")


def test_storyteller_thinks_of_paris_in_its_third_block():
    model = load_model("storyteller", dtype="float32")
    found = logit_lens(model, "The capital of France is")
    assert found.place == 5
    likeliest = [found.texts[token] for token in found.cells.top[:, 5, 0].tolist()]
    assert likeliest == [" is", " in", " in", " Paris", " Paris"]
    expected = [1.0, 0.079, 0.066, 0.938, 0.9993]
    np.testing.assert_allclose(found.cells.probabilities[:, 5, 0], expected, atol=6e-4)
    assert found.first_lead(5) == found.leads_from(5) == 3
    assert found.cells.rank[:, 5].tolist()[3:] == [1, 1] and found.cells.rank[0, 5] > 1000
    assert all(check.holds for check in found.checks)
    assert [token_written(model, word) for word in ("Paris", "·Paris")] == [
        int(found.cells.final[5])
    ] * 2


def test_a_lead_may_be_lost_and_won_again():
    found = lens(tiny.model("llama"))

    def ranked(*ranks):
        grid = np.full(found.cells.rank.shape, 9)
        grid[:, 4] = ranks
        return replace(found, cells=replace(found.cells, rank=grid))

    lost = ranked(3, 1, 2, 1)
    assert (lost.first_lead(4), lost.leads_from(4)) == (1, 3)
    always = ranked(1, 1, 1, 1)
    assert (always.first_lead(4), always.leads_from(4)) == (0, 0)
