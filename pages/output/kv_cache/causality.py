"""A part of Contents: why a cache may be kept. Another last token, and what changes before it."""

from components.figures.kv_cache.contents import change_map
from components.figures.kv_cache.tables import change_table
from components.inspection.anatomy import StackName
from components.inspection.causality import LastTokenChanged, last_token_changed
from components.lesson import Ask, Predict, Shown, View

ANSWERS = ("those of all tokens", "only its own")


def reach(ask: Ask) -> Shown:
    stack: StackName | None = None
    target = None
    if ask.facts.kind == "seq2seq":
        hint = "The decoder is given the prompt to write, too."
        stack = ask.choice_of("Stack", "stack", ("encoder", "decoder"), "decoder", hint=hint)
        target = ask.prompt
    changed = ask.inspect(last_token_changed, ask.prompt, target, stack)
    ahead = changed.looks_ahead
    return Shown(
        change_map(changed),
        alt="Largest change of a key or value for each token and layer; before the last token at "
        f"most {largest(changed):.2g}.",
        told=direction(changed, ask.facts.kind == "seq2seq"),
        checks=() if ahead else (changed.check,),
        unchecked="Tokens here attend in both directions: earlier ones are not promised to stay.",
        table=lambda: change_table(changed),
        read="A column for each token, a row for each layer that keeps keys and values. A cell is "
        "the largest change of one, as a share of the layer's largest. Where keys and values "
        "cannot be seen, the single row is the residual stream's relative change.",
        predict=Predict(
            "Only the last token is exchanged. Whose keys and values change?",
            ANSWERS,
            ANSWERS[0] if ahead else ANSWERS[1],
            "Tokens here attend to later ones too: nothing could be kept."
            if ahead
            else "Tokens attend only to earlier ones (causal attention): nothing that came before "
            "can know of the new token.",
        ),
    )


def largest(changed: LastTokenChanged) -> float:
    return changed.earlier_vectors if changed.vectors.size else changed.earlier


def direction(changed: LastTokenChanged, two_stacks: bool) -> str:
    vectors = changed.vectors.size > 0
    what = "key or value" if vectors else "residual stream"
    whole = "the layer's largest" if vectors else "its norm"
    if changed.looks_ahead:
        return (
            f"**Everything changes**, before the last token by up to {largest(changed):.2%} of "
            f"{whole}: here tokens also attend to those after them, measured on this text"
        ) + (
            ". That is the encoder, whose text does not grow; the decoder's does."
            if changed.stack == "encoder" and two_stacks
            else ", so nothing computed earlier could be kept."
        )
    return (
        f"Before the last token no {what} changes by more than **{largest(changed):.2g}** of "
        f"{whole}: tokens attend only to earlier ones (causal), so what was computed once stays "
        "right."
    )


CAUSALITY = View(
    "Earlier tokens never change: the text is read twice, the second time with **another last "
    "token**. How much do the keys and values of the others change?",
    reach,
)
