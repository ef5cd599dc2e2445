"""Documents that go on by a rule: counting, the calendar, repeats, sums and code."""

# ruff: noqa: SIM905 (word lists read best as text)

from components.teaching_models.pen import Pen
from components.teaching_models.template import Scene
from components.teaching_models.words import (
    ANIMALS,
    DAYS,
    FOODS,
    JOBS,
    LISTS,
    MONTHS,
    NUMBERS,
    OBJECTS,
)

REPEATED_WORDS = sorted(
    {str(word) for word in ANIMALS + FOODS + JOBS}
    | {str(word) for name in ("look", "mood", "good", "bad", "kind") for word in LISTS[name]}
)
STEPS = (1, 2, 5, 10, -1)
"""By how much counting goes on; counting by one comes far more often."""


def counting(pen: Pen) -> str:
    """Return numbers in order, in figures from 0 to 100 or in words from zero to twenty."""
    if pen.chance(0.25):
        length = pen.between(3, 10)
        start = pen.between(0, len(NUMBERS) - length)
        pen.combine("counting in words", start, length)
        words = NUMBERS[start : start + length]
        return pen.pick(("{}", "Count: {}", "Let us count: {}.")).format(", ".join(words))
    step = pen.weighted(STEPS, (8, 2, 2, 1, 2))
    length = pen.between(4, 9 if step == 10 else 12)
    span = abs(step) * (length - 1)
    if step in (5, 10):
        low = step * pen.between(0, (100 - span) // step)
    else:
        low = pen.between(0, 100 - span)
    start = low if step > 0 else low + span
    pen.combine("counting", start, step)
    numbers = ", ".join(str(start + step * index) for index in range(length))
    return pen.pick(("{}", "Count: {}", "The numbers are {}.", "{0}")).format(numbers)


def calendar(pen: Pen) -> str:
    """Return days of the week or months in order, or who follows whom."""
    kind, names = pen.pick((("day", DAYS), ("month", MONTHS)))
    start = pen.between(0, len(names) - 1)
    form = pen.between(0, 5)
    pen.combine(f"calendar of {kind}s", names[start], form)
    if form < 3:
        length = pen.between(3, len(names))
        row = ", ".join(names[(start + index) % len(names)] for index in range(length))
        return (f"{row}", f"The {kind}s are {row}.", f"{kind.capitalize()}s: {row}")[form]
    after, before = names[(start + 1) % len(names)], names[start - 1]
    return (
        f"The {kind} after {names[start]} is {after}.",
        f"The {kind} before {names[start]} is {before}.",
        f"After {names[start]} comes {after}.",
    )[form - 3]


def repeated_words(pen: Pen) -> str:
    """Return some random words, said two or three times in the same order."""
    words = [pen.pick(REPEATED_WORDS) for _ in range(pen.between(3, 14))]
    times = pen.weighted((2, 3), (3, 1))
    return pen.pick((" ", ", ", "\n")).join(words * times)


def arithmetic(pen: Pen) -> str:
    """Return one to three sums, or a story about one."""
    if pen.chance(0.3):
        return _sum_story(pen)
    return pen.pick(("\n", "; ")).join(_sum(pen) for _ in range(pen.between(1, 3)))


def _sum(pen: Pen) -> str:
    sign = pen.pick("+-*")
    first, second = pen.between(0, 10), pen.between(0, 10)
    if sign == "-":
        first += second
    pen.combine("sum", first, sign, second)
    result = {"+": first + second, "-": first - second, "*": first * second}[sign]
    if sign != "*" and max(first, second, result) <= 20 and pen.chance(0.3):
        verb = "plus" if sign == "+" else "minus"
        return f"{NUMBERS[first]} {verb} {NUMBERS[second]} is {NUMBERS[result]}"
    return f"{first} {sign} {second} = {result}"


def _sum_story(pen: Pen) -> str:
    first, second = pen.between(2, 10), pen.between(2, 10)
    pen.combine("sum", first, "+", second)
    things = pen.pick((OBJECTS, FOODS))
    many = pen.pick(things).plural
    scene = Scene(pen)
    return scene.write(
        f"{{hero}} has {first} {many}. {{friend}} gives {{hero.him}} {second} more. "
        f"Now {{hero}} has {first + second} {many}."
    )


NAMES_OF_FUNCTIONS = "add scale shift area total move change mix".split()
NAMES_OF_VALUES = "a b n x y width height size speed".split()


def code(pen: Pen) -> str:
    """Return a few lines of Python that run, with what they print where they print."""
    form = pen.between(0, 3)
    if form == 0:
        name = pen.pick(NAMES_OF_FUNCTIONS)
        first, second = pen.several(NAMES_OF_VALUES, 2)
        return f"def {name}({first}, {second}):\n    return {first} {pen.pick('+-*')} {second}"
    if form == 1:
        first, second = pen.several(NAMES_OF_VALUES, 2)
        left, right = pen.between(1, 9), pen.between(1, 9)
        return f"{first} = {left}\n{second} = {right}\nprint({first} + {second})  # {left + right}"
    if form == 2:
        value = pen.pick(NAMES_OF_VALUES)
        times, change = pen.between(2, 10), pen.pick(("", " + 1", " * 2"))
        return f"for {value} in range({times}):\n    print({value}{change})"
    value = pen.pick(NAMES_OF_VALUES)
    limit = pen.between(1, 20)
    return f'if {value} > {limit}:\n    print("big")\nelse:\n    print("small")'
