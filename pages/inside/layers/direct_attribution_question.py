"""The question of direct attribution: which token, and the logit of A rather than B."""

from typing import Final

from components.figures.visible import visible
from components.inspection.layers.direct_attribution import answers_at
from components.lesson import Ask

LIKELIEST: Final = "the likeliest"
RUNNER_UP: Final = "the runner-up"
NOTHING: Final = "none"


def of(ask: Ask) -> tuple[str, int, str | int, str | int | None]:
    """Ask for the token and for A and B; return what every inspection of it takes."""
    there = ask.inspect(answers_at, ask.prompt)
    place = ask.token("At token", "place", there.tokens, there.place)
    likely = zip(there.names[place], there.ids[place].tolist(), strict=True)
    names = {visible(name): number for name, number in likely}
    hint = "The logit of A is taken apart. Type any other token; · is a space."
    answer = ask.one_of_or_typed("Token A", "answer", [LIKELIEST, *names], LIKELIEST, hint=hint)
    hint = f"Less the logit of B; {NOTHING}: the logit of A alone, with all that speaks for any."
    other = [RUNNER_UP, NOTHING, *names]
    against = ask.one_of_or_typed("rather than B", "contrast", other, RUNNER_UP, hint=hint)
    contrast = None if against == NOTHING else names.get(against, against)
    return (
        ask.prompt,
        place,
        "" if answer == LIKELIEST else names.get(answer, answer),
        "" if against == RUNNER_UP else contrast,
    )
