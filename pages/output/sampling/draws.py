"""View: draw many times from one distribution, and test the counts."""

from components.figures.sampling import draws_against_exact
from components.figures.sampling_tables import draws_table
from components.inspection.sampling.draws import LEAST_EXPECTED, draws
from components.inspection.sampling.next_token import next_token
from components.lesson import Ask, Shown, View
from components.widgets import sampling_settings
from components.widgets.presets import examples
from pages.output.sampling import code
from pages.output.sampling.draws_words import pearson, question, told
from pages.output.sampling.examples import DRAWN


def show(ask: Ask) -> Shown:
    settings = sampling_settings.asked(ask)
    count = ask.number("Draws", "draws", 1, 100_000, 1000)
    examples(ask, DRAWN)
    following = ask.inspect(next_token, ask.prompt)
    found = ask.compute(draws, following.logits, following.history, settings, count)
    formula, symbols = pearson(found)
    return Shown(
        draws_against_exact(found, following.texts),
        alt=f"Of {count:,} draws, how often the likeliest tokens came up, beside their "
        f"probabilities, the highest {found.probabilities.max():.1%}.",
        told=told(found),
        checks=(*following.checks, *found.checks),
        unchecked="Only one outcome is common enough to be tested.",
        table=lambda: draws_table(found, following.texts),
        code=code.draws_code(ask.choice, ask.facts, ask.prompt, settings, following.history, count),
        read="A bar is how often a token was drawn, a mark how often it should be; 19 of 20 bars "
        "should end within the whiskers, two standard deviations. Tokens of which fewer than "
        f"{LEAST_EXPECTED} draws are expected share one bin of the test, which holds only where "
        "enough is expected.",
        formula=formula,
        symbols=symbols,
        predict=question(found),
        tries="100 draws and then 10,000: watch the whiskers. Another seed: does p change?",
    )


VIEW = View(
    "Draw the next token many times. The relative frequencies should come out as the "
    "probabilities say, and a test tells whether they do.",
    show,
)
