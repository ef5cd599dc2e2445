"""What plots are made of, and the openings that several plots share."""

# ruff: noqa: E501 (a template is one line, however long)

Plot = tuple[tuple[str, ...], ...]
"""A row of beats, each a tuple of alternative templates; an empty one leaves the beat out."""

MEETING = (
    "One <weather> [day|morning|afternoon] {hero} and {friend} met {place.at}.",
    "{hero} and {friend} [liked|loved] to play {place.at}.",
    "It was a~ <weather> [day|morning|evening]. {hero} was {place.at} with {friend}.",
    "[Last|One] <season> {hero} visited {friend} {place.at}.",
)
ALONE = (
    "Once upon a time there was a~ [little|young|<kind>] {hero.child} named {hero}.",
    "Once there was a~ {hero.child} called {hero}, who lived near the {place}.",
    "One <weather> [day|morning|afternoon] {hero} went to the {place}.",
    "{hero} was a~ <kind> {hero.child}. {hero.He} lived near the {place} with {hero.his} {relative}.",
    "On a~ <weather> [day|morning] {hero} walked to the {place} [alone|all alone|with {hero.his} {relative}].",
    "Long ago, {place.at}, there lived a~ {hero.child} named {hero}.",
)
