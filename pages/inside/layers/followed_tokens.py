"""Fold: chosen tokens, followed over the layers at one place."""

from components.figures.layers.logit_lens import followed_lines, followed_table
from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.layers.logit_lens import LogitLens
from components.inspection.layers.logit_lens_followed import MOST, followed, token_written
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.inside.layers.logit_lens_asked import lens_of, places


def show(ask: Ask) -> Shown:
    grid, place = lens_of(ask)
    _, target = places(ask)
    offered = likeliest(grid, place)
    names = {token: f"{visible(grid.texts[token])}" for token in offered}
    names |= {each: f"{name} ({each})" for each, name in names.items() if double(names, name)}
    chosen = ask.several("Tokens", "followed", offered, offered[:3], says=names)
    typed = ask.text("Another token", "another", "", wide=170, hint=HINT)
    if typed.strip():
        chosen = (*chosen[: MOST - 1], ask.inspect(token_written, typed))
    scale = ask.choice_of("Scale", "scale", ("probability", "logarithmic"))
    ids = tuple(dict.fromkeys(chosen)) or offered[:1]
    between = any(each.between for each in grid.boundaries)
    found = ask.inspect(followed, ask.prompt, target, place, ids, between)
    largest = found.probabilities.max(0)
    return Shown(
        followed_lines(found, scale == "logarithmic"),
        alt=f"Probabilities of {len(ids)} tokens over {len(found.boundaries)} boundaries; the "
        f"largest is {percent(float(largest.max()))}.",
        told=f"At {coded(visible(found.tokens[place]))}: "
        + "; ".join(
            f"{coded(visible(answer))} is highest after {found.boundaries[int(at)].said} "
            f"({percent(float(high))})"
            for answer, at, high in zip(found.answers, found.logs.argmax(0), largest, strict=True)
        )
        + ".",
        checks=found.checks,
        table=lambda: followed_table(found),
        read="A line for each token, a point for each boundary: the probability that the stream "
        "there gives the token, read through the model's final norm and unembedding matrix. The "
        "logarithmic scale shows a token that rises long before it can win.",
        uncoded="Under *Code* above: print the probability of another id there.",
        predict=rises(grid, place),
        tries="Type a rival of the answer. Does one rise before the other falls?",
    )


def likeliest(grid: LogitLens, place: int) -> tuple[int, ...]:
    """Return the model's likeliest tokens, and then those that lead on the way."""
    column = grid.cells.top[:, place - grid.first]
    leaders = column[::-1, 0].tolist()
    found = [*leaders, *column[-1].tolist()]
    return tuple(int(each) for each in dict.fromkeys(found))[:MOST]


def double(names: dict[int, str], name: str) -> bool:
    """Say whether two tokens are written alike."""
    return list(names.values()).count(name) > 1


def rises(grid: LogitLens, place: int) -> Predict:
    """Ask whether the answer's probability grows at every step."""
    logs = grid.cells.log_final[:, place - grid.first]
    falls = [
        after.said
        for after, low, high in zip(grid.boundaries[1:], logs[:-1], logs[1:], strict=True)
        if high < low
    ]
    return Predict(
        "Does the model's final answer get likelier with every row, from the embedding on?",
        ("yes", "no"),
        "no" if falls else "yes",
        f"It falls after {', '.join(falls[:4])}{' …' if len(falls) > 4 else ''}."
        if falls
        else "It never falls here.",
    )


HINT = "A word as within a sentence (its first token), or a token as it is written: · is a space."
FOLLOWED_TOKENS = View(
    "Choose some tokens: how likely is each, at the chosen token, from layer to layer?", show
)
