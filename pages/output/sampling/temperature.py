"""View: what temperature does to the likeliest tokens, and to the entropy."""

import numpy as np
import pandas as pd

from components.figures.numbers import percent
from components.figures.temperature import temperature_lines
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.temperature import (
    HIGHEST,
    LOWEST,
    TemperatureCurve,
    temperature_curve,
)
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from pages.output.sampling import code

ANSWERS = ("it halves", "it becomes its square root", "it stays")


def show(ask: Ask) -> Shown:
    marked = ask.slider("Temperature", "at", LOWEST, HIGHEST, 1.0, step=0.05)
    following = ask.inspect(next_token, ask.prompt)
    found = ask.compute(temperature_curve, following.logits)
    names = [following.texts[token] for token in found.tokens.tolist()]
    settings, history = Settings(temperature=marked), following.history
    processed = ask.compute(process_logits, following.logits, history, settings)
    first, entropy = float(processed.after.max()), processed.stages[-1].entropy
    half = found.temperatures[found.probabilities[:, 0] >= 0.5]
    return Shown(
        temperature_lines(found, names, marked),
        alt=f"Probabilities of {len(names)} tokens and the entropy over temperature; at "
        f"{marked:g} the likeliest has {percent(first)}.",
        told=f"At temperature {marked:g} {coded(names[0])} has **{percent(first)}**, and the "
        f"entropy is **{entropy:.2f}** of at most {found.most:.2f} bits"
        + (
            f"; up to **{half[-1]:.2g}** it has half the probability or more." if len(half) else "."
        ),
        checks=(*following.checks, *found.checks),
        table=lambda: as_table(found, names),
        code=code.processing_code(ask.choice, ask.facts, ask.prompt, settings, history),
        read="A line is a token's probability as the temperature rises, the grey line below the "
        "entropy of all tokens. At the left one token takes all, which is greedy decoding; at the "
        "right all come near to the same. The order of the tokens never changes: temperature "
        "changes how far apart they are, not which is ahead.",
        formula=r"p_i = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}} \qquad "
        r"\frac{dH}{dT} = \frac{\mathrm{Var}(z)}{T^3} \ge 0",
        symbols="z are the logits, T the temperature, H the entropy in nats, Var(z) the variance "
        "of the logits under the probabilities p.",
        predict=question(found),
        tries="Find the temperature at which the entropy is twice that at 1. Try a prompt with one "
        "sure answer, such as *The capital of France is*: how hot must it be to hesitate?",
    )


def question(found: TemperatureCurve) -> Predict:
    """Ask about the two likeliest tokens; the answer is read off the curve at 1 and near 2."""
    one, two = (int(np.abs(np.log(found.temperatures / at)).argmin()) for at in (1.0, 2.0))
    log_ratio = np.log(found.probabilities[:, 0] / found.probabilities[:, 1])
    exponent = 1 / found.temperatures[two]
    expected = {
        ANSWERS[0]: log_ratio[one] - np.log(2),
        ANSWERS[1]: log_ratio[one] * exponent,
        ANSWERS[2]: log_ratio[one],
    }
    right = min(expected, key=lambda answer: abs(expected[answer] - log_ratio[two]))
    return Predict(
        "The temperature goes from 1 to 2. What becomes of the **ratio** of the likeliest token's "
        "probability to the second's?",
        ANSWERS,
        right,
        f"It goes from {np.exp(log_ratio[one]):.3g} to {np.exp(log_ratio[two]):.3g}: the logits "
        "are divided, and a ratio of probabilities is the exponential of their difference.",
    )


def as_table(found: TemperatureCurve, names: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(found.probabilities, columns=names)
    table.insert(0, "entropy (bits)", found.entropy)
    table.insert(0, "temperature", found.temperatures)
    return table


VIEW = View(
    "Temperature divides the logits before softmax. Below 1 the likeliest token gains, above 1 "
    "the others do. Here is every temperature at once.",
    show,
)
