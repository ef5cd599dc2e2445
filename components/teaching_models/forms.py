"""Words and their forms: plurals, articles, pronouns."""

from dataclasses import dataclass

IRREGULAR_PLURALS = {
    "mouse": "mice",
    "goose": "geese",
    "sheep": "sheep",
    "deer": "deer",
    "wolf": "wolves",
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "leaf": "leaves",
    "knife": "knives",
    "scarf": "scarves",
    "fisherman": "fishermen",
    "calf": "calves",
    "loaf": "loaves",
    "fish": "fish",
    "thief": "thieves",
    "shelf": "shelves",
}


def plural(noun: str) -> str:
    """Return the plural of an English noun of this lexicon.

    >>> plural("key"), plural("berry"), plural("box"), plural("mouse")
    ('keys', 'berries', 'boxes', 'mice')
    """
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith(("s", "x", "z", "ch", "sh", "potato", "tomato")):
        return noun + "es"
    return noun + "s"


def article(word: str) -> str:
    """Return "a" or "an", by how the next word sounds.

    >>> article("owl"), article("kite"), article("useful"), article("honest")
    ('an', 'a', 'a', 'an')
    """
    sounds_like_you = ("uni", "use", "eu", "one")
    if word.lower().startswith(sounds_like_you):
        return "a"
    silent_h = ("hour", "honest")
    return "an" if word[0].lower() in "aeiou" or word.lower().startswith(silent_h) else "a"


@dataclass(frozen=True)
class Noun:
    """A thing or animal; `at` is how one is there if it is a place ("in the park")."""

    word: str
    preposition: str = "in"

    def __str__(self) -> str:
        return self.word

    @property
    def plural(self) -> str:
        return plural(self.word)

    @property
    def at(self) -> str:
        return f"{self.preposition} the {self.word}"

    @property
    def At(self) -> str:  # noqa: N802
        return self.at.capitalize()


@dataclass(frozen=True)
class Person:
    """Somebody with a name (or a part in a family) and the pronouns that go with it."""

    word: str
    female: bool

    def __str__(self) -> str:
        return self.word

    @property
    def he(self) -> str:
        return "she" if self.female else "he"

    @property
    def him(self) -> str:
        return "her" if self.female else "him"

    @property
    def his(self) -> str:
        return "her" if self.female else "his"

    @property
    def He(self) -> str:  # noqa: N802
        return "She" if self.female else "He"

    @property
    def His(self) -> str:  # noqa: N802
        return "Her" if self.female else "His"

    @property
    def child(self) -> str:
        return "girl" if self.female else "boy"


@dataclass(frozen=True)
class Country:
    """A country and its capital."""

    word: str
    capital: str

    def __str__(self) -> str:
        return self.word


Word = Noun | Person | Country | str
