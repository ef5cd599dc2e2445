"""A small language for templates, in which every choice goes through the pen.

* `[sang|cried|]`: one of the texts, each equally likely; the last one here is empty. They nest.
* `<colour>`: any word of that list of the lexicon, chosen afresh each time.
* `{object}`: a word of that list, chosen when first needed and then remembered; `{object2}` is
  another one, never the same. `{hero}`, `{friend}` and `{third}` are names. `{hero.his}` is a form.
* `a~`: "a" or "an", whichever the next word needs (`A~` at the start of a sentence).

A word is only drawn when the text that holds it is written, so nothing unwritten is paid for.
The idea of such templates is Tracery's (Compton, Kybartas and Mateas, 2015).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from components.teaching_models.forms import Word, article
from components.teaching_models.pen import Pen
from components.teaching_models.words import LISTS

CAST = {"hero": "name", "friend": "name", "third": "name"}
"""Roles with a name of their own: the list from which each is drawn."""

_ARTICLE = re.compile(r"\b([Aa])~ (\w+)")
_SPLIT = re.compile(r"([\[\]|<>{}])")


@dataclass(frozen=True)
class _Choice:
    options: tuple["_Text", ...]


@dataclass(frozen=True)
class _Fresh:
    list_name: str


@dataclass(frozen=True)
class _Remembered:
    role: str
    form: str


_Text = tuple[str | _Choice | _Fresh | _Remembered, ...]


@cache
def _parse(template: str) -> _Text:
    pieces = [piece for piece in _SPLIT.split(template) if piece]
    text, position = _parse_text(pieces, 0)
    if position != len(pieces):
        raise ValueError(f"Unbalanced brackets in the template: {template!r}")
    return text


def _parse_text(pieces: list[str], position: int) -> tuple[_Text, int]:
    text: list[str | _Choice | _Fresh | _Remembered] = []
    while position < len(pieces) and pieces[position] not in ("|", "]"):
        piece = pieces[position]
        if piece == "[":
            options = []
            while piece != "]":
                option, position = _parse_text(pieces, position + 1)
                options.append(option)
                piece = pieces[position]
            text.append(_Choice(tuple(options)))
        elif piece == "<":
            text.append(_Fresh(pieces[position + 1]))
            position += 2
        elif piece == "{":
            role, _, form = pieces[position + 1].partition(".")
            text.append(_Remembered(role, form))
            position += 2
        else:
            text.append(piece)
        position += 1
    return tuple(text), position


class Scene:
    """The words that one document remembers while its sentences are written.

    >>> scene = Scene(Pen(3))
    >>> scene.write("{hero} has a~ <look> {object}. The {object} is {hero.his} own.")
    'Lily has a new bag. The bag is her own.'
    """

    def __init__(self, pen: Pen, **known: Word) -> None:
        self.pen = pen
        self._roles: dict[str, Word] = known

    @staticmethod
    def options(list_name: str) -> Sequence[Word]:
        """Return the words of a list of the lexicon."""
        return LISTS[list_name]

    def write(self, template: str) -> str:
        """Return the text of a template; double spaces close up, articles agree."""
        text = self._expand(_parse(template))
        text = _ARTICLE.sub(_right_article, text)
        return re.sub(" {2,}", " ", text).strip(" ")

    def role(self, role: str) -> Word:
        """Return who or what plays the role, drawn on first use, different from its likes."""
        if role not in self._roles:
            list_name = CAST.get(role, role.rstrip("0123456789"))
            taken = set(map(str, self._roles.values()))
            options = [word for word in LISTS[list_name] if str(word) not in taken]
            self._roles[role] = self.pen.pick(options)
        return self._roles[role]

    def knows(self, role: str) -> bool:
        """Say whether the role was cast already."""
        return role in self._roles

    def _expand(self, text: _Text) -> str:
        return "".join(part if isinstance(part, str) else self._fill(part) for part in text)

    def _fill(self, part: _Choice | _Fresh | _Remembered) -> str:
        if isinstance(part, _Choice):
            return self._expand(self.pen.pick(part.options))
        if isinstance(part, _Fresh):
            return str(self.pen.pick(LISTS[part.list_name]))
        word = self.role(part.role)
        return str(getattr(word, part.form) if part.form else word)


def _right_article(match: re.Match[str]) -> str:
    letter, word = match.groups()
    return letter + article(word)[1:] + " " + word
