"""View: special tokens, typed into a text, and put into a conversation by a chat template."""

from components.figures.tokenizer_tables import special_table
from components.figures.visible import visible
from components.inspection.tokenizer.cutting import cut
from components.inspection.tokenizer.template import SpecialToken, special_tokens
from components.lesson import Ask, Predict, Shown, View
from components.widgets import settled
from components.widgets.markup import coded
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.cells import show_cut
from pages.text.tokenizer.conversation import CONVERSATION
from pages.text.tokenizer.texts import ChosenText

LISTED = 6
"""Special tokens that are told of; the table has all."""
NONE, ONE, MORE = "none", "one", "two or more"
UNMATCHED = (
    "  \nThis is as mistral_common tokenizes a plain text. `AutoTokenizer` of transformers puts "
    "`<s>` before every text, and takes a special token that is typed for that token."
)


def typed(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    found = chosen.inspect(ask, special_tokens)
    start = f"The end.{example(found)}Once more"
    if settled.moved(f"{ask.key}-typed", start):  # another tokenizer's special token
        ask.sets({"typed": start})
    text = ask.text("Type one into a text", "typed", start, most=300)
    shown = chosen.inspect(ask, cut, text)
    with ask.stage.container():
        show_cut(shown, f"strip-{ask.key}", floating=False)
    added = sum(bool(token.put) for token in found)
    listed = "; ".join(map(purpose, found[:LISTED]))
    return Shown(
        None,
        alt=f"{text!r} in {shown.total:,} tokens.",
        told=f"{chosen.name} has **{len(found):,}** special token{'s' * (len(found) != 1)}"
        + (f": {listed}{' …' if len(found) > LISTED else '.'}" if found else ".")
        + (UNMATCHED if any(not token.matched for token in found) else ""),
        checks=shown.checks,
        unchecked="The vocabulary of this tokenizer does not fix the bytes of its tokens.",
        table=lambda: special_table(found),
        code=code.cutting(chosen.source, ChosenText(text, ""), chosen.revision),
        read="Outlined boxes are special tokens. The table lists all: what each is for, whether it "
        "is added automatically, and what it becomes if somebody types it.",
        predict=Predict(
            "How many special tokens does this tokenizer add to every text?",
            (NONE, ONE, MORE),
            (NONE, ONE, MORE)[min(added, 2)],
            f"{added}: the outlined ones that nobody typed.",
        ),
        tries="Leave out one sign of the special token: how many tokens is it then? Choose "
        "*WordPiece*: `[CLS]` and `[SEP]` stand around every text.",
    )


def example(found: tuple[SpecialToken, ...]) -> str:
    """Return a special token to type: one that ends a text or a sentence, else the first."""
    ending = ("ends a text", "separates two sentences")
    fitting = [token.piece for token in found if set(ending) & set(token.roles)]
    return (fitting or [token.piece for token in found] or ["<|endoftext|>"])[0]


def purpose(token: SpecialToken) -> str:
    """Return a special token, what it is for, and where it is put."""
    said = f"{coded(visible(token.piece))} {', '.join(token.roles) or 'other'}"
    return f"{said}, added {token.put} every text" if token.put else said


VIEW = View(
    "A **special token** marks a place in a text, such as its end; no word is ever tokenized into "
    "one. A chat model reads one long text too: a **template** writes the turns into it, with "
    "special tokens that say who speaks.",
    kind="In",
    kinds={"A typed text": View("", typed), "A conversation": CONVERSATION},
)
