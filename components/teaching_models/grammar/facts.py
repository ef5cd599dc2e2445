"""Documents that state facts: capitals, opposites, forms of words, who lives where."""

from components.teaching_models.forms import article
from components.teaching_models.grammar.fact_tables import (
    COLOURS,
    COMPARATIVES,
    HOMES,
    IRREGULAR_PASTS,
    MADE_WITH,
    OPPOSITES,
    REGULAR_VERBS,
    SIZES,
    SOUNDS,
    TOOLS,
    YOUNG,
    present_participle,
    regular_past,
    third_person,
)
from components.teaching_models.pen import Pen
from components.teaching_models.template import Scene
from components.teaching_models.words import (
    ANIMALS,
    CAPITALS,
    CONTINENTS,
    FOODS,
    LANGUAGES,
    NAMES,
    OBJECTS,
)

CAPITAL_SENTENCES = (
    "The capital of {country} is {capital}.",
    "{capital} is the capital of {country}.",
    "What is the capital of {country}? It is {capital}.",
    "Q: What is the capital of {country}? A: {capital}.",
    "{country} is a country. Its capital is {capital}.",
    "The capital city of {country} is called {capital}.",
    "In {country}, the capital is {capital}.",
    "{capital} is a city in {country}.",
    '"What is the capital of {country}?" asked the teacher. "{capital}," said {name}.',
)
LANGUAGE_SENTENCES = (
    "People in {country} speak {language}.",
    "In {capital} people speak {language}.",
    "The language of {country} is {language}.",
)
CONTINENT_SENTENCES = (
    "{country} is in {continent}.",
    "{country} is a country in {continent}.",
    "{capital} is a city in {continent}.",
)


def geography(pen: Pen) -> str:
    """Return one to three facts about countries, each about a country of its own."""
    facts = [_country_fact(pen, name) for name in pen.several(list(CAPITALS), pen.between(1, 3))]
    return " ".join(facts)


def _country_fact(pen: Pen, country: str) -> str:
    kinds = ["capital", "language", "continent"]
    kind = pen.weighted(kinds, (8, country in LANGUAGES, country in CONTINENTS))
    known = {"country": country, "capital": CAPITALS[country]}
    if kind == "language":
        return pen.pick(LANGUAGE_SENTENCES).format(**known, language=LANGUAGES[country])
    if kind == "continent":
        return pen.pick(CONTINENT_SENTENCES).format(**known, continent=CONTINENTS[country])
    number = pen.between(0, len(CAPITAL_SENTENCES) - 1)
    pen.combine("capital", country, number)
    sentence = CAPITAL_SENTENCES[number]
    if "{name}" in sentence:
        known["name"] = str(pen.pick(NAMES))
    return sentence.format(**known)


def opposites(pen: Pen) -> str:
    """Return one to four pairs of opposites, said in one way."""
    template = pen.pick(
        (
            "The opposite of {0} is {1}.",
            "{0} is the opposite of {1}.",
            "If it is not {0}, it is {1}.",
            "{0} and {1} are opposites.",
            "{0} - {1}",
        )
    )
    sentences = []
    for pair in pen.several(OPPOSITES, pen.between(1, 4)):
        first, second = pair if pen.chance(0.5) else pair[::-1]
        sentence = template.format(first, second)
        sentences.append(sentence[0].upper() + sentence[1:] if "-" not in sentence else sentence)
    return ("\n" if "-" in template else " ").join(sentences)


def verb_forms(pen: Pen) -> str:
    """Return the present, past and future of a verb, with the right endings."""
    if pen.chance(0.5):
        verb = pen.pick(list(IRREGULAR_PASTS))
        past = IRREGULAR_PASTS[verb]
    else:
        verb = pen.pick(REGULAR_VERBS)
        past = regular_past(verb)
    third, ing = third_person(verb), present_participle(verb)
    return Scene(pen).write(
        pen.pick(
            (
                (
                    f"Today {{hero}} {third}. Yesterday {{hero.he}} {past}. "
                    f"Tomorrow {{hero.he}} will {verb}."
                ),
                f"I {verb}, you {verb}, {{hero}} {third}.",
                f"{{hero}} {past} yesterday, and now {{friend}} {third} too.",
                f"{{hero}} and {{friend}} {verb} every day. They are {ing} now.",
                f'"Can you {verb}?" asked {{hero}}. "I am {ing}," said {{friend}}.',
                f"{verb}, {past}, {ing}",
            )
        )
    )


def plurals(pen: Pen) -> str:
    """Return one and many of some nouns."""
    template = pen.pick(
        ("one {0}, two {1}", "One {0} and many {1}.", "I see {2} {0}. No, I see {3} {1}!")
    )
    nouns = pen.several(OBJECTS + ANIMALS + FOODS, pen.between(1, 3))
    numbers = ("two", "three", "four", "five")
    return "\n".join(
        template.format(
            noun, noun.plural, article(noun.word), pen.pick(numbers) if "3" in template else ""
        )
        for noun in nouns
    )


COMMON_FACTS: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
    (YOUNG, ("A baby {0} is called a~ {1}.", "A~ {1} is a young {0}.")),
    (HOMES, ("A~ {0} lives in a~ {1}.",)),
    (SOUNDS, ("The {0} says {1}.", '"{2}!" says the {0}.')),
    (COLOURS, ("{0} is {1}.",)),
    (TOOLS, ("We {0} with {1}.", "What do we {0} with? With {1}.")),
    (MADE_WITH, ("{0} is made from {1}.",)),
    (COMPARATIVES, ("{0}, {1}.", "This one is {0}, but that one is {1}.")),
)
"""Each table with the ways to say one of its facts."""


def common_knowledge(pen: Pen) -> str:
    """Return one to three facts that a child would know."""
    return " ".join(_common_fact(pen) for _ in range(pen.between(1, 3)))


def _common_fact(pen: Pen) -> str:
    row = pen.pick((*COMMON_FACTS, None))
    if row is None:
        small, large = (SIZES[rank] for rank in sorted(pen.several(range(len(SIZES)), 2)))
        return Scene(pen).write(
            f"A~ {large} is bigger than a~ {small}."
            if pen.chance(0.5)
            else f"A~ {small} is smaller than a~ {large}."
        )
    table, sentences = row
    key = pen.pick(list(table))
    sentence = pen.pick(sentences) if len(sentences) > 1 else sentences[0]
    text = Scene(pen).write(sentence.format(key, table[key], table[key].capitalize()))
    return text[0].upper() + text[1:]
