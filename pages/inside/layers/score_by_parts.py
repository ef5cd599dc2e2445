"""View: one attention score, split by what earlier parts wrote at the two tokens."""

from typing import Final

from components.figures.layers import score_parts as figures
from components.figures.visible import visible
from components.inspection.attention.maps import groups
from components.inspection.layers.score_parts import ScoreParts, score_parts
from components.inspection.layers.score_parts_pairs import pairs
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.inside.layers import score_parts_code as code

SPLIT: Final = {True: "by head", False: "as a whole"}


def show(ask: Ask) -> Shown:
    stacks = [one for one in ask.inspect(groups) if one != "cross"]
    stack = stacks[-1]
    if len(stacks) > 1:
        stack = ask.choice_of("Attention of the", "of", stacks, stack)
    there = ask.inspect(pairs, ask.prompt, stack)
    query = ask.token("Query token", "query", there.tokens, there.place)
    home = there.home[query]
    key = ask.token("Key token", "key", there.tokens, home[2])
    layer = ask.choice_of("Layer", "score_layer", there.layers, home[0], hint=HOME)
    head = ask.choice_of("Head", "score_head", range(there.heads), home[1])
    by_head = ask.choice_of("Earlier attention", "split", list(SPLIT), says=SPLIT)
    found = ask.inspect(score_parts, ask.prompt, stack, layer, head, query, key, by_head)
    kinds = found.by_kind
    return Shown(
        figures.parts_map(found),
        alt=f"Layer {layer}, head {head}: a score of {found.score:+.2f} as a map of what met what.",
        told=told(found),
        checks=found.checks,
        table=lambda: figures.parts_table(found),
        read=READ,
        code=code.score(ask.choice, ask.facts, ask.prompt, found),
        uncoded=code.UNCODED,
        formula=r"s = \sum_p \sum_{p'} \lambda \, (W_Q \, w_p) \cdot (W_K \, w'_{p'})",
        symbols="w is what part p wrote at the query token, w' what p' wrote at the key token, "
        "each normed with the scale held, and turned by its position where the model does so; "
        "λ the factor on q · k.",
        predict=Predict(
            f"Of all that was written at the query token “{literal(visible(found.tokens[query]))}”"
            ", what adds most to this score?",
            tuple(kinds),
            max(kinds, key=lambda name: kinds[name]),
            "Rows added up: " + ", ".join(f"{name} {by:+.2f}" for name, by in kinds.items()) + ".",
            before=figures.score_bars(found),
        ),
        tries="Choose layer 0: only embeddings (and biases) can meet there. Choose another key "
        "token: which column changes most?",
    )


def told(found: ScoreParts) -> str:
    """Say the score and its largest meeting."""
    query, key = (f"“{literal(visible(found.tokens[at]))}”" for at in (found.query, found.key))
    row, column = found.largest
    said = (
        f"Layer {found.layer}, head {found.head}: the score of {query} for {key} is "
        f"**{found.score:+.2f}**, which gives a weight of {found.weight:.0%}. The largest meeting "
        f"({found.matrix[row, column]:+.2f}): what {found.parts[row].words} wrote at {query} met "
        f"what {found.parts[column].words} wrote at {key}."
    )
    if found.position_bias:
        said += f" For their distance, {found.position_bias:+.2f} is added beside the map."
    if found.cap is not None:
        said += f" The network caps its scores at ±{found.cap:g}; this is before the cap."
    return f"{said} {literal(found.said)}".rstrip()


HOME: Final = "At first: where this query token looks most at another token than the first."
READ: Final = (
    "A query and a key are sums over all that was written to the stream before this layer, so the "
    "score is a sum over pairs. A **row** is what one part wrote at the query token, a **column** "
    "what one part wrote at the key token, a cell what their meeting adds to the score: blue "
    "raises it, orange lowers it. Sums stand with the names. L1 H3 is head 3 of layer 1. Parts "
    "that matter least are summed; the table has all."
)
VIEW = View(
    "Why does a head look **there**? Its score for two tokens, split into what earlier parts wrote "
    "at the one and at the other.",
    show,
)
