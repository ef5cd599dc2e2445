"""Special tokens, and how a conversation becomes one text with them in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.inspection.apart import TookTooLongError, run_apart
from components.inspection.errors import InspectionError
from components.inspection.tokenizer import mistral, render
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
LONGEST_FRAME: Final = 100_000
"""Characters that a template may write of its own."""
MOST_REPEATED: Final = 10
"""How often it may write a message."""
PATIENCE: Final = 20.0
"""Seconds by the clock that a template may take on a busy machine."""
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
    on. Rendered in a process of its own, in a sandbox that is what transformers' is: a template
    may not reach outside, and may not take more time or memory than `render` allows.

    Raises:
        InspectionError: the template refuses this conversation, is broken, or takes too much.
    """
    turns = [{"role": message.role, "content": message.content} for message in messages]
    given = {"messages": turns, "add_generation_prompt": answer} | dict(names)
    most = LONGEST_FRAME + MOST_REPEATED * sum(len(message.content) for message in messages)
    asked = {"template": template, "given": given, "most": most}
    try:
        said = run_apart(Path(render.__file__), asked, PATIENCE)
    except TookTooLongError:
        said = {"error": f"it takes more than {render.MOST_SECONDS} seconds"}
    if "text" not in said:
        raise InspectionError(
            f"The chat template does not take this conversation: {said['error']}. Change the "
            "messages, or take another template."
        )
    return str(said["text"])


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
