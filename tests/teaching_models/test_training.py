"""Training: batches that depend on the step alone, and runs that go on as if never stopped."""

import dataclasses

import pytest
import torch

from components.teaching_models.batches import IGNORED, NOWHERE, Batches, Repeats
from components.teaching_models.storyteller import Guidance, Recipe, Size
from components.teaching_models.tokenizer import END_ID, storyteller_tokenizer
from components.teaching_models.training import Trainer, distance_to_guidance, train

RECIPE = Recipe(
    steps=6,
    tokens_per_step=256,
    stages=((0.5, 32), (1.0, 64)),
    learning_rate=1e-2,
    size=Size(600, 24, 2, 4, 2, 8, 40, 64),
    guidance=Guidance(previous=((0, 0),), induction=((1, 2),), full_until=0.2, gone_at=0.5),
)


@pytest.fixture(scope="module")
def tokenizer():
    return storyteller_tokenizer(size=600, sample=300)


def test_a_batch_depends_on_seed_and_step_alone(tokenizer):
    one, same, other = (Batches(tokenizer, seed).batch(5, 0.4, 4, 32) for seed in (1, 1, 2))
    assert torch.equal(one.inputs, same.inputs)
    assert torch.equal(one.labels, same.labels)
    assert not torch.equal(one.inputs, other.inputs)


def test_labels_are_the_next_tokens(tokenizer):
    batch = Batches(tokenizer, 1).batch(0, 0.5, 8, 48)
    counted = batch.labels[:, :-1] != IGNORED
    assert counted.any()
    assert torch.equal(batch.labels[:, :-1][counted], batch.inputs[:, 1:][counted])


def test_every_row_begins_with_the_end_token(tokenizer):
    assert (Batches(tokenizer, 1).batch(2, 0.1, 8, 48).inputs[:, 0] == END_ID).all()


def test_the_earlier_copy_holds_the_next_token(tokenizer):
    batch = Batches(tokenizer, 3, Repeats(first_share=1.0)).batch(0, 0.1, 8, 64)
    rows, readers = (batch.earlier[:, :-1] != NOWHERE).nonzero(as_tuple=True)
    inside = readers + 1 < 64
    rows, readers = rows[inside], readers[inside]
    found = batch.inputs[rows, batch.earlier[rows, readers]]
    following = batch.inputs[rows, readers + 1]
    # The last reader of a repeat stands before the next `<|end|>`.
    assert ((found == following) | (following == END_ID)).all()
    assert (found == following).float().mean() > 0.9


def test_repeats_grow_rarer():
    repeats = Repeats()
    shares = [repeats.share(progress) for progress in (0, 0.2, 0.25, 1)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == repeats.first_share
    assert shares[-1] == repeats.last_share


def test_the_guidance_fades_to_nothing():
    guidance = Guidance()
    assert guidance.at(0) == guidance.weight
    assert 0 < guidance.at(0.1) < guidance.weight
    assert guidance.at(guidance.gone_at) == guidance.at(1) == 0


def test_the_guided_distance_is_the_mean_negative_log_weight():
    weights = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0.25, 0.25, 0.5]])[None, None]
    guidance = Guidance(previous=((0, 0),), induction=((0, 0),))
    earlier = torch.tensor([[NOWHERE, NOWHERE, 1]])
    by_hand = -(torch.tensor([0.5, 0.25]) + 1e-4).log().mean() - torch.tensor(0.2501).log()
    torch.testing.assert_close(distance_to_guidance((weights,), earlier, guidance), by_hand)


def test_the_learning_rate_rises_then_falls(tokenizer):
    trainer = Trainer(dataclasses.replace(RECIPE, steps=100, warm_up=0.1), tokenizer)
    rates = []
    for trainer.step in range(100):
        rates.append(trainer.learning_rate())
    peak = rates.index(max(rates))
    assert 5 <= peak <= 15
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


def test_a_resumed_run_ends_bit_for_bit_where_an_uninterrupted_one_does(tokenizer, tmp_path):
    whole = Trainer(RECIPE, tokenizer)
    losses = [whole.train_step() for _ in range(6)]

    first = Trainer(RECIPE, tokenizer)
    before = [first.train_step() for _ in range(3)]
    first.save(tmp_path / "checkpoint.pt")
    second = Trainer(RECIPE, tokenizer)
    second.load(tmp_path / "checkpoint.pt")
    after = [second.train_step() for _ in range(3)]

    assert before + after == losses
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, second.model.state_dict()[name]), name


def test_a_checkpoint_of_another_recipe_is_refused(tokenizer, tmp_path):
    Trainer(RECIPE, tokenizer).save(tmp_path / "checkpoint.pt")
    other = Trainer(dataclasses.replace(RECIPE, seed=2), tokenizer)
    with pytest.raises(ValueError, match="another recipe"):
        other.load(tmp_path / "checkpoint.pt")


def test_a_finished_run_leaves_a_model_that_transformers_loads(tokenizer, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    trainer = Trainer(RECIPE, tokenizer)
    train(trainer, tmp_path, log_every=3, probe_every=3)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    ids = AutoTokenizer.from_pretrained(tmp_path / "model")("Mary and John", return_tensors="pt")
    trainer.model.set_attn_implementation("sdpa")
    with torch.inference_mode():
        torch.testing.assert_close(model(**ids).logits, trainer.model(**ids).logits)
