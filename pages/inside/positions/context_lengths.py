"""A fold of Frequencies: how far the models of the source texts read."""

import pandas as pd

from components.figures.positions.rotation import context_bars
from components.lesson import Ask, Shown, View


def lengths(ask: Ask) -> Shown:
    return Shown(
        context_bars(SEEN),
        alt="How far models of the source texts read: from 512 tokens to 131,072.",
        told="A source text takes the original Transformer's vector size, 512, for its longest "
        "text. The two have nothing to do with each other: waves have no last position.",
        unchecked="Quoted from papers and configurations; the loaded model's own context is "
        f"{ask.facts.context:,} tokens.",
        table=lambda: pd.DataFrame(SEEN, columns=["model", "positions", "reads up to (tokens)"]),
        read="A bar is the longest text, in tokens, that a model was trained to read; its colour "
        "says how it marks positions.",
    )


SEEN = (
    ("GPT-2", "learned table", 1_024),
    ("BERT", "learned table", 512),
    ("OPT (2,050 rows, 2 reserved)", "learned table", 2_048),
    ("BART (1,026 rows, 2 reserved)", "learned table", 1_024),
    ("Llama", "RoPE", 2_048),
    ("Llama 2", "RoPE", 4_096),
    ("Phi-3-mini-4k", "RoPE", 4_096),
    ("Llama 3 (theta 500,000)", "RoPE", 8_192),
    ("Mistral 7B v0.2 (theta 1,000,000)", "RoPE", 32_768),
    ("Llama 2 with YaRN", "RoPE, extended", 131_072),
)

CONTEXT_LENGTHS = View("How far well-known models read.", lengths)
