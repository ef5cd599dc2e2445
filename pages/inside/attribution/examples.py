"""Questions to begin with, by what the model answers: a prompt, an answer, and its contrast."""

from typing import Final

from components.inspection.catalogue import SENTIMENT
from components.inspection.masking import with_mask
from components.lesson import Ask
from components.widgets.frame import SAMPLES
from components.widgets.markup import coded
from components.widgets.presets import examples

LIKELIEST: Final = "the likeliest"
RUNNER_UP: Final = "the runner-up"
Example = tuple[str, str, str]
"""A prompt, the answer to explain, and its contrast."""
DRINK: Final = SAMPLES["Who gets the drink?"]
CONTINUED: Final[dict[str, Example]] = {
    "Who gets the drink? John, not Mary": (DRINK, "·John", "·Mary"),
    "The same, the names swapped": (DRINK.replace("Mary gave", "John gave"), "·Mary", "·John"),
    "The keys ... are, not is": ("The keys near the castle", "·are", "·is"),
    "The key ... is, not are": ("The key near the castles", "·is", "·are"),
    "A capital: Paris": ("The capital of France is", "·Paris", RUNNER_UP),
    "A title: The Shawshank": ("The Shawshank", LIKELIEST, RUNNER_UP),
    "Who is it? Sarah or the cat": ("Sarah fed the cat because it", LIKELIEST, RUNNER_UP),
    "Who is it? The dog or the squirrel": (SAMPLES["Who is tired?"], LIKELIEST, RUNNER_UP),
    "Syntax: the boy ... is, not are": ("The boy who is running fast", "·is", "·are"),
    "Syntax: to whom is what given?": ("He gave her the", "·book", RUNNER_UP),
}
JUDGED: Final[dict[str, Example]] = {
    "A feeling": (SAMPLES["A feeling"], LIKELIEST, RUNNER_UP),
    "A review in four words": (
        "unpretentious , charming , quirky , original",
        LIKELIEST,
        RUNNER_UP,
    ),
    "A review in praise": (
        'the rock is destined to be the 21st century\'s new " conan "',
        LIKELIEST,
        RUNNER_UP,
    ),
    "A review with a though": (
        "things really get weird , though not particularly scary",
        LIKELIEST,
        RUNNER_UP,
    ),
}
ANSWERED: Final[dict[str, Example]] = {
    "Translation: I love llamas": (
        "translate English to German: I love llamas",
        LIKELIEST,
        RUNNER_UP,
    ),
    "A capital": ("What is the capital of France?", LIKELIEST, RUNNER_UP),
}
NOTES: Final = {
    "causal": "Storyteller was trained on the first five; the others need a model that has read "
    "more, such as GPT-2. To see a review judged, choose a model that classifies texts, such as "
    f"{coded(SENTIMENT.source)}.",
    "classifier": "The reviews are lines of the Rotten Tomatoes set: what are a *though* and a "
    "*not* worth?",
    "masked": "The answer is what the model puts in place of the mask.",
}


def examples_of(ask: Ask) -> dict[str, Example]:
    """Return the questions that fit what the model answers, by the name they are offered under."""
    if ask.facts.kind == "masked":
        gaps = {
            "A gap to fill": ("What a horrible", "!"),
            "The keys ... old": ("The keys near the castle", " old."),
            "A capital": ("The capital of France is", "."),
        }
        return {
            name: (ask.inspect(with_mask, before) + after, LIKELIEST, RUNNER_UP)
            for name, (before, after) in gaps.items()
        }
    return {"classifier": JUDGED, "seq2seq": ANSWERED}.get(ask.facts.kind, CONTINUED)


def offer_examples(ask: Ask) -> None:
    """Offer the questions, in a list that opens."""
    examples(
        ask,
        {
            name: {"prompt": prompt, "answer": answer, "contrast": contrast}
            for name, (prompt, answer, contrast) in examples_of(ask).items()
        },
        NOTES.get(ask.facts.kind, ""),
    )


def contrast_of(prompt: str) -> str:
    """Return whom the answer is held against at first: on the prompt that the app opens on, who
    else could get the drink."""
    return "·Mary" if prompt == DRINK else RUNNER_UP
