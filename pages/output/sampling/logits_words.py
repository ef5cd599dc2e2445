"""What is said of logits processing: how to read it, softmax with its numbers, a question."""

import numpy as np

from components.figures.visible import visible
from components.inspection.sampling.next_token import NextToken
from components.inspection.sampling.processing import ProcessedLogits, process_logits
from components.inspection.sampling.settings import RANGES, Settings
from components.lesson import Ask, Predict
from components.widgets.markup import coded

TOY_LOGITS = (4.0, 3.0, 2.0, 1.0, 0.0)
SAME = "always as many"
HEATS = (0.2, 0.5, 1.0, 2.0, 5.0)

READ = """Grey bars are what the model says; teal bars are what is left to draw from. Each control
is one step (a *logits processor*), applied **in the order shown**; beside it stand the tokens it
leaves, the probability it keeps, and the entropy: how many yes-no questions the choice is still
worth. The line below the bars lays the tokens end to end: the seed's random number points at the
one that is drawn. The curve is the cumulative probability of the k most likely tokens, dashed for
the model; what is left is shaded.

Top-p 0.1 is no limit for single tokens (“those with a probability above 0.1”): it is what the
likeliest tokens reach **together**. The six tokens of a flat distribution may all be left by it.

Penalties count every token of the text so far, the prompt included, as transformers' repetition
penalty does. OpenAI's presence and frequency penalties have the same formula, but count only the
tokens that were sampled, not the prompt's. `generate` keeps only the 50 likeliest tokens unless it
is told `top_k=0`.

""" + "\n".join(f"- **{row.label}** {row.says}." for row in RANGES.values())


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
