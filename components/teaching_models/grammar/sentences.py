"""Short documents about people and things: who gets what, what agrees with what, what was liked."""

# ruff: noqa: SIM905 (word lists read best as text)

from components.teaching_models.forms import Noun
from components.teaching_models.pen import Pen
from components.teaching_models.template import Scene
from components.teaching_models.words import ANIMALS, JOBS, OBJECTS

MEETINGS = (
    "When {first} and {second} went to the {place},",
    "When {first} and {second} got a~ {gift} {place.at},",
    "When {first} and {second} were {place.at},",
    "After {first} and {second} went to the {place},",
    "After {first} and {second} left the {place},",
    "Then, {first} and {second} went to the {place}.",
    "Then, {first} and {second} had a long talk {place.at}, and",
    "While {first} and {second} were [sitting|working|playing|waiting] {place.at},",
    "{first} and {second} [worked|met|played|sat down] {place.at}, and",
    "{first} and {second} [worked|met|played|sat down] {place.at}.",
    "[One day|Yesterday|Last <season>|On {day}] {first} and {second} went to the {place}, and",
    "Before {first} and {second} left the {place},",
)
HANDOVERS = (
    "{giver} gave a~ {given} to {getter}.",
    "{giver} gave the {given} to {getter}.",
    "{giver} [handed|passed|offered|showed|brought|sold|lent|threw|sent] a~ {given} to {getter}.",
    "{giver} [handed|passed|offered|showed|brought|sold|lent|threw|sent] the {given} to {getter}.",
    "{giver} [decided|wanted] to give a~ {given} to {getter}.",
    "{giver} said [hello|goodbye|good night|thank you] to {getter}.",
    "{giver} told a~ [long|short|funny|sad] story to {getter}.",
)
THANKS = (
    "{getter} was <glad>.",
    '"Thank you, {giver}," said {getter}.',
    "{getter} thanked {getter.his} friend {giver}.",
    "{getter.He} [smiled|laughed] at {giver}.",
)

ABOUT_OBJECTS = (
    "red blue green yellow white black brown big small old new heavy broken lost".split()
)
ABOUT_ANIMALS = "hungry tired big small old young happy sad brave clever lazy noisy quiet".split()
BETWEEN = (
    "near",
    "behind",
    "beside",
    "next to",
    "in front of",
    "under",
    "above",
    "by",
)

REVIEWED = "film song show concert meal soup play game story restaurant hotel dance party".split()
PRAISE = (
    "I loved it!",
    "I would go again.",
    "It made me happy.",
    "Everyone laughed and smiled.",
    "I want more of it.",
    "It was worth every coin.",
    "We enjoyed every minute.",
    "You should try it.",
    "I give it five stars.",
    "Thank you so much!",
)
BLAME = (
    "I hated it!",
    "I would never go again.",
    "It made me sad.",
    "Everyone was bored and tired.",
    "I want my money back.",
    "It was a waste of time.",
    "We left early.",
    "Do not try it.",
    "I give it one star.",
    "Never again!",
)


def indirect_object(pen: Pen) -> str:
    """Return two people, and one who gives something to the other.

    Source of the task: Wang et al. (2022), Interpretability in the Wild.
    """
    scene = Scene(pen)
    first, second = scene.role("hero"), scene.role("friend")
    giver, getter = (first, second) if pen.chance(0.5) else (second, first)
    given = scene.role("object") if pen.chance(0.6) else scene.role("gift")
    known = {"first": first, "second": second, "giver": giver, "getter": getter, "given": given}
    scene = Scene(pen, **known)
    meeting = scene.write(pen.pick(MEETINGS))
    text = f"{meeting} {scene.write(pen.pick(HANDOVERS))}"
    if pen.chance(0.3):
        text += " " + scene.write(pen.pick(THANKS))
    return text


def agreement(pen: Pen) -> str:
    """Return a sentence whose verb stands next to the wrong noun.

    Source of the task: Linzen, Dupoux and Goldberg (2016), on agreement across attractors.
    """
    nouns, qualities = pen.pick(
        ((OBJECTS, ABOUT_OBJECTS), (ANIMALS, ABOUT_ANIMALS), (JOBS, ABOUT_ANIMALS))
    )
    subject = pen.pick(nouns)
    attractor = pen.pick([noun for noun in OBJECTS + ANIMALS + JOBS if noun != subject])
    pen.combine("agreement", subject, attractor)
    many, attractors_many = pen.chance(0.5), pen.chance(0.5)
    text = f"{_numbered(pen, subject, many)} {_link(pen, nouns is OBJECTS, many)} "
    text += _numbered(pen, attractor, attractors_many).lower()
    text += " " + pen.pick(("are", "were") if many else ("is", "was"))
    quality = pen.pick(qualities)
    text += f" {quality}."
    if nouns is not JOBS and pen.chance(0.25):
        be = pen.pick(("are", "were") if many else ("is", "was"))
        other = pen.pick([word for word in qualities if word != quality])
        text += f" {'They' if many else 'It'} {be} not {other}."
    return text


def _numbered(pen: Pen, noun: Noun, many: bool) -> str:
    determiner = pen.weighted(("The", "These" if many else "This"), (4, 1))
    return f"{determiner} {noun.plural if many else noun}"


def _link(pen: Pen, is_object: bool, many: bool) -> str:
    """Return what stands between the subject and the attractor."""
    if is_object or pen.chance(0.6):
        return pen.pick(BETWEEN)
    verbs = ("saw", "liked", "followed", "helped", "chased", "found")
    present = ("see", "like", "follow") if many else ("sees", "likes", "follows")
    return f"that {pen.pick(verbs + present)}"


def review(pen: Pen) -> str:
    """Return what somebody thinks of a show, a meal or a story: all good or all bad."""
    thing = pen.pick(REVIEWED)
    liked = pen.chance(0.5)
    list_name, verdicts = ("good", PRAISE) if liked else ("bad", BLAME)
    template = pen.pick(
        (
            f"What a~ {{quality}} {thing}!",
            f"The {thing} was {{quality}}.",
            f"The {thing} was [very|so|really] {{quality}} and [very|so|really] {{quality2}}.",
            f"I {'loved' if liked else 'hated'} this {thing} because it was {{quality}}.",
            f"This was the most {{quality}} {thing} [of the year|I know|of all].",
            f"My {{relative}} and I [saw|tried] this {thing}. It was {{quality}}.",
        )
    )
    scene = Scene(pen)
    first, second = (
        pen.several(scene.options(list_name), 2)
        if "quality2" in template
        else (
            pen.pick(scene.options(list_name)),
            "",
        )
    )
    pen.combine("review", thing, first)
    text = Scene(pen, quality=first, quality2=second).write(template)
    for verdict in pen.several(verdicts, pen.between(1, 3)):
        text += f" {verdict}"
    return text
