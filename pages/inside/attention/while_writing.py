"""View: attention while the model writes; the row of each new token, as it comes."""

from components.figures.attention import tables
from components.figures.attention.heat_map import Look
from components.figures.attention.writing import written_rows
from components.figures.visible import visible
from components.inspection.attention.maps import attention_maps
from components.inspection.attention.writing import MOST_NEW, Generation, writing
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from components.widgets.markup import coded, literal
from components.widgets.presets import examples
from pages.inside.attention import questions
from pages.inside.attention.choices import layer_and_head, reading_of
from pages.inside.attention.examples import OPEN_ENDS

MOST_TOKENS = 96
MEAN, ONE = "mean of the heads", "one head"


def show(ask: Ask) -> Shown:
    asked = reading_of(ask, writes=True)
    if asked.group == "encoder":
        raise InspectionError(
            "An encoder reads everything at once and writes nothing."
            + (
                " Choose decoder self-attention, or cross-attention, above."
                if asked.two_stacks
                else " Choose a decoder, such as storyteller, to see attention while it writes."
            )
        )
    maps = ask.inspect(attention_maps, *asked.arguments)
    hint = f"From 1 to {MOST_NEW}, the most likely each time."
    number = ask.number("New tokens", "new", 1, MOST_NEW, 20, hint=hint)
    of = ask.choice_of("Show", "heads", [MEAN, ONE])
    layer, head = layer_and_head(ask, maps) if of == ONE else (ask.layer(maps.numbers), None)
    at = maps.place_of(layer)
    own = asked.group == "decoder"
    examples(ask, OPEN_ENDS)
    found = ask.measure(
        writing,
        asked.text,
        number,
        asked.group,
        label="Measure while it writes",
        cost=f"{ask.model_name} writes up to {number} tokens; each adds a row, as it comes. You "
        "may stop it.",
        told=lambda found: (found.done, as_written(found), True),
        draw=lambda found: written_rows(found.steps, at, head, Look(top=None), MOST_TOKENS),
        asks=(questions.WRITES, questions.YES_NO) if own else ("", ()),
    )
    where = f"layer {layer}, {of if head is None else f'head {head}'}"
    ended = found.steps[-1].ended
    return Shown(
        written_rows(found.steps, at, head, Look(top=None), MOST_TOKENS),
        alt=f"Where the last token attended to before each of {len(found.steps)} written tokens, "
        f"{where}.",
        told=f"… {literal(asked.text[-120:])} → {as_written(found)}"
        + (f" The text has ended after {len(found.steps)} tokens." if ended else ""),
        checks=found.checks,
        table=lambda: tables.pairs(
            found.rows(at, head),
            [step.reader for step in found.steps],
            found.steps[-1].read,
            "attention weight",
        ),
        read=READ,
        uncoded="No code is shown: it is that of **One head**, on the text as far as it is "
        "written, of which the last row is drawn.",
        predict=questions.own_words(found, at, layer) if own and len(found.steps) > 1 else None,
        tries="Another layer, and one head alone: is there a head that always attends to the "
        "token just written? Under *Examples* are texts with an open end.",
        facts={
            "attention": asked.group,
            "layer": layer,
            "head": of if head is None else head,
            "written": [step.token for step in found.steps],
            "ended": ended,
        },
    )


def as_written(found: Generation) -> str:
    """Return the tokens written so far, as Markdown."""
    return " ".join(coded(visible(step.token)) for step in found.steps)


READ = (
    "A row is the last token at that moment: it attends to everything so far, and what it gathers "
    "decides what is written next. Rows grow, since each new token can be attended to by the next. "
    "No row changes later, since a token's keys and values do not depend on the tokens after it: "
    "that is why they can be kept (the KV cache). The colours reach to the largest weight drawn; "
    f"of a longer text the last {MOST_TOKENS} key tokens are drawn."
)

VIEW = View(
    "The model writes on, the most likely token each time. Watch where it attends before each one.",
    show,
)
