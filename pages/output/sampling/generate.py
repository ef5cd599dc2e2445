"""View: write on token by token, see why each was taken, take another, go on from there."""

from dataclasses import asdict

import pandas as pd

from components.figures.numbers import percent
from components.figures.sampling import why_taken
from components.inspection.decoding import require_writing
from components.inspection.sampling.generation import twice
from components.lesson import Ask, Shown, View
from components.widgets import sampling_settings
from components.widgets.presets import examples
from components.widgets.writing import Plan, writing
from pages.output.sampling import code
from pages.output.sampling.examples import WRITTEN
from pages.output.sampling.generate_words import READ, TRIED, question, told
from pages.output.sampling.several_texts import SEVERAL


def show(ask: Ask) -> Shown:
    ask.inspect(require_writing)
    settings = sampling_settings.asked(ask)
    hint = "Writing stops as soon as the text written so far contains one of these, even across "
    hint += r"tokens. \n is a line break."
    new_tokens = ask.number("New tokens", "new", 1, 200, 30)
    stop = ask.text("Stop at (several with | between)", "stop", "", most=200, wide=230, hint=hint)
    stops = tuple(part.replace(r"\n", "\n") for part in stop.split("|") if part)[:8]
    examples(ask, WRITTEN)
    first = ask.inspect(twice, ask.prompt, settings, TRIED)
    written = writing(ask, Plan(settings, new_tokens, stops))
    step = written.step or first.steps[0]
    return Shown(
        why_taken(step),
        alt=f"The likeliest tokens before and after the settings; {step.chosen.text!r} is taken, "
        f"with {percent(step.chosen.after)}.",
        told=told(written, step),
        checks=first.checks,
        table=lambda: pd.DataFrame([asdict(each) for each in step.candidates]),
        code=code.generate_code(ask.choice, ask.facts, ask.prompt, settings, new_tokens, stops),
        read=READ,
        predict=question(ask, settings, new_tokens),
        tries="**Write again** with another seed: where do the texts part? Click a token near the "
        "beginning and take another instead.",
        facts=written,
    )


VIEW = View(
    "Token after token, a text is written: the seed's random numbers say which tokens are drawn. "
    "Click any token to see why it was taken.",
    show,
    further={"Several texts": SEVERAL},
)
