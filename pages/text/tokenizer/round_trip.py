"""Part of Tokens: does decoding give the text back? If not, where it differs."""

import pandas as pd

from components.figures.tokenizer_tables import differences_table
from components.inspection.tokenizer.roundtrip import round_trip_of
from components.lesson import Ask, Shown, View
from pages.text.tokenizer import asking, code, texts


def show(ask: Ask) -> Shown:
    chosen, read = asking.tokenizer(ask), texts.text(ask)
    encoded = asking.encoded(ask, chosen, read)
    back = chosen.inspect(ask, round_trip_of, read.text, encoded)
    rows = differences_table(back)
    if len(rows):
        ask.stage.dataframe(rows, hide_index=True)
    else:
        ask.stage.text("decode(encode(text)) = text")
    why = " ".join(back.reasons) + " The first differences; there are more." * back.more
    return Shown(
        None,
        alt=f"decode(encode(text)) differs from the text at {len(rows)} places that are listed.",
        told=f"The first {back.checked:,} of {len(read.text):,} characters were decoded again. "
        + ("They come back as they were." if back.same else why),
        checks=back.checks,
        table=lambda: rows if len(rows) else pd.DataFrame({"characters the same": [back.checked]}),
        code=code.cutting(chosen.source, read, chosen.revision),
        read="A row is a place where the text that comes back is another: what stood there, and "
        "what became of it. The code's last line says whether the text comes back.",
    )


ROUND_TRIP = View("Does decoding give the text back?", show)
