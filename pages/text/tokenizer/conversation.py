"""Kind of Special tokens: a conversation becomes one text by a chat template, and then tokens."""

from typing import Final

from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.template import (
    TEMPLATES,
    ChatMessage,
    cut_chat,
    own_template,
    render_chat,
    token_names,
)
from components.lesson import Ask, Predict, Shown, View
from components.widgets.presets import examples
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.asking import counted
from pages.text.tokenizer.cells import as_table, show_cut
from pages.text.tokenizer.examples import CONVERSATIONS, QUESTION

OWN: Final = "The tokenizer's own"
SHARES: Final = ("under a quarter", "a quarter to a half", "more than half")
LONG: Final = 45
"""Tokens from which on text and strip scroll."""
ROUNDS: Final = 3
"""Most questions of the user."""


def show(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    own = chosen.inspect(ask, own_template)
    if not own:
        ask.note(f"{chosen.title} came without a chat template; here are five of other families.")
    name = ask.choice_of("Template", "template", ([OWN] if own else []) + list(TEMPLATES))
    messages = turns(ask)
    examples(ask, CONVERSATIONS)
    answer = ask.toggle("Generation prompt", "answer", True, hint=GENERATION)
    template = own if name == OWN and own else TEMPLATES[name]
    names = chosen.inspect(ask, token_names)
    text = ask.compute(render_chat, template, messages, answer, names)
    shown = chosen.inspect(ask, cut_chat, text, 500)
    box = ask.stage.container(height=asking.TALL if shown.total > LONG else "content")
    with box:
        box.code(text or " ", language=None, wrap_lines=True)
        show_cut(shown, f"strip-{ask.key}-chat", floating=False)
    said = sum(chosen.inspect(ask, cut, each.content, 0, 500, False).total for each in messages)
    share = max(0.0, 1 - said / max(shown.total, 1))
    spoken = [{"role": each.role, "content": each.content} for each in messages]
    return Shown(
        None,
        alt=f"The conversation in {shown.total:,} tokens.",
        told=f"The text that the model reads, and its tokens: {counted(shown.total)}. With a "
        "template of another family its signs fall into pieces, and the model has never seen them.",
        checks=shown.checks,
        unchecked="The vocabulary of this tokenizer does not fix the bytes of its tokens.",
        table=lambda: as_table(shown),
        code=code.chatting(template, spoken, answer, names),
        read="Above, the text that the template makes of the turns; below, its tokens. The code "
        "holds the template, in Jinja.",
        predict=Predict(
            "What share of these tokens does the template write, and not the speakers?",
            SHARES,
            SHARES[(share >= 0.25) + (share > 0.5)],
            f"{share:.0%}: the turns by themselves are {said:,} tokens of {shown.total:,}.",
        ),
        tries="A template of another family: how many tokens is one of its signs now? Write an "
        "answer under *Turns*, and ask again.",
    )


def turns(ask: Ask) -> tuple[ChatMessage, ...]:
    """Ask for the turns; each answer that is written opens another question."""
    found: list[tuple[str, str]] = []
    with ask.tucked("Turns"):
        found.append(("system", ask.text("System", "system", "", most=500)))
        for number in range(1, ROUNDS + 1):
            ending = "" if number == 1 else f"_{number}"
            first = QUESTION if number == 1 else ""
            found.append(("user", ask.text("User", f"user{ending}", first, most=500)))
            if number == ROUNDS:
                break
            found.append(("assistant", ask.text("Assistant", f"assistant{ending}", "", most=500)))
            if not found[-1][1]:
                break
    return tuple(ChatMessage(role, content) for role, content in found if content)


GENERATION: Final = "Add the start of the assistant's answer, so that the model goes on with it."
CONVERSATION = View("", show)
