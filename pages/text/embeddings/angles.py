"""A kind of Look-up: the angles of random tokens, with and without the mean of all."""

from components.figures.embeddings.geometry import angle_bars, angle_table
from components.inspection.embeddings.geometry import PAIRS, angles
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings import code_words

ANSWERS = ("about 0", "0.1 to 0.3", "above 0.3")


def show(ask: Ask) -> Shown:
    seed = ask.number("Seed", "pairs_seed", 0, 99, 0, hint="Which pairs are drawn.")
    found = ask.consult(angles, seed)
    before, after = found.means
    left = f" {found.left_out:,} rows are zeros and left out." if found.left_out else ""
    return Shown(
        angle_bars(found),
        alt=f"Cosines of random pairs: {before:.2f} on average, {after:.3f} without the mean.",
        told=f"Two random tokens have a cosine of **{before:.3f}** on average (of all pairs), and "
        f"**{after:.4f}** once the mean of all vectors, {found.mean_length:.2f} long, is taken "
        f"away. Random directions in {found.width:,} dimensions would have 0, give or take "
        f"{found.width**-0.5:.3f}. Of a token's {found.near} nearest, cosine and distance agree on "
        f"**{found.shared:.1f}** (mean of {found.asked} tokens).{left}",
        checks=found.checks,
        table=lambda: angle_table(found),
        code=code_words.angles(ask.choice),
        read=f"How many of {PAIRS:,} random pairs of tokens have which cosine. Dashed: the mean of "
        "all pairs there are.",
        formula=r"\frac{1}{n(n-1)}\sum_{i \neq j} \cos(e_i, e_j) = "
        r"\frac{\lVert \sum_i \hat e_i \rVert^2 - n}{n(n-1)}",
        symbols="e with a hat is a vector divided by its length, n the number of tokens: so the "
        "mean of all pairs is had without going through them.",
        predict=Predict(
            "Two tokens drawn at random: what is their cosine, on average?",
            ANSWERS,
            answer(before),
            "Vectors that share a direction are called **anisotropic**. The shared part says "
            "nothing of a token, yet it makes all cosines larger.",
        ),
        tries="Another seed: how much do the bars change, and the dashed lines? Another model?",
    )


def answer(mean: float) -> str:
    """Return which of `ANSWERS` holds the mean cosine.

    >>> answer(0.02), answer(0.208), answer(0.44)
    ('about 0', '0.1 to 0.3', 'above 0.3')
    """
    if mean < 0.1:
        return ANSWERS[0]
    return ANSWERS[1] if mean <= 0.3 else ANSWERS[2]


ANGLES = View(
    "Directions are compared by the **cosine** of their angle: 1 the same, 0 at right angles. In "
    "many models all vectors lean to one side.",
    show,
)
