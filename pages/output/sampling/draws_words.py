"""What is said of many draws: the test in words and as a formula, and a question."""

from components.inspection.sampling.draws import Draws
from components.lesson import Predict

ANSWERS = {1: "not at all", 10: "10 times", 100: "100 times"}


def told(found: Draws) -> str:
    if found.p_value is None:
        return (
            "Only one outcome is common enough to be tested, so there is nothing to be off: draw "
            "more often, or leave more tokens."
        )
    if found.p_value >= 0.01:
        return (
            f"p = **{found.p_value:.3f}**: of 100 samples of {found.drawn:,} draws from this "
            f"distribution, about {100 * found.p_value:.0f} would deviate at least this much. "
            "These are consistent with it."
        )
    return (
        f"p = **{found.p_value:.4f}**: fewer than one sample in 100 from this distribution "
        "deviates so much. That happens, once in 100 seeds: try another seed. If it stayed, the "
        "draws would be biased."
    )


def pearson(found: Draws) -> tuple[str, str]:
    if found.p_value is None:
        return "", ""
    formula = (
        r"\chi^2 = \sum_{\text{bins}} \frac{(\text{drawn} - \text{expected})^2}{\text{expected}}"
        rf" = {found.statistic:.2f}"
    )
    symbols = (
        f"Pearson's test over {found.bins} bins, so {found.bins} - 1 = "
        f"{found.degrees_of_freedom} degrees of freedom; p = {found.p_value:.3f} is the share of "
        "samples from the distribution itself that deviate at least as much."
    )
    return formula, symbols


def question(found: Draws) -> Predict | None:
    """Return the question, answered by the whiskers; None where nothing can vary."""
    now, then = (found.deviation(times * found.drawn).max() for times in (1, 100))
    if not then:
        return None
    return Predict(
        "With 100 times as many draws, how much nearer do the bars come to the marks?",
        tuple(ANSWERS.values()),
        ANSWERS[round(now / then)],
        f"The standard deviation shrinks with the square root of the number of draws: the "
        f"longest whisker goes from {2 * now:.2g} to {2 * then:.2g}.",
    )
