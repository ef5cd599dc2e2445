"""Tables of facts and word forms behind the documents of `facts`."""

# ruff: noqa: SIM905 (word lists read best as text)

OPPOSITES = [
    (pair.split("/")[0], pair.split("/")[1])
    for pair in (
        "hot/cold big/small happy/sad old/young day/night up/down wet/dry fast/slow light/dark "
        "open/closed full/empty early/late good/bad long/short high/low hard/soft loud/quiet "
        "rich/poor strong/weak clean/dirty near/far left/right first/last thick/thin "
        "sweet/sour brave/afraid true/false inside/outside above/below "
        "always/never"
    ).split()
]
"""No word stands here twice: with two opposites, the answer would be a guess."""

YOUNG = {
    "cat": "kitten",
    "dog": "puppy",
    "horse": "foal",
    "sheep": "lamb",
    "duck": "duckling",
    "bear": "cub",
    "frog": "tadpole",
    "goat": "kid",
    "cow": "calf",
    "swan": "cygnet",
    "hen": "chick",
    "pig": "piglet",
    "owl": "owlet",
}
HOMES = {
    "bird": "nest",
    "bee": "hive",
    "horse": "stable",
    "king": "palace",
    "spider": "web",
    "rabbit": "burrow",
    "bear": "cave",
    "pig": "sty",
    "dog": "kennel",
    "fox": "den",
}
SOUNDS = {
    "cow": "moo",
    "dog": "woof",
    "cat": "meow",
    "duck": "quack",
    "sheep": "baa",
    "pig": "oink",
    "bee": "buzz",
    "owl": "hoot",
    "lion": "roar",
    "mouse": "squeak",
}
COLOURS = {
    "snow": "white",
    "grass": "green",
    "the sky": "blue",
    "the sun": "yellow",
    "blood": "red",
    "coal": "black",
    "wood": "brown",
    "gold": "yellow",
    "milk": "white",
    "night": "dark",
}
TOOLS = {
    "see": "our eyes",
    "hear": "our ears",
    "smell": "our nose",
    "walk": "our feet",
    "cut": "a knife",
    "write": "a pencil",
    "dig": "a shovel",
    "sweep": "a broom",
    "paint": "a brush",
    "eat soup": "a spoon",
    "unlock the door": "a key",
}
MADE_WITH = {
    "bread": "flour",
    "cheese": "milk",
    "honey": "nectar",
    "paper": "wood",
    "jam": "fruit",
    "glass": "sand",
    "butter": "cream",
}
COMPARATIVES = {
    "big": "bigger",
    "small": "smaller",
    "old": "older",
    "young": "younger",
    "fast": "faster",
    "slow": "slower",
    "good": "better",
    "bad": "worse",
    "happy": "happier",
    "tall": "taller",
    "heavy": "heavier",
    "long": "longer",
    "short": "shorter",
    "cold": "colder",
    "warm": "warmer",
}
SIZES = "ant bee mouse frog cat goat lion horse elephant".split()
"""Animals from the smallest to the biggest."""

REGULAR_VERBS = (
    "walk jump play work talk laugh cry smile dance paint cook climb rest listen help wait travel "
    "shout whisper answer call clap count hop kick knock look march nod practise pull push rush "
    "shiver skate skip stay study turn wash wave yawn cough cheer clean bake"
).split()
IRREGULAR_PASTS = {
    "run": "ran",
    "swim": "swam",
    "sing": "sang",
    "drink": "drank",
    "eat": "ate",
    "sleep": "slept",
    "write": "wrote",
    "read": "read",
    "draw": "drew",
    "fly": "flew",
    "speak": "spoke",
    "sit": "sat",
    "stand": "stood",
    "fall": "fell",
    "dream": "dreamt",
    "drive": "drove",
    "ride": "rode",
    "win": "won",
    "begin": "began",
    "think": "thought",
    "dig": "dug",
    "hide": "hid",
    "leave": "left",
    "come": "came",
    "go": "went",
    "wake": "woke",
    "swing": "swung",
    "weep": "wept",
}


def _doubles(verb: str) -> bool:
    """Say whether a verb doubles its last letter: "hop", "hopping", but "help", "helping"."""
    if verb in ("win", "begin", "nod", "travel"):
        return True
    short_vowel = verb[-2] in "aiou" and (len(verb) < 3 or verb[-3] not in "aeiou")
    return len(verb) <= 5 and verb[-1] not in "aeiouwxyhk" and short_vowel


def regular_past(verb: str) -> str:
    """Return the past tense of a regular verb.

    >>> [regular_past(verb) for verb in ("walk", "hop", "cry", "bake", "play")]
    ['walked', 'hopped', 'cried', 'baked', 'played']
    """
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + (verb[-1] if _doubles(verb) else "") + "ed"


def third_person(verb: str) -> str:
    """Return the form for he and she.

    >>> [third_person(verb) for verb in ("walk", "wash", "cry", "go")]
    ['walks', 'washes', 'cries', 'goes']
    """
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "x", "sh", "ch", "go")) else "s")


def present_participle(verb: str) -> str:
    """Return the form in -ing.

    >>> [present_participle(verb) for verb in ("walk", "run", "bake", "eat", "see")]
    ['walking', 'running', 'baking', 'eating', 'seeing']
    """
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _doubles(verb) else "") + "ing"
