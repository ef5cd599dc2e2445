"""Special tokens and conversations, against transformers and mistral_common themselves."""

import pytest

from components.inspection.errors import InspectionError
from components.inspection.tokenizer.template import (
    TEMPLATES,
    ChatMessage,
    cut_chat,
    own_template,
    render_chat,
    special_tokens,
)
from tests.inspection.tokenizer.kinds import tokenizer_called

ONE = (ChatMessage("user", "What is 1 + 1?"),)
MORE = (
    ChatMessage("system", "Be short."),
    ChatMessage("user", "Hi"),
    ChatMessage("assistant", "Hello!"),
    ChatMessage("user", "Bye"),
)


def test_gpt2_has_one_special_token_for_every_use():
    (token,) = special_tokens("gpt2")
    assert (token.id, token.piece, token.matched, token.put) == (50256, "<|endoftext|>", True, "")
    assert token.roles[:2] == ("begins a text", "ends a text")


def test_what_is_put_with_every_text_is_said():
    bert = tokenizer_called("wordpiece")
    assert bert.ends == ((2,), (3,))


def test_control_tokens_are_never_made_of_typed_text():
    tokens = special_tokens("mistral-v3")
    assert [token.piece for token in tokens[:5]] == ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    assert not any(token.matched for token in tokens)


def test_phi3_and_tinyllama_write_what_the_source_texts_show():
    phi = render_chat(TEMPLATES["Phi-3"], ONE, True, {})
    assert phi == "<s><|user|>\nWhat is 1 + 1?<|end|>\n<|assistant|>\n"
    tiny = render_chat(TEMPLATES["TinyLlama (Zephyr)"], ONE, True, {})
    assert tiny == "<|user|>\nWhat is 1 + 1?</s>\n<|assistant|>\n"


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
@pytest.mark.parametrize("answer", [True, False])
def test_templates_are_rendered_as_transformers_renders_them(template, answer, tiny_causal):
    theirs = tiny_causal.tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content} for message in MORE],
        chat_template=template,
        add_generation_prompt=answer,
        tokenize=False,
    )
    assert render_chat(template, MORE, answer, {}) == theirs


@pytest.mark.slow
@pytest.mark.parametrize("messages", [ONE, MORE], ids=["one turn", "more turns"])
@pytest.mark.parametrize("name", ["mistral-v1", "mistral-v3", "mistral-tekken"])
def test_mistrals_conversations_have_the_ids_of_mistral_common(name, messages):
    instruct = pytest.importorskip("mistral_common.protocol.instruct.messages")
    request = pytest.importorskip("mistral_common.protocol.instruct.request")
    mistral = pytest.importorskip("mistral_common.tokens.tokenizers.mistral").MistralTokenizer
    kinds = {
        "system": instruct.SystemMessage,
        "user": instruct.UserMessage,
        "assistant": instruct.AssistantMessage,
    }
    theirs = {
        "mistral-v1": mistral.v1,
        "mistral-v3": mistral.v3,
        "mistral-tekken": lambda: mistral.v3(is_tekken=True),
    }[name]()
    turns = [kinds[message.role](content=message.content) for message in messages]
    expected = theirs.encode_chat_completion(request.ChatCompletionRequest(messages=turns)).tokens
    template = own_template(name)
    assert template is not None
    text = render_chat(template, messages, True, {})
    assert [token.id for token in cut_chat(name, text).tokens] == expected


@pytest.mark.parametrize(
    "template",
    [
        # For training: what the assistant says is marked.
        "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
        "{{ messages | tojson }} {{ 'a<b & \"c\"' | tojson }}",
        "{{ messages | tojson(indent=2) }}",
        "{% for m in messages %}{% if loop.last %}{% break %}{% endif %}{{ m.role }}{% endfor %}",
        "  {% if true %}\n  x\n  {% endif %}\n{{ bos_token }}",
    ],
)
def test_what_transformers_templates_can_do_can_be_done_here(template, tiny_causal):
    theirs = tiny_causal.tokenizer.apply_chat_template(
        [{"role": message.role, "content": message.content} for message in MORE],
        chat_template=template,
        tokenize=False,
    )
    assert render_chat(template, MORE, False, {"bos_token": "<s>"}) == theirs


@pytest.mark.slow
def test_the_mistral_template_puts_the_system_text_where_mistral_does():
    from mistral_common.protocol.instruct import messages as kinds
    from mistral_common.protocol.instruct.request import ChatCompletionRequest
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    turns = [
        kinds.SystemMessage(content="Be short."),
        kinds.UserMessage(content="Hi"),
        kinds.AssistantMessage(content="Hello!"),
        kinds.UserMessage(content="Bye"),
    ]
    theirs = MistralTokenizer.v1().encode_chat_completion(ChatCompletionRequest(messages=turns))
    ours = render_chat(TEMPLATES["Mistral"], MORE, True, {})
    assert ours == "<s>[INST] Be short.\n\nHi [/INST] Hello!</s>[INST] Bye [/INST]"
    assert [token.id for token in cut_chat("mistral-v1", ours).tokens] == theirs.tokens


def test_mistral_has_no_place_for_a_system_text_without_a_users_turn():
    with pytest.raises(InspectionError, match="into a turn of the user"):
        render_chat(TEMPLATES["Mistral"], MORE[:1], True, {})


def test_another_familys_signs_fall_into_pieces():
    text = render_chat(TEMPLATES["Phi-3"], ONE, True, {})
    pieces = [token.piece for token in cut_chat("gpt2", text).tokens]
    assert "<|user|>" not in pieces
    assert "user" in pieces


def test_a_template_cannot_reach_outside():
    with pytest.raises(InspectionError, match="does not take this conversation"):
        render_chat("{{ ''.__class__.__mro__ }}", ONE, True, {})


def test_a_template_may_refuse_in_its_own_words():
    with pytest.raises(InspectionError, match="roles must alternate"):
        render_chat("{{ raise_exception('roles must alternate') }}", ONE, True, {})


@pytest.mark.parametrize("name", ["mistral-v1", "mistral-v3", "mistral-tekken"])
def test_no_message_at_all_is_no_crash(name):
    template = own_template(name)
    assert template is not None
    assert render_chat(template, (), True, {}) == "<s>"
