"""Sentences of known kinds, written by the grammar's templates, so that what sorts them can be
graded."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

from components.teaching_models.pen import Pen
from components.teaching_models.template import Scene

FILE: Final = Path(__file__).parents[2] / "assets" / "samples" / "embeddings" / "sentences.tsv"
SEED: Final = 12
EACH: Final = 45
"""Sentences of each kind."""

KINDS: Final = {
    "weather": (
        "It was a~ <weather> [morning|afternoon|evening] in [spring|summer|autumn|winter].",
        "The [wind|storm] blew [all day|all night|over the sea|over the hill].",
        "[Snow|Rain|Warm rain] fell [on the roof|all night|until morning|from dark clouds].",
        "The sun was [warm|bright|hot] and the [clouds were gone|sky was blue|day was dry].",
        "[After|Before] the [rain|storm] there was a rainbow [in the sky|over the town].",
        "[Tomorrow|On {day}] it will be [cold|warm|sunny|cloudy|windy|foggy] and [dry|wet|quiet].",
    ),
    "animals": (
        "The {animal} and the {animal2} [slept|played|lived together] under the <tree> tree.",
        "A~ [small|big|young|hungry|noisy] {animal} followed the [dog|cat|farmer|duck].",
        "The {pet} [is afraid of|ran away from|plays with] the [wolf|fox|bear|cat|owl].",
        "[Two|Three|Four|Five] {animal.plural} [sat|slept|waited] near the [pond|barn|forest].",
        "The [lion|wolf|tiger|fox|bear] is [faster|stronger|bigger] than the {pet}.",
        "The farmer's {animal} [had a lovely baby|was tired|slept in the barn].",
    ),
    "food": (
        "We [ate|shared|tasted] a~ [sweet|warm|fresh|delicious] {food} with [milk|butter|honey].",
        "The [cook|baker] mixed [flour|butter|sugar] and [milk|eggs] for the {dish}.",
        "{hero} [baked|cooked|ate] [bread|soup|a {dish}] for [dinner|breakfast|lunch].",
        "The <food_plural> and the <food_plural> tasted [sweet|good|of sugar|of butter].",
        "Put the {food} in the salad and stir the [soup|pudding|fruit].",
        "The hungry [children|boys|girls] wanted more [cake|bread|soup|pancakes].",
    ),
    "travel": (
        "{hero} took the [train|bus|boat|ship|plane] from {country.capital} to {country2.capital}.",
        "The {vehicle} to {country} [leaves|left|arrives|stopped] [at noon|on {day}|late].",
        "They travelled [by train|by ship|by plane] through {country} [with bags|with a map].",
        "Our [trip|long way] to {country} took <number_word> [days|hours|weeks].",
        "The [pilot|sailor|driver] showed us the way to {country.capital} on the map.",
        "We visited {country.capital}, the capital of {country}, last <season>.",
    ),
    "music": (
        "{hero} plays the [guitar|flute|trumpet|drum] [in the theatre|every evening|very well].",
        "The [singer|dancers] practised [the song|the dance] for the concert on {day}.",
        "The [drum|trumpet|flute|guitar] made a~ [loud|soft|beautiful|strange] sound.",
        "We heard a~ [lovely|sad|merry|quiet] song [on the guitar|on the flute|at the concert].",
        "Everybody [sang|danced|listened] to the [song|music|drums] of the [singer|band].",
        "The concert was [long|loud|wonderful], and the <good> singers sang <number_word> songs.",
    ),
    "illness": (
        "The [doctor|nurse] looked at {hero}'s [arm|leg|hand|heart|eyes] in the hospital.",
        "{hero} [hurt|broke] {hero.his} [leg|arm|hand|nose] and went to the doctor.",
        "The patient was [tired|weak|sick] and stayed in bed for <number_word> [days|weeks].",
        "The nurse gave {hero} something for the [pain|cough|cold].",
        "{hero} had a [cold|cough|bad pain] and could not [sleep|eat|speak].",
        "The doctor said that {hero} will soon be [well|healthy|strong] again.",
    ),
    "games": (
        "{hero} won the [race|game] and got the [first|second|big|golden] prize.",
        "The [boys|girls|children|friends] played [football|tennis|tag|chess|cards|marbles].",
        "{hero} [lost|won] the game of [chess|cards|tennis|marbles] against {friend}.",
        "{hero} threw the ball to {friend}, who [caught|lost|kicked] it.",
        "Our team [won|lost] the football game <number_word> to [one|zero].",
        "It is your turn: take a [card|marble] and move [first|last|again].",
    ),
    "money": (
        "{hero} bought a~ {object} for <number_word> coins at the [market|shop].",
        "The {object} costs <number_word> coins, and the {object2} costs more.",
        "{hero} sold the old {object} and got [too little|some|a lot of] money.",
        "The king has [more|less] gold than [the baker|the farmer|a thief] [has|can count].",
        "How much is the {object}, and who will pay for it?",
        "The shop sells [cheap|expensive] {object.plural}, but {hero} has <number_word> coins.",
    ),
}
"""What is written of each kind. Rules and people of one turn up in others: words alone do not
tell them apart."""


def sentences() -> Iterator[tuple[str, str]]:
    """Yield kind and sentence, no sentence twice: always the same ones."""
    for number, (kind, templates) in enumerate(KINDS.items()):
        pen, found = Pen(SEED + number), dict[str, None]()
        for template in cycle(templates):
            if len(found) == EACH:
                break
            found[Scene(pen).write(template)] = None
        yield from ((kind, sentence) for sentence in found)


def write_sentences(file: Path = FILE) -> None:
    """Write the bundled file: a kind and a sentence on each line, a tab between."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{kind}\t{sentence}\n" for kind, sentence in sentences()]
    file.write_bytes("".join(lines).encode())
