"""What every inspection asks of a model: ids, texts of tokens, limits, facts."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
import transformers as hf
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from components.inspection.errors import InspectionError
from components.inspection.model import Model, count_kv_heads
from components.inspection.tokenizer.backend import BYTE_OF
from components.inspection.wrapping import wrapped
from tests import tiny

FIRST_BYTE = len(tiny.SPECIAL)


def test_a_text_becomes_its_ids_with_the_special_ones(tiny_causal):
    # Of the printable characters "!" comes first, so it is the first byte's token.
    assert tiny_causal.encode("!") == [1, FIRST_BYTE]
    assert tiny_causal.encode("!!") == [1, FIRST_BYTE, FIRST_BYTE]


def test_what_a_decoder_is_to_say_has_no_special_ids(tiny_seq2seq):
    assert tiny_seq2seq.encode_target("!!") == [FIRST_BYTE, FIRST_BYTE]
    assert tiny_seq2seq.encode_target("") == []


def test_special_tokens_in_a_text_are_read_as_such(tiny_masked):
    assert tiny_masked.encode("!<mask>") == [1, FIRST_BYTE, 4]


def test_ids_that_can_be_read_come_back_as_a_list(tiny_causal):
    assert tiny_causal.checked((1, 7, 260)) == [1, 7, 260]
    assert tiny_causal.checked([3] * 64) == [3] * 64


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "makes no token of this text"),
        ([1] * 65, "65 tokens long, but this model reads at most 64: shorten it by 1 tokens"),
        ([1, 261], "Token id 261 does not exist: the vocabulary has ids 0 to 260"),
        ([-1], "Token id -1 does not exist"),
    ],
)
def test_ids_that_cannot_be_read_are_explained(ids, said, tiny_causal):
    with pytest.raises(InspectionError, match=said):
        tiny_causal.checked(ids)


def test_an_empty_text_is_explained(tiny_causal):
    with pytest.raises(InspectionError, match=r"no text to read\. Type a few words"):
        tiny_causal.encode("")


def test_half_a_surrogate_pair_is_named_by_its_place(tiny_causal):
    for encode in (tiny_causal.encode, tiny_causal.encode_target):
        with pytest.raises(InspectionError, match=r"Character 3 is half of .* \(U\+DC05\)"):
            encode("ab\udc05")


def test_a_long_text_is_counted_not_warned_about(tiny_causal, recwarn):
    with pytest.raises(InspectionError, match=r"100,001 tokens long.*shorten it by 99,937 tokens"):
        tiny_causal.encode("x" * 100_000)
    assert not recwarn.list


def test_tokens_are_told_by_what_they_stand_for(tiny_causal):
    ids = tiny_causal.encode("a é\n")
    assert tiny_causal.token_texts(ids) == ("<s>", "a", " ", "⟨C3⟩", "⟨A9⟩", "\n")
    assert tiny_causal.token_texts([]) == ()


def test_every_byte_has_one_stand_in():
    stand_ins = BYTE_OF
    assert sorted(stand_ins.values()) == list(range(256))
    assert set(stand_ins) == set(pre_tokenizers.ByteLevel.alphabet())
    # The two everybody meets: space and line break in GPT-2's vocabulary.
    assert (stand_ins["Ġ"], stand_ins["Ċ"]) == (ord(" "), ord("\n"))


def with_tokenizer(model: Model, backend: Tokenizer, **special: str) -> Model:
    """The same model with another tokenizer."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **special)
    return replace(model, tokenizer=tokenizer)


def test_sentencepiece_s_mark_is_shown_as_the_space_it_is(tiny_causal):
    backend = Tokenizer(models.BPE(vocab={"▁the": 0, "cat": 1}, merges=[]))
    model = with_tokenizer(tiny_causal, backend)
    assert model.token_texts([0, 1]) == (" the", "cat")


def test_sentencepiece_s_bytes_are_told_like_any_others(tiny_causal):
    backend = Tokenizer(models.BPE(vocab={"<0x0A>": 0, "<0xC3>": 1, "<0xZZ>": 2}, merges=[]))
    model = with_tokenizer(tiny_causal, backend)
    assert model.token_texts([0, 1, 2]) == ("\n", "⟨C3⟩", "<0xZZ>")


def test_wordpiece_s_continuations_keep_their_mark(tiny_causal):
    backend = Tokenizer(models.WordPiece(vocab={"[UNK]": 0, "play": 1, "##ing": 2}))
    model = with_tokenizer(tiny_causal, backend, unk_token="[UNK]")
    assert model.token_texts([1, 2, 0]) == ("play", "##ing", "[UNK]")


def test_added_tokens_are_told_as_they_are_written(tiny_causal):
    backend = tiny.tokenizer().backend_tokenizer
    backend.add_tokens([AddedToken("<|im start|>", special=False)])
    model = with_tokenizer(tiny_causal, backend)
    assert model.token_texts([261]) == ("<|im start|>",)


def test_an_id_without_a_token_is_told_as_a_text(tiny_causal):
    """Some models have more rows than their tokenizer has tokens (padding to a round number)."""
    assert tiny_causal.token_texts([9_999, 5]) == ("⟨id 9999⟩", "!")


