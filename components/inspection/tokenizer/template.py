"""Special tokens, and how a conversation becomes one text with them in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from components.inspection.errors import InspectionError
from components.inspection.tokenizer import mistral
from components.inspection.tokenizer.cutting import WINDOW, TokenWindow, cut
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.ready import ReadyTokenizer

TEMPLATES: Final[Mapping[str, str]] = {
    "ChatML (Qwen, SmolLM2)": (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "Phi-3": (
        "<s>{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}<|end|>\n"
        "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    ),
    "TinyLlama (Zephyr)": (
        "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}</s>\n"
        "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    ),
    "Llama 3": (
        "<|begin_of_text|>{% for message in messages %}<|start_header_id|>{{ message.role }}"
        "<|end_header_id|>\n\n{{ message.content }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    ),
    "Mistral": mistral.TEMPLATES["mistral-v1"],
}
"""How five families write a conversation, in short. A model's own template comes with it."""
_SAID: Final = {
    "bos": "begins a text",
    "eos": "ends a text",
    "unk": "stands for what cannot be written",
    "sep": "separates two sentences",
    "pad": "fills up a short text in a batch",
    "cls": "gathers the whole text",
    "mask": "hides a word, to be guessed",
    "additional_special": "other",
}


@dataclass(frozen=True)
class SpecialToken:
    """A token that does not come out of cutting."""

    id: int
    piece: str
    roles: tuple[str, ...]
    """What it is for, in words."""
    matched: bool
    """Typed in a text, it becomes this one token."""
    put: str
    """"before" or "after" if it is put there with every text, else ""."""


@dataclass(frozen=True)
class ChatMessage:
    """One turn of a conversation."""

    role: str
    """"system", "user" or "assistant"."""
    content: str


def special_tokens(holder: Holder) -> tuple[SpecialToken, ...]:
    """Return the special tokens of a tokenizer by id: those matched whole, and control tokens."""
    tokenizer = ready(holder)
    before, after = tokenizer.ends
    return tuple(
        SpecialToken(
            id=id_,
            piece=tokenizer.piece(id_),
            roles=_roles(tokenizer, tokenizer.piece(id_)),
            matched=id_ in tokenizer.added,
            put="before" if id_ in before else "after" if id_ in after else "",
        )
        for id_ in sorted({*tokenizer.added, *tokenizer.controls})
    )


def own_template(holder: Holder) -> str | None:
    """Return the chat template that came with the tokenizer, in Jinja; None if none did."""
    return ready(holder).template


def render_chat(
    template: str, messages: Sequence[ChatMessage], answer: bool, names: Mapping[str, str]
) -> str:
    """Return the text that a conversation becomes.

    `answer`: end where the assistant's answer begins. `names`: the template's bos_token and so
    on. Rendered by transformers itself, in its sandbox: a template may not reach outside. (Two
    threads may not import transformers at once: a page waits for the engine's import first.)

    Raises:
        InspectionError: the template refuses this conversation, or is broken.
    """
    from transformers.utils.chat_template_utils import render_jinja_template

    given: dict[str, Any] = dict(names)
    turns = [{"role": message.role, "content": message.content} for message in messages]
    try:
        rendered, _ = cast(
            "tuple[list[str], object]",
            render_jinja_template(
                conversations=[turns],
                chat_template=template,
                add_generation_prompt=answer,
                **given,
            ),
        )
    except Exception as error:  # a template is a program: any error may come out of it
        raise InspectionError(
            f"The chat template does not take this conversation: {str(error)[:200]}. Change the "
            "messages, or take another template."
        ) from error
    return rendered[0]


def cut_chat(holder: Holder, text: str, count: int = WINDOW) -> TokenWindow:
    """Return the first `count` tokens of a rendered conversation.

    Control tokens in it are taken as such, and nothing is put before or after it: the template
    has written what is needed.

    Raises:
        InspectionError: there is no such tokenizer, or half a surrogate pair in the text.
    """
    return cut(ready(holder).with_controls, text, 0, count, ends=False)


def token_names(holder: Holder) -> dict[str, str]:
    """Return what a template calls the special tokens: bos_token, eos_token and so on."""
    return {f"{role}_token": piece for role, piece in ready(holder).roles.items()}


def _roles(tokenizer: ReadyTokenizer, piece: str) -> tuple[str, ...]:
    found = [role for role, name in tokenizer.roles.items() if name == piece]
    return tuple(_SAID.get(role, role) for role in found)
