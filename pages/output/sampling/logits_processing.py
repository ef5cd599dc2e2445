"""View: one next-token distribution, processed while a slider is dragged.

Takes the whole width: the sliders and bars are a live component, computed in the browser.
"""

from dataclasses import asdict

import numpy as np
import pandas as pd

from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.sampling.browser import checked_answer
from components.inspection.sampling.generation import first_drawn, first_number
from components.inspection.sampling.next_token import NextToken, name_of, next_token
from components.inspection.sampling.processing import ProcessedLogits, process_logits
from components.inspection.sampling.settings import RANGES, Settings
from components.lesson import Ask, Predict, Shown, View
from components.widgets import sampling_settings
from components.widgets.markup import coded
from components.widgets.sampling_playground import sampling_playground
from pages.output.sampling import code

TOY_LOGITS = (4.0, 3.0, 2.0, 1.0, 0.0)
TOY = NextToken(
    np.array(TOY_LOGITS, dtype=np.float32),
    (1, 2, 2),
    {0: "Paris", 1: "a", 2: "the", 3: "in", 4: "llama"},
)
SAME = "always as many"
HEATS = (0.2, 0.5, 1.0, 2.0, 5.0)
MOST_ROWS = 10_000
WAITING = "Waiting for the browser, whose numbers are compared with transformers' on the server."


def model(ask: Ask) -> Shown:
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
    top = processed.after.max()
    return Shown(
        None,
        alt=f"The likeliest next tokens before and after the settings, which leave "
        f"{processed.stages[-1].tokens:,}, the likeliest with {percent(float(top))}.",
        told=told + tied(processed),
        checks=checks,
        unchecked=WAITING,
        table=lambda: as_table(following, processed),
        code=code.reshape_code(ask.choice, ask.facts, ask.prompt, settings, history, toy),
        read=READ + "\n".join(f"- **{row.label}** {row.says}." for row in RANGES.values()),
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


def tied(processed: ProcessedLogits) -> str:
    if not processed.tied:
        return ""
    return (
        f"  \n:small[At top-p's cut {processed.tied:,} tokens have equal logits, and "
        f"{processed.tied_left:,} of them stay: here those with the highest ids. Which of equals "
        "`generate` keeps is left open: its sort is not stable.]"
    )


def softmax(following: NextToken, settings: Settings) -> tuple[str, str]:
    """Return the formula with the numbers of the likeliest token, and what its letters are."""
    best, heat = int(following.logits.argmax()), settings.temperature or 1.0
    logits = following.logits.astype(np.float64)
    spread = float(np.exp((logits - logits.max()) / heat).sum())
    formula = (
        r"p_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}}"
        rf"\qquad p_{{{best}}} = \frac{{e^{{{logits[best]:.3f} / {heat:g}}}}}"
        rf"{{\sum_j e^{{z_j / {heat:g}}}}} = \frac{{1}}{{{spread:.4g}}} = {1 / spread:.4f}"
    )
    symbols = (
        f"z is the logit, T the temperature{' (0 is greedy: shown for 1)' * settings.greedy}, "
        f"token {best} is {coded(visible(following.texts[best]))}; this is before penalties and "
        "cuts. The right fraction is the left one with both sides divided by its top."
    )
    return formula, symbols


def question(ask: Ask) -> Predict:
    """Return the question on top-p and temperature, answered by transformers' own processors."""
    heats = [Settings(temperature=heat, top_p=0.8) for heat in HEATS]
    logits = np.array(TOY_LOGITS, dtype=np.float32)
    left = [ask.compute(process_logits, logits, (), each).stages[-1].tokens for each in heats]
    grows = "more" if left[-1] > left[0] else "fewer"
    return Predict(
        "Logits 4, 3, 2, 1, 0 and top-p 0.8: raise the temperature from 0.2 to 5. How many tokens "
        "are left?",
        (SAME, "fewer", "more"),
        SAME if len(set(left)) == 1 else grows,
        f"At temperature {', '.join(f'{heat:g}' for heat in HEATS)} there are "
        f"**{', '.join(map(str, left))}** left. Heat flattens the distribution, so more tokens are "
        "needed before their probabilities reach 0.8.",
    )


def as_table(following: NextToken, processed: ProcessedLogits) -> pd.DataFrame:
    left = np.argsort(-processed.after, kind="stable")[:MOST_ROWS]
    left = left[np.isfinite(processed.logits[left])]
    return pd.DataFrame(
        {
            "id": left,
            "token": [following.texts.get(int(token), f"#{token}") for token in left],
            "logit": following.logits[left],
            "before": processed.before[left],
            "after": processed.after[left],
        }
    )


READ = """Grey bars are what the model says; teal bars are what is left to draw from. Each control
is one step (a *logits processor*), applied **in the order shown**; beside it stand the tokens it
leaves, the probability it keeps, and the entropy: how many yes-no questions the choice is still
worth. The line below the bars lays the tokens end to end: the seed's random number points at the
one that is drawn. The curve is the cumulative probability of the k most likely tokens, dashed for
the model; what is left is shaded.

Penalties count every token of the text so far, the prompt included, as transformers' repetition
penalty does. OpenAI's presence and frequency penalties have the same formula, but count only the
tokens that were sampled, not the prompt's. `generate` keeps only the 50 likeliest tokens unless it
is told `top_k=0`.

"""

VIEW = View(
    "A model outputs a logit for **every** token; the settings process them, and one token is "
    "drawn. Drag a slider, and watch.",
    kind="Logits",
    kinds={"of the model": View("", model), "4, 3, 2, 1, 0": View("", five)},
    wide=True,
)
