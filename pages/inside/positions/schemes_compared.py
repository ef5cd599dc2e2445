"""A kind of Schemes: one vector against itself under three schemes."""

from components.figures.positions.schemes import three_maps
from components.figures.positions.tables import scheme_table
from components.inspection.positions.encodings import compared
from components.inspection.positions.words import said
from components.lesson import Ask, Shown, View
from components.widgets.markup import literal

NONE = (
    "\n\n**And none at all?** Some models mark no positions (“NoPE”), and SmolLM3 leaves out the "
    "rotation in every fourth layer. A decoder can still tell order: with a causal mask the first "
    "token sees one token, the second two, and so on, and later layers can count. An encoder "
    "without positions sees a bag of words. **Word order** switches the loaded model's positions "
    "off, to see."
)


def compare(ask: Ask) -> Shown:
    length = ask.number("Positions", "compared", 4, 128, 48)
    found = ask.compute(compared, length, 32, 10_000.0)
    return Shown(
        three_maps(found),
        alt="Scores of all pairs of positions under three schemes.",
        told=f"At one distance the score varies by up to **{found.unevenness[0]:.2f}** with "
        "positions added: they mix with the content. The other two depend on the distance alone. "
        + literal(ask.inspect(said)),
        checks=found.checks,
        table=lambda: scheme_table(found),
        read="One vector (32 equal numbers, norm 1) against itself at any two positions. Bright is "
        "a high score. ALiBi's slope here is 1/16." + NONE,
    )


SCHEMES_COMPARED = View(
    "One vector against itself, at any two positions: absolute positions added, a bias for the "
    "distance, a rotation.",
    compare,
)
