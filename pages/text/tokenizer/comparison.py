"""What both plots of Compare owe alike: tokenizers and text, the table, the checks, the code."""

from functools import partial
from typing import Any

from components.figures.tokenizer_tables import comparison_table
from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError
from components.inspection.tokenizer.compare import Comparison, compare
from components.lesson import Ask, Predict, Shown
from components.widgets.tokenizers import several
from pages.text.tokenizer import asking, code, says, texts
from pages.text.tokenizer.texts import ChosenText


def compared(ask: Ask) -> tuple[Comparison, ChosenText]:
    """Ask for tokenizers and a text; return what each makes of it, and say what is not here.

    Raises:
        InspectionError: none was chosen, or none of them is on this machine.
    """
    sources, read = several(ask), texts.text(ask, texts.METHODS)
    if not sources:
        raise InspectionError("Choose two or more tokenizers to see them side by side.")
    found = ask.compute(compare, sources, read.text)
    for name, why in found.missing:
        said = f"Not on this machine: {name}. {why}".replace("\n", " ")
        ask.drawn(f"missing-{name}", partial(_note, ask, said))
    if not found.readings:
        raise InspectionError("None of these tokenizers is on this machine: choose another.")
    return found, read


def _note(ask: Ask, said: str, _: object) -> None:
    ask.note(said)


def shown(
    found: Comparison, read: ChosenText, more: str, figure: Any, predict: Predict | None
) -> Shown:
    """Return a figure over the comparison with all that it owes; `more` is told at the end."""
    fewest = min(found.readings, key=lambda each: each.tokens)
    most = max(found.readings, key=lambda each: each.tokens)
    return Shown(
        figure,
        alt=f"Number of tokens by tokenizer, the fewest first: {fewest.tokens:,} by "
        f"{short_name(fewest.title)}.",
        told=says.fewest_and_most(found, fewest, most) + more,
        checks=found.checks,
        table=lambda: comparison_table(found),
        code=code.comparing(tuple(each.source for each in found.readings), read),
        read="The same text by each tokenizer. Outlined: special tokens, which it adds; a wavy "
        "line: an unknown token, whose text is lost. The table says what sets them apart: the "
        "vocabulary's size, the method, the marker, unknown tokens, and the round trip: whether "
        f"decoding gives the text back. {asking.MARKERS}",
        predict=predict,
        tries="Another text: *Lower, Title, UPPER case*, *Numbers*, *Python code*, *Many scripts "
        "and emoji*. Which tokenizer is the best now? Where is a word lost?",
    )
