"""Documents that state facts: capitals, opposites, forms of words, who lives where."""

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
    CAPITALS,
    CONTINENTS,
    LANGUAGES,
    NAMES,
    OBJECTS,
    ANIMALS,
    FOODS,
    article,
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
                f"Today {{hero}} {third}. Yesterday {{hero.he}} {past}. "
                f"Tomorrow {{hero.he}} will {verb}.",
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


def common_knowledge(pen: Pen) -> str:
    """Return one to three facts that a child would know."""
    return " ".join(_common_fact(pen) for _ in range(pen.between(1, 3)))


def _common_fact(pen: Pen) -> str:
    kind = pen.pick((YOUNG, HOMES, SOUNDS, COLOURS, TOOLS, MADE_WITH, COMPARATIVES, SIZES))
    if kind is SIZES:
        small, large = sorted(pen.several(range(len(SIZES)), 2))
        if pen.chance(0.5):
            return f"A~ {SIZES[large]} is bigger than a~ {SIZES[small]}.".replace(
                "A~ ", article(SIZES[large]).capitalize() + " "
            ).replace("a~ ", article(SIZES[small]) + " ")
        return f"{article(SIZES[small]).capitalize()} {SIZES[small]} is smaller than " + (
            f"{article(SIZES[large])} {SIZES[large]}."
        )
    key = pen.pick(list(kind))
    value = kind[key]
    a, an = article(key), article(value)
    if kind is YOUNG:
        return pen.pick(
            (
                f"A baby {key} is called {an} {value}.",
                f"{an.capitalize()} {value} is a young {key}.",
            )
        )
    if kind is HOMES:
        return f"{a.capitalize()} {key} lives in {an} {value}."
    if kind is SOUNDS:
        return pen.pick((f"The {key} says {value}.", f'"{value.capitalize()}!" says the {key}.'))
    if kind is COLOURS:
        return f"{key.capitalize()} is {value}."
    if kind is TOOLS:
        return pen.pick((f"We {key} with {value}.", f"What do we {key} with? With {value}."))
    if kind is MADE_WITH:
        return f"{key.capitalize()} is made from {value}."
    return pen.pick(
        (f"{key.capitalize()}, {value}.", f"This one is {key}, but that one is {value}.")
    )
