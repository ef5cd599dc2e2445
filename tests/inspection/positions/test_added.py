"""Tables of positions: found by what they do, row for row what the network takes."""

import numpy as np
import pytest
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.positions import added
from components.inspection.positions.added import position_module, rows_check, table, wave_check
from components.inspection.positions.tables import recognised
from tests import tiny
from tests.inspection.positions import networks


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(
    ("family", "path", "rows", "context"),
    [
        ("gpt2", "wpe", 64, 64),
        ("gpt_neo", "wpe", 64, 64),
        ("opt", "decoder.embed_positions", 66, 64),
        ("bert", "embeddings.position_embeddings", 66, 66),
        ("bert_classifier", "embeddings.position_embeddings", 66, 66),
        ("distilbert", "embeddings.position_embeddings", 64, 64),
        # RoBERTa counts from the row behind that of its padding, 0 here.
        ("roberta", "embeddings.position_embeddings", 66, 64),
        ("bart", "encoder.embed_positions", 66, 64),
    ],
)
def test_a_table_s_first_vector_is_that_of_the_first_token(family, path, rows, context, dtype):
    model = tiny.model(family, dtype)
    found = table(model)
    assert (found.path, found.rows, found.learned) == (path, rows, True)
    assert found.context == min(context, rows - found.first)
    weight = dict(model.network.base_model.named_parameters())[f"{path}.weight"].float()
    np.testing.assert_array_equal(found.vectors[0], weight[found.first].numpy())
    np.testing.assert_allclose(np.diagonal(found.likeness), 1, rtol=1e-5)
    np.testing.assert_allclose(found.norms, np.linalg.norm(found.vectors, axis=1), rtol=1e-5)
    assert [check.verdict for check in found.checks] == ["holds"]


def test_reserved_rows_are_not_counted():
    """OPT adds 2 to each position, RoBERTa 1 and the id of its padding."""
    assert position_module(tiny.model("opt")).first == 2
    assert position_module(tiny.model("bart")).first == 2
    assert position_module(tiny.model("roberta")).first == 1
    assert position_module(tiny.model("gpt2")).first == 0


@pytest.mark.parametrize("family", ["big_bird", "xlm", "ernie", "prophetnet"])
def test_a_family_without_a_row_has_its_table_found(family):
    sizes = {
        "vocab_size": 261,
        "hidden_size": 24,
        "intermediate_size": 40,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 64,
        "pad_token_id": 0,
    }
    both = {
        f"{what}_{stack}{rest}": size
        for stack in ("encoder", "decoder")
        for what, rest, size in (("num", "_layers", 2), ("num", "_attention_heads", 4))
    }
    config, concrete, kind = {
        "big_bird": (
            hf.BigBirdConfig(attention_type="original_full", **sizes),
            hf.BigBirdForMaskedLM,
            "masked",
        ),
        "xlm": (
            hf.XLMConfig(
                vocab_size=261,
                emb_dim=24,
                n_layers=2,
                n_heads=4,
                max_position_embeddings=64,
                pad_index=0,
            ),
            hf.XLMWithLMHeadModel,
            "masked",
        ),
        "ernie": (hf.ErnieConfig(**sizes), hf.ErnieForMaskedLM, "masked"),
        "prophetnet": (
            hf.ProphetNetConfig(
                vocab_size=261,
                hidden_size=24,
                encoder_ffn_dim=40,
                decoder_ffn_dim=40,
                max_position_embeddings=64,
                decoder_start_token_id=2,
                pad_token_id=0,
                **both,
            ),
            hf.ProphetNetForConditionalGeneration,
            "seq2seq",
        ),
    }[family]
    found = table(networks.model(tiny.built(concrete, config), kind))
    assert found.learned
    assert "position" in found.path
    assert found.checks[0].holds


@pytest.mark.parametrize(
    ("family", "formula"), [("Marian", added.FORMULAS[0]), ("M2M100", added.FORMULAS[1])]
)
def test_a_fixed_table_is_recognised_as_its_formula(family, formula):
    config = getattr(hf, f"{family}Config")(
        vocab_size=tiny.VOCABULARY,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=8,
        decoder_ffn_dim=8,
        max_position_embeddings=40,
        pad_token_id=0,
        decoder_start_token_id=0,
        eos_token_id=2,
    )
    concrete = {"Marian": hf.MarianMTModel, "M2M100": hf.M2M100ForConditionalGeneration}[family]
    found = table(networks.model(concrete(config), "seq2seq"))
    assert not found.learned
    assert found.formula == formula
    assert [check.verdict for check in found.checks] == ["holds", "holds"]


def test_what_a_model_lacks_is_said():
    with pytest.raises(InspectionError, match="tiny-llama' rotates its queries and keys"):
        table(tiny.model("llama"))
    config = hf.CTRLConfig(vocab_size=261, n_embd=24, dff=40, n_layer=2, n_head=4, n_positions=64)
    ctrl = networks.model(tiny.built(hf.CTRLLMHeadModel, config))
    with pytest.raises(InspectionError, match="no table of these vectors can be found"):
        table(ctrl)


@pytest.mark.sabotage("the rows drawn are what the network takes for positions 0, 1, 2, ...")
@pytest.mark.parametrize("family", ["opt", "roberta", "gpt2"])
def test_rows_off_by_one_would_be_seen(family):
    found = position_module(tiny.model(family))
    given = found.given.float().numpy()
    right = found.weight[found.first :][: len(given)].float().numpy()
    late = found.weight[found.first + 1 :][: len(given)].float().numpy()
    assert rows_check(right, given).verdict == "holds"
    assert rows_check(late, given).verdict == "fails"


@pytest.mark.sabotage("the table is waves of frequencies *")
def test_another_base_would_be_seen():
    import torch

    places, pairs = np.arange(40)[:, None], 8
    for base, verdict in ((10_000.0, "holds"), (10_100.0, "fails")):
        angles = places * base ** (-np.arange(pairs) / pairs)
        rows = torch.from_numpy(np.concatenate([np.sin(angles), np.cos(angles)], axis=1)).float()
        found = wave_check(recognised(rows, 40), added.FORMULAS[0], "float32")
        assert found.verdict == verdict
