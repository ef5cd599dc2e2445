"""A kind of Rotation: a real query and a real key of the loaded model."""

from components.figures.positions.tables import pair_table
from components.inspection.positions.browser import browser_checks
from components.inspection.positions.panels import built_like_llama
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from components.widgets.presets import examples
from pages.inside.positions import code
from pages.inside.positions.clocks import READ, draw
from pages.inside.positions.rotating import query_and_key, vectors_of, weights_of
from pages.inside.positions.rotation_words import apart, stays, symbols

EXAMPLES = {
    "One token back": {
        "prompt": "The dog chased the squirrel because it",
        "layer": "0",
        "head": "0",
    },
    "What came after, last time": {
        "prompt": "red blue green red blue green red blue",
        "layer": "1",
        "head": "3",
    },
    "A name, ten tokens back": {
        "prompt": "When Mary and John went to the shop, Mary gave a drink to",
        "layer": "2",
        "head": "1",
    },
}
"""Heads of the storyteller that look near, at a repetition, and far."""
LONGEST = 8192
"""Positions on the sliders."""


def model(ask: Ask) -> Shown:
    vectors, head = vectors_of(ask)
    at, key_at = query_and_key(ask, vectors, head)
    examples(ask, EXAMPLES, "Heads of the storyteller; another model's do other things.")
    query, key = vectors.queries[head, at], vectors.keys[vectors.key_head(head), key_at]
    rope, longest = vectors.rope, min(LONGEST, max(2, vectors.rope.context))
    names = (vectors.tokens[at], vectors.tokens[key_at])
    placed = draw(ask, (query, key), rope, vectors.scale, names, (at, key_at), longest)
    checks = vectors.checks
    if placed is not None:
        checks += ask.compute(browser_checks, query, key, rope, vectors.scale, placed)
    alike = ask.inspect(built_like_llama, ask.prompt, vectors.layer)
    weight = weights_of(ask, vectors, head)[at, key_at]
    return Shown(
        None,
        alt=f"Query and key of layer {vectors.layer}, head {head} as {rope.pairs} clocks.",
        told=f"Where they stand in the text, {coded(names[0])} gives {coded(names[1])} "
        f"**{weight:.1%}** of its attention: the softmax of its scores with all "
        f"tokens that it may see. {apart(ask, vectors)}",
        checks=checks,
        table=lambda: pair_table(query, key, at, key_at, rope),
        code=code.score(ask.choice, ask.prompt, head, at, key_at, vectors) if alike else "",
        uncoded="No code is shown: the few lines that take a Llama apart do not give these numbers "
        "for this family, which makes its queries and keys in another way.",
        read=READ,
        formula=r"\text{score}(m, n) = s \cdot (R_m q) \cdot (R_n k) = s \sum_i |q_i||k_i| "
        r"\cos\big((m - n)\,\theta_i + \varphi_i\big)"
        + (r", \qquad \theta_i = b^{-2i/d}" if rope.kind == "default" else ""),
        symbols=symbols(vectors),
        predict=Predict(
            "Choose **both** beside Play and let them run. What happens to the score?",
            ("it falls with the position", "it turns in circles", "it stays the same"),
            "it stays the same" if stays(vectors, query, key) else "it turns in circles",
            "Every hand turns, but query and key of a pair turn by the same angle, so the angle "
            "between them stays, and with it the score.",
        ),
        tries="Let only **the key** move: the score follows the curve below. Drag the query to the "
        "end: which hands have not moved at all?",
    )


REAL_VECTORS = View(
    "A real query and a real key of one head, a dial for each of its pairs. Drag them: the score "
    "is the sum of what all pairs add.",
    model,
)