def test_facts_are_those_of_the_configuration(tiny_causal):
    facts = tiny_causal.facts
    assert (facts.layers, facts.heads, facts.kv_heads, facts.width) == (3, 4, 2, 24)
    assert (facts.vocabulary, facts.context, facts.family) == (261, 64, "llama")
    assert (facts.device, facts.dtype, facts.kind) == ("cpu", "float32", "causal")
    # By hand: two embeddings, a norm, and in each of three blocks q, k, v, o, gated MLP, 2 norms.
    block = 24 * 24 + 2 * 24 * 12 + 24 * 24 + 3 * 24 * 40 + 2 * 24
    assert facts.parameters == 2 * 261 * 24 + 24 + 3 * block
    assert facts.weight_bytes == 4 * facts.parameters


def test_a_matrix_that_serves_twice_is_counted_once():
    network = tiny.network("gpt2")
    assert network.lm_head.weight is network.transformer.wte.weight
    stored = sum(tensor.numel() for tensor in network.state_dict().values())
    assert tiny.model("gpt2").facts.parameters == stored - 261 * 24


@pytest.mark.parametrize(
    ("family", "kv_heads"),
    [
        ("gpt2", 4),
        ("llama", 2),
        ("gemma3", 2),
        ("falcon", 1),
        ("falcon_alibi", 1),
        ("bert", 4),
        ("t5", 4),
    ],
)
def test_key_value_heads_are_counted(family, kv_heads):
    assert tiny.model(family).facts.kv_heads == kv_heads


@pytest.mark.parametrize(
    ("config", "kv_heads"),
    [
        ({"num_attention_heads": 8}, 8),
        ({"num_attention_heads": 8, "num_key_value_heads": 2}, 2),
        ({"num_attention_heads": 8, "num_key_value_heads": None}, 8),
        # Falcon-7B shares one pair among all heads; Falcon-40B has groups, and states a number.
        ({"num_attention_heads": 71, "multi_query": True, "new_decoder_architecture": False}, 1),
        (
            {
                "num_attention_heads": 128,
                "multi_query": True,
                "new_decoder_architecture": True,
                "num_kv_heads": 8,
            },
            8,
        ),
        # StarCoder (GPT-BigCode) has no such second switch.
        ({"num_attention_heads": 16, "multi_query": True}, 1),
    ],
)
def test_key_value_heads_by_hand(config, kv_heads):
    assert count_kv_heads(SimpleNamespace(**config)) == kv_heads


def test_facts_of_a_family_without_a_row_can_be_told():
    config = hf.GPTBigCodeConfig(vocab_size=261, n_embd=24, n_layer=3, n_head=4, n_positions=64)
    network = hf.GPTBigCodeForCausalLM(config)
    facts = replace(tiny.model("gpt2"), network=network).facts
    assert (facts.family, facts.heads, facts.kv_heads) == ("gpt_bigcode", 4, 1)


def test_where_a_decoder_begins(tiny_seq2seq):
    assert tiny_seq2seq.decoder_start == 0
    assert tiny.model("bart").decoder_start == 2


@pytest.mark.parametrize(
    ("family", "context"), [("llama", 64), ("gpt2", 64), ("mpt", 64), ("roberta", 64), ("bert", 66)]
)
def test_the_context_is_what_positions_there_are(family, context):
    """RoBERTa's table has 66 rows, of which no token ever uses the first two."""
    model = tiny.model(family)
    assert model.context == context
    with torch.no_grad():
        ids = torch.tensor([model.checked([7] * context)])
        assert model.network(ids).logits.shape[1] == context


@pytest.mark.parametrize("length", [4, 40])
def test_padding_and_truncation_stored_in_a_tokenizer_are_not_obeyed(length):
    """Training scripts leave them behind in tokenizer.json; an inspection wants all."""
    plain = tiny.model("llama")
    backend = Tokenizer.from_str(tiny.tokenizer().backend_tokenizer.to_str())
    backend.enable_truncation(length)
    backend.enable_padding(length=length, pad_id=0, pad_token="<pad>")
    limited = with_tokenizer(plain, backend, pad_token="<pad>")
    text = "to be, or not"
    assert len(backend.encode(text).ids) == length, "else this test would see nothing"
    assert limited.encode(text) == plain.encode(text)
    assert limited.encode_target(text) == plain.encode_target(text)
    assert limited.ids_of(text) == plain.ids_of(text)


def test_where_a_decoder_begins_may_stand_in_the_generation_config_alone(tiny_seq2seq):
    network = tiny.network("t5")
    network.config.decoder_start_token_id = None
    network.generation_config.decoder_start_token_id = 7
    assert replace(tiny_seq2seq, network=network).decoder_start == 7
    network.generation_config.decoder_start_token_id = None
    network.config.bos_token_id = network.config.pad_token_id = None
    with pytest.raises(InspectionError, match="does not say with which token"):
        replace(tiny_seq2seq, network=network).decoder_start  # noqa: B018


def test_settings_that_differ_from_layer_to_layer_are_told_by_the_largest():
    config = SimpleNamespace(num_attention_heads=[4, 8, 2], num_key_value_heads=[1, 2, 1])
    assert count_kv_heads(config) == 2


def test_a_network_that_looks_no_tokens_up_is_refused():
    """Canine makes its vectors out of characters."""
    config = hf.CanineConfig(**tiny._BERT | {"hidden_size": 32})
    network = tiny.built(hf.CanineForSequenceClassification, config)
    with pytest.raises(InspectionError, match="no table with a vector for each token"):
        wrapped(network, tiny.tokenizer(), "classifier", "tiny-canine")
