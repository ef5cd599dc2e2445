"""A fold of Extension: one head's attention, as trained and extended."""

from dataclasses import replace

from components.figures.positions.context_extension import attention_change
from components.figures.positions.tables import extended_table
from components.inspection.positions.extended_attention import PASSES, attention_under
from components.inspection.positions.measured import position_code
from components.lesson import Ask, Shown, View
from components.widgets import running
from components.widgets.markup import coded
from pages.inside.positions.extending import extension_of
from pages.inside.positions.rotating import MOST_DRAWN, only_the_first


def attention(ask: Ask) -> Shown:
    extension = extension_of(ask)
    layer, head = ask.layer(ask.inspect(position_code).first.attending), ask.head()
    cost = running.over_prompt(ask, PASSES)
    found = running.inspected(ask, attention_under, ask.prompt, layer, head, extension, cost=cost)
    few = slice(0, MOST_DRAWN)
    drawn = replace(
        found,
        tokens=found.tokens[few],
        trained=found.trained[few, few],
        changed=found.changed[few, few],
    )
    alone = extension.method == "dynamic" and not found.logit_change
    return Shown(
        attention_change(drawn),
        alt=f"Attention of head {head} in layer {layer} as trained, extended, and the difference.",
        told=(
            f"The likeliest token at the end: {coded(found.answers[0])} as trained, "
            f"{coded(found.answers[1])} extended. The largest change of its logits: "
            f"{found.logit_change:.3g}."
            if found.answers[0]
            else ""
        )
        + (" Dynamic NTK leaves texts within the trained context alone." if alone else "")
        + only_the_first(len(found.tokens)),
        checks=found.checks,
        table=lambda: extended_table(found),
        read="Three maps of one head: as trained, extended (violet: 0 to 100% of the attention), "
        "and the difference (blue: more, vermilion: less). Rows are query tokens, columns key "
        "tokens in the same order. Hover for the numbers.",
    )


EXTENDED_ATTENTION = View("One head, before and after.", attention)
