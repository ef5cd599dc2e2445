"""View: special tokens, typed into a text, and put into a conversation by a chat template."""

import pandas as pd

from components.figures.visible import visible
from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.template import (
    TEMPLATES,
    ChatMessage,
    SpecialToken,
    cut_chat,
    own_template,
    render_chat,
    special_tokens,
    token_names,
)
from components.lesson import Ask, Predict, Shown, View
from components.widgets import settled
from components.widgets.markup import coded
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.asking import ChosenText, counted
from pages.text.tokenizer.cells import as_table, show_cut

OWN = "The tokenizer's own"
LISTED = 6
"""Special tokens that are told of; the table has all."""
NONE, ONE, MORE = "none", "one", "two or more"
SHARES = ("under a quarter", "a quarter to a half", "more than half")
UNCHECKED = "The vocabulary of this tokenizer does not fix the bytes of its tokens."


def typed(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    found = chosen.inspect(ask, special_tokens)
    ending = [token.piece for token in found if "ends a text" in token.roles]
    example = (ending or [token.piece for token in found] or ["<|endoftext|>"])[0]
    start = f"The end.{example}Once more"
    if settled.moved(f"{ask.key}-typed", start):  # another tokenizer's special token
        ask.sets({"typed": start})
    text = ask.text("Type one into a text", "typed", start, most=300)
    shown = chosen.inspect(ask, cut, text)
    with ask.stage.container():
        show_cut(shown, f"strip-{ask.key}", floating=False)
    added = sum(bool(token.put) for token in found)
    return Shown(
        None,
        alt=f"{text!r} in {shown.total:,} tokens.",
        told=f"{chosen.name} has **{len(found):,}** special token{'s' * (len(found) != 1)}"
        + (": " if found else ".")
        + "; ".join(f"{coded(visible(token.piece))} {purpose(token)}" for token in found[:LISTED])
        + (" …" if len(found) > LISTED else "." if found else "")
        + (
            "  \nThis is as mistral_common tokenizes a plain text. `AutoTokenizer` of transformers "
            "puts `<s>` before every text, and takes a special token that is typed for that token."
            if any(not token.matched for token in found)
            else ""
        ),
        checks=shown.checks,
        unchecked=UNCHECKED,
        table=lambda: tokens_table(found),
        code=code.cutting(chosen.source, ChosenText(text, ""), chosen.revision),
        read="Outlined boxes are special tokens. The table lists all: what each is for, whether it "
        "is added automatically, and what it becomes if somebody types it.",
        predict=Predict(
            "How many special tokens does this tokenizer add to every text?",
            (NONE, ONE, MORE),
            (NONE, ONE, MORE)[min(added, 2)],
            f"{added}: the outlined ones that nobody typed.",
        ),
        tries="Leave out one sign of the special token: how many tokens is it then?",
    )


def purpose(token: SpecialToken) -> str:
    said = ", ".join(token.roles) or "other"
    return f"{said}, added {token.put} every text" if token.put else said


def tokens_table(found: tuple[SpecialToken, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [token.id for token in found],
            "token": [token.piece for token in found],
            "what for": [", ".join(token.roles) or "other" for token in found],
            "added automatically": [token.put or "no" for token in found],
            "if typed": [
                "this one token" if token.matched else "split like ordinary text" for token in found
            ],
        }
    )


def conversation(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    own = chosen.inspect(ask, own_template)
    offers = ([OWN] if own else []) + list(TEMPLATES)
    if not own:
        ask.note(f"{chosen.title} came without a chat template; here are five of other families.")
    name = ask.choice_of("Template", "template", offers)
    turns = [
        ("system", ask.text("System", "system", "", most=500)),
        ("user", ask.text("User", "user", "What is 1 + 1?", most=500)),
        ("assistant", ask.text("Assistant", "assistant", "", most=500)),
    ]
    label = "Add the start of the answer (generation prompt)"
    answer = ask.toggle(label, "answer", True)
    messages = tuple(ChatMessage(role, content) for role, content in turns if content)
    template = own if name == OWN and own else TEMPLATES[name]
    names = chosen.inspect(ask, token_names)
    text = ask.compute(render_chat, template, messages, answer, names)
    shown = chosen.inspect(ask, cut_chat, text, 500)
    box = ask.stage.container()
    with box:
        box.code(text or " ", language=None, wrap_lines=True)
        show_cut(shown, f"strip-{ask.key}-chat", floating=False)
    said = sum(chosen.inspect(ask, cut, each.content, 0, 500, False).total for each in messages)
    share = max(0.0, 1 - said / max(shown.total, 1))
    return Shown(
        None,
        alt=f"The conversation in {shown.total:,} tokens.",
        told=f"The text that the model reads, and its tokens: {counted(shown.total)}. With a "
        "template of another family its signs fall into pieces, and the model has never seen them.",
        checks=shown.checks,
        unchecked=UNCHECKED,
        table=lambda: as_table(shown),
        code=code.chatting(
            template,
            [{"role": each.role, "content": each.content} for each in messages],
            answer,
            names,
        ),
        read="Above, the text that the template makes of the turns; below, its tokens. The code "
        "holds the template, in Jinja.",
        predict=Predict(
            "What share of these tokens does the template write, and not the speakers?",
            SHARES,
            SHARES[(share >= 0.25) + (share > 0.5)],
            f"{share:.0%}: the turns by themselves are {said:,} tokens of {shown.total:,}.",
        ),
        tries="A template of another family: how many tokens is one of its signs now?",
    )


VIEW = View(
    "A **special token** marks a place in a text, such as its end; no word is ever tokenized into "
    "one. A chat model reads one long text too: a **template** writes the turns into it, with "
    "special tokens that say who speaks.",
    kind="In",
    kinds={"A typed text": View("", typed), "A conversation": View("", conversation)},
)
