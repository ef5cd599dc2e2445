"""View: one next-token distribution, processed while a slider is dragged.

Takes the whole width: the sliders and bars are a live component, computed in the browser.
"""

from dataclasses import asdict

import numpy as np

from components.figures.numbers import percent
from components.figures.sampling_tables import distribution_table
from components.inspection.sampling.browser import checked_answer
from components.inspection.sampling.generation import first_drawn, first_number
from components.inspection.sampling.next_token import NextToken, name_of, next_token
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import Settings
from components.lesson import Ask, Shown, View
from components.widgets import sampling_settings
from components.widgets.presets import examples
from components.widgets.sampling_playground import sampling_playground
from pages.output.sampling import code
from pages.output.sampling.examples import LARGER, offered
from pages.output.sampling.logits_words import READ, TOY_LOGITS, question, softmax, tied

TOY = NextToken(
    np.array(TOY_LOGITS, dtype=np.float32),
    (1, 2, 2),
    {0: "Paris", 1: "a", 2: "the", 3: "in", 4: "llama"},
)
WAITING = "Waiting for the browser, whose numbers are compared with transformers' on the server."


def model(ask: Ask) -> Shown:
    examples(ask, offered(ask), LARGER)
    return drawn(ask, ask.inspect(next_token, ask.prompt))


def five(ask: Ask) -> Shown:
    return drawn(ask, TOY, TOY_LOGITS)


def drawn(ask: Ask, following: NextToken, toy: tuple[float, ...] = ()) -> Shown:
    settings = sampling_settings.current(ask)
    logits, history = following.logits, following.history
    processed = ask.compute(process_logits, logits, history, settings)
    with ask.stage.container():
        released = sampling_playground(
            logits,
            history,
            names(ask, following, settings),
            settings,
            number=ask.compute(first_number, settings.seed),
            key="playground",
            on_release=sampling_settings.keep,
        )
    told, checks = "", following.checks
    if released is not None and released.settings == settings:
        # What is said is said of these settings: a slider may be elsewhere by now.
        told = f":small[Checked for: {sampling_settings.summary(settings)}]"
        checks += ask.compute(checked_answer, logits, history, settings, released.answer)
    formula, symbols = softmax(following, settings)
    return Shown(
        None,
        alt=f"The likeliest next tokens before and after the settings, which leave "
        f"{processed.stages[-1].tokens:,}, the likeliest with "
        f"{percent(float(processed.after.max()))}.",
        told=told + tied(processed),
        checks=checks,
        unchecked=WAITING,
        table=lambda: distribution_table(following, processed),
        code=code.processing_code(ask.choice, ask.facts, ask.prompt, settings, history, toy),
        read=READ,
        formula=formula,
        symbols=symbols,
        predict=question(ask),
        tries="Choose the logits 4, 3, 2, 1, 0 and top-p 0.8, and drag the temperature. Top-k 3 "
        "with temperature 5: does top-k care about the temperature? Typical-p 0.2: is the "
        "likeliest token left?",
        facts={"settings": asdict(settings), "stages": [asdict(each) for each in processed.stages]},
    )


def names(ask: Ask, following: NextToken, settings: Settings) -> dict[int, str]:
    """Return the names that the browser knows: of the likeliest tokens, and of the one drawn."""
    token = ask.compute(first_drawn, following.logits, following.history, settings)
    if token in following.texts:
        return following.texts
    return following.texts | {token: ask.inspect(name_of, token)}


VIEW = View(
    "A model outputs a logit for **every** token; the settings process them, and one token is "
    "drawn. Drag a slider, and watch.",
    kind="Logits",
    kinds={"of the model": View("", model), "4, 3, 2, 1, 0": View("", five)},
    wide=True,
)
