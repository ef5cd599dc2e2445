"""Part of Compare: in how many tokens one tokenizer writes each number."""

import pandas as pd

from components.figures.numbers import percent
from components.figures.tokenizer import number_grid
from components.inspection.tokenizer.compare import tokens_per_number
from components.lesson import Ask, Shown, View
from pages.text.tokenizer import asking, code


def show(ask: Ask) -> Shown:
    chosen = asking.tokenizer(ask)
    spaced = asking.spaced(ask, chosen, "With a space before them", "space")
    counts = chosen.inspect(ask, tokens_per_number, spaced)
    share = float((counts == 1).mean())
    where = code.loading(chosen.source, chosen.revision)
    before = " " if spaced and not where.startswith("from mistral") else ""
    return Shown(
        number_grid(counts),
        alt=f"In how many tokens {chosen.title} writes each number from 0 to 9,999: "
        f"{percent(share)} are one token.",
        told=f"{chosen.name}: **{percent(share)}** of the numbers are one token; the longest takes "
        f"{int(counts.max())}.",
        unchecked="A count over all 10,000 numbers; *Tokens* checks that the ids are those that "
        "the tokenizer gives.",
        table=lambda: pd.DataFrame({"number": range(counts.size), "tokens": counts.ravel()}),
        read="Row: the hundreds; column: the last two digits. The darker, the more tokens.",
        uncoded=f"*Tokens* shows the code for one text; a number here is written as "
        f"“{before}4207”.",
    )


NUMBERS = View("In how many tokens does one tokenizer write each number?", show)
