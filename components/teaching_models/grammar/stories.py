"""Plots of tiny stories.

A plot is a row of beats, a beat some ways to say the same step. Whoever enters a story stays the
same: the same name, object, animal and place come back, with the right pronouns.
"""

from components.teaching_models.grammar.plots_of_adventure import (
    JOURNEY,
    MARKET,
    NEWCOMER,
    NOISE,
    RACE,
    TREASURE,
)
from components.teaching_models.grammar.plots_of_friends import (
    BAKING,
    GIFT,
    LOST,
    QUARREL,
    RESCUE,
    STORM,
)
from components.teaching_models.pen import Pen
from components.teaching_models.template import Scene

PLOTS = (
    LOST,
    GIFT,
    QUARREL,
    RESCUE,
    STORM,
    BAKING,
    RACE,
    NOISE,
    TREASURE,
    NEWCOMER,
    JOURNEY,
    MARKET,
)
ENDINGS = (
    "[That night|In the evening] {hero} told {hero.his} {relative} all about it.",
    "It was a~ <wonderful> day.",
    "{hero} never forgot that day.",
    "{hero} fell asleep with a smile.",
    "The end.",
)
ENDINGS_WITH_A_FRIEND = (
    "[{hero} and {friend}|They] [laughed and|sang a song and|] went home together.",
    "From that day on {hero} and {friend} were [best|good|close] friends.",
    "And {friend} was <glad> too.",
    '"I am glad that you are my friend," said {friend} to {hero}.',
)


def story(pen: Pen) -> str:
    """Return one story of about five to nine sentences."""
    scene = Scene(pen)
    sentences = []
    for beat in pen.pick(PLOTS):
        sentences.append(scene.write(pen.pick(beat)))
    if pen.chance(0.6):
        both = scene.knows("friend")
        sentences.append(scene.write(pen.pick(ENDINGS + ENDINGS_WITH_A_FRIEND * both)))
    return " ".join(sentence for sentence in sentences if sentence)
