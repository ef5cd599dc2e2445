"""What the attribution page says of a question and of its scores, with their numbers."""

from typing import Final

import numpy as np

from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.attribution.baselines import BASELINES
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.digits import written
from components.inspection.attribution.phrase import PhraseAttribution
from components.inspection.attribution.question import Reading
from components.inspection.attribution.result import Attribution
from components.widgets.markup import coded

PROMISES: Final = {
    "exactly": "0 is promised, but for rounding",
    "in the limit": "0 is promised in the limit of many steps",
    "on average": "0 is promised on average over many random points",
    "no": "0 is not promised",
}


def summary(reading: Reading) -> str:
    """Return in a line what the model says and how much there is to attribute."""
    name = coded(visible(reading.answer))
    sure = "" if reading.probability is None else f" **{percent(reading.probability)}**"
    if reading.rather_than is not None:
        against = coded(visible(reading.rather_than))
        if reading.other_probability is not None:
            against += f" {percent(reading.other_probability)}"
        said = f"{name}{sure}, {against}: their logits differ by **{reading.at_input:+.3f}**"
    elif sure:
        said = f"The {reading.asked} {name} has{sure} and the logit **{reading.at_input:.3f}**"
    else:
        said = f"The {reading.asked} {name} is **{reading.at_input:.3f}**"
    return (
        f"{said}; with the baseline in place of the words {reading.at_baseline:+.3f}. Total to "
        f"attribute: **{reading.change:+.3f}**"
        + (", less than the baseline keeps: **little is left**." if reading.little_left else ".")
    )


def neutrality(reading: Reading) -> str:
    """Return in a line what the baseline is, and how far it is from saying nothing."""
    stands = f" {coded(visible(reading.stand_in))}" if reading.stand_in else ""
    stays = f"{abs(reading.at_baseline):.3g} of {abs(reading.at_input):.3g} logits stay"
    if reading.at_baseline * reading.at_input < 0:
        stays = f"nothing of {reading.at_input:+.3g} logits stays: it is {reading.at_baseline:+.3g}"
    said = (
        f"Baseline **{reading.baseline}**{stands}: {BASELINES[reading.baseline]}. With it in place "
        f"of the words {stays}"
    )
    if reading.little_left:
        said += ", more than the words change: **little is left to attribute**"
    if reading.baseline_probability is not None:
        said += (
            f"; the model then holds {coded(visible(reading.baseline_answer))} likeliest, with "
            f"{percent(reading.baseline_probability)}"
        )
    said += f". Its vector is {reading.baseline_length:.2f} times as long as a token's on average"
    if reading.baseline in ("mean", "zero"):
        said += ", and no token's: the model has never read such a text"
    return f"{said}."


def sums(found: Attribution) -> str:
    """Return in a sentence whether the scores add up."""
    method = METHODS[found.method]
    if not method.signed:
        return "Strengths have no sign and sum to nothing."
    share = abs(found.gap) / abs(found.change) if found.change else float("inf")
    part = f" ({percent(share)} of the change)" if share < 10 else ""
    return (
        f"The scores sum to **{found.total:+.4f}**: convergence delta **{written(found.gap)}**"
        f"{part}; {PROMISES[method.complete]}."
    )


def surety(found: Attribution) -> str:
    """Return in a sentence how sure scores are that rest on random orders."""
    if not found.orders or found.errors is None:
        return ""
    return (
        f" From **{found.orders:,}** random orders, half the reverse of the others: standard error "
        f"at most **{float(found.errors[found.features.free].max()):.2g}** logits."
    )


def in_numbers(found: Attribution, best: str, score: float) -> str:
    """Return, as Markdown, that the scores lead from the baseline to the text, with numbers."""
    name = "".join(char if char.isalnum() else "·" for char in best)
    return (
        rf"$\underbrace{{{found.at_baseline:.3f}}}_{{F(x')}} + "
        rf"\underbrace{{{found.total:+.3f}}}_{{\sum \phi_i,\ \phi_\text{{{name}}} = {score:.3f}}} "
        rf"+ \underbrace{{{found.gap:+.3f}}}_{{\text{{delta}}}} = "
        rf"\underbrace{{{found.at_input:.3f}}}_{{F(x)}}$" + "\n\n"
    )


def wrote(found: PhraseAttribution, given: str) -> str:
    """Return in a sentence what is explained, and how a typed sequence was read."""
    written_so = "".join(found.phrase)
    said = (
        f"{'The model writes' if found.generated else 'The sequence'}: "
        f"**{coded(visible(written_so))}** (probability "
        f"{np.exp(found.log_probabilities.sum()):.2%} as a whole)."
    )
    if not found.generated and written_so != given:
        said += (
            f" What was typed, {coded(visible(given))}, is read as {coded(visible(written_so))}: "
            "behind a word, a word begins with a space (`·`)."
        )
    return said


def sequence_sums(found: PhraseAttribution) -> str:
    """Return in a sentence whether the scores add up, and how sure they are."""
    change = found.log_probabilities - found.baseline_log_probabilities
    worst = int(np.abs(found.gaps).argmax())
    sure = (
        ""
        if found.errors is None
        else f" Standard errors are at most **{float(found.errors.max()):.2g}** nats; as many "
        "digits are written as are known."
    )
    return (
        f"From a text of {coded(found.stand_in)} to the prompt its log-probability changes by "
        f"**{change.sum():+.3f}** nats; the scores sum to **{found.scores.sum():+.3f}**. The row "
        f"that is furthest off is {coded(visible(found.phrase[worst]))}, by "
        f"{written(float(found.gaps[worst]))}.{sure}"
    )
