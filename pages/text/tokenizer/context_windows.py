"""Kind of Statistics: does the text fit what a model reads at once?"""

from components.figures.tokenizer import window_fit
from components.figures.tokenizer_tables import windows_table
from components.inspection.tokenizer.statistics import chunks
from components.lesson import Ask, Predict, Shown, View
from pages.text.tokenizer.counts import shown, statistics

WINDOWS = (
    ("BERT, GPT-1", 512),
    ("GPT-3", 2_048),
    ("Phi-3-mini", 4_096),
    ("Llama 3", 8_192),
    ("Mistral 7B v0.2", 32_768),
    ("Llama 3.1", 131_072),
)
"""Context lengths that models are published with, in tokens."""
ANSWERS = ("none", "some", "all")


def show(ask: Ask) -> Shown:
    counted = statistics(ask)
    found, chosen, *_ = counted
    size = ask.choice_of("Chunk, in tokens", "chunk", [128, 256, 512, 1024, 2048, 4096], 512)
    overlap = ask.choice_of("Overlap", "overlap", [0, 16, 32, 64], 64)
    own = [(chosen.title, found.context)] if found.context else []
    windows = own + [(name, most) for name, most in WINDOWS if most != found.context]
    holding = sum(most >= found.bytes for _, most in windows)
    made = chunks(found.tokens, size, overlap)
    told = f"The text is one chunk: {found.tokens:,} tokens fit into {size:,}."
    if made > 1:
        told = (
            f"A text that is too long is read in **{made:,} chunks** of {size:,} tokens, each "
            f"repeating {overlap} of the one before: 1 + ⌈({found.tokens:,} − {size:,}) ÷ "
            f"({size:,} − {overlap})⌉ = {made:,}."
        )
    return shown(
        counted,
        window_fit(found.tokens, windows),
        f"How {found.tokens:,} tokens fill the context windows of known models.",
        f"  \nThese are {chosen.name}'s tokens: each of the other models has its own tokenizer, "
        f"and would make another number of them. {told}",
        "A bar says how much of a model's context window this many tokens fill, special ones "
        "included.",
        lambda: windows_table(found.tokens, windows),
        Predict(
            f"With a token for each byte, how many of these {len(windows)} windows would hold it?",
            ANSWERS,
            ANSWERS[(holding > 0) + (holding == len(windows))],
            f"{holding}: it would be {found.bytes:,} tokens instead of {found.tokens:,}.",
        ),
    )


CONTEXT_WINDOWS = View("", show)
