"""The bundled storyteller: its size, its files, and that it does what its card says."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from components.teaching_models import probes
from components.teaching_models.evaluation import TOPICS, ask, head_scores, load
from components.teaching_models.storyteller import FOLDER


@pytest.fixture(scope="module")
def loaded():
    return load(FOLDER)


@pytest.fixture(scope="module")
def model(loaded):
    return loaded[0]


@pytest.fixture(scope="module")
def tokenizer(loaded):
    return loaded[1]


@pytest.fixture(scope="module")
def figures():
    return json.loads((FOLDER / "evaluation.json").read_text(encoding="utf-8"))


def greedy(model, tokenizer, prompt: str) -> str:
    ids = tokenizer(prompt, return_tensors="pt")
    with torch.inference_mode():
        return tokenizer.decode(model(**ids).logits[0, -1].argmax())


def test_it_is_small_enough_to_ship():
    files = [path for path in Path(FOLDER).iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 14_000_000
    assert {
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "config.json",
        "generation_config.json",
        "README.md",
    } <= {path.name for path in files}


def test_it_has_three_to_six_million_parameters(model, figures):
    count = sum(parameter.numel() for parameter in model.parameters())
    assert 3_000_000 <= count <= 6_000_000
    assert figures["parameters"] == count


def test_it_is_a_llama_with_grouped_query_attention(model):
    config = model.config
    assert config.model_type == "llama"
    assert config.num_attention_heads >= 2 * config.num_key_value_heads
    assert config.max_position_embeddings == 512
    assert config.vocab_size <= 4096


def test_plain_transformers_loads_it_and_writes_with_it():
    model = AutoModelForCausalLM.from_pretrained(FOLDER)
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    assert model.dtype == torch.float32
    torch.manual_seed(0)
    ids = model.generate(**tokenizer("Once upon a time", return_tensors="pt"), max_new_tokens=8)
    assert tokenizer.decode(ids[0], skip_special_tokens=True).startswith("Once upon a time")


def test_a_plain_call_of_the_tokenizer_puts_the_end_token_first(tokenizer):
    assert tokenizer("Mary").input_ids[0] == tokenizer.eos_token_id == tokenizer.bos_token_id


@pytest.mark.parametrize(
    "text",
    ["Mary gave 2 cups.", "  two  spaces\n", "café, naïve, 日本 🦙", "<|end|>?", "def f(x):\n\t1"],
)
def test_any_text_survives_the_tokenizer(tokenizer, text):
    ids = tokenizer(text, add_special_tokens=False).input_ids
    assert tokenizer.decode(ids) == text


def test_words_of_the_lessons_are_single_tokens(tokenizer):
    for word in (
        " Mary",
        "Mary",
        " France",
        " Paris",
        " keys",
        " 41",
        " Monday",
        " July",
        " twelve",
    ):
        assert len(tokenizer(word, add_special_tokens=False).input_ids) == 1, word


def test_the_capital_of_france_is_paris(model, tokenizer):
    assert greedy(model, tokenizer, "The capital of France is") == " Paris"


def test_it_knows_who_gets_the_drink(model, tokenizer):
    prompt = "When Mary and John went to the shop, {} gave a drink to"
    assert greedy(model, tokenizer, prompt.format("Mary")) == " John"
    assert greedy(model, tokenizer, prompt.format("John")) == " Mary"


def test_it_repeats_random_tokens(model, figures):
    measured = figures["induction"]["50"]
    assert probes.induction_accuracy(model, length=50, sequences=16, seed=5) > measured - 0.1


def test_the_card_states_the_capitals_that_are_counted_now(model, tokenizer, figures):
    right, asked = ask(model, tokenizer, "capitals")
    assert figures["right"]["capitals"] == [right, asked]
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert (
        f"| capitals | {TOPICS['capitals'][0]} | {right} of {asked} = **{right / asked:.1%}**"
        in card
    )


def test_the_card_states_the_best_heads(model, figures):
    heads = head_scores(model)
    for name in ("induction", "previous"):
        torch.testing.assert_close(
            torch.tensor(getattr(heads, name)),
            torch.tensor(figures["heads"][name]),
            atol=1e-3,
            rtol=0,
        )


def test_every_share_in_the_card_comes_from_the_evaluation(figures):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for topic, (right, asked) in figures["right"].items():
        assert f"| {topic} |" in card
        assert f"{right} of {asked} = **{right / asked:.1%}**" in card
    for loss in (figures["held_out"], figures["fresh"], *figures["by_kind"].values()):
        assert f"| {loss['model']:.3f} | {loss['grammar']:.3f} |" in card
    assert len(figures["stories"]) == 20
