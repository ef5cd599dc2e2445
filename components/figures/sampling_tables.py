"""The numbers of the sampling page's figures as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

import numpy as np
import pandas as pd

from components.inspection.sampling.beam import BeamSearch
from components.inspection.sampling.draws import Draws
from components.inspection.sampling.next_token import NextToken
from components.inspection.sampling.perplexity import Surprisals
from components.inspection.sampling.processing import ProcessedLogits
from components.inspection.sampling.several import Several

MOST_ROWS: Final = 10_000


def distribution_table(following: NextToken, processed: ProcessedLogits) -> pd.DataFrame:
    """Return each token's logit and its probability before and after the settings."""
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


def draws_table(found: Draws, texts: Mapping[int, str]) -> pd.DataFrame:
    """Return how often each token was drawn and how often it was expected."""
    order = np.argsort(-found.probabilities, kind="stable")
    order = order[(found.probabilities[order] > 0) | (found.counts[order] > 0)][:MOST_ROWS]
    return pd.DataFrame(
        {
            "id": order,
            "token": [texts.get(int(token), f"#{token}") for token in order],
            "drawn": found.counts[order],
            "expected": found.probabilities[order] * found.drawn,
            "probability": found.probabilities[order],
        }
    )


def nodes_table(search: BeamSearch) -> pd.DataFrame:
    """Return every continuation that beam search weighed."""
    return pd.DataFrame([asdict(node) for node in search.nodes])


def beams_table(search: BeamSearch) -> pd.DataFrame:
    """Return the finished beams by score."""
    return pd.DataFrame(
        [
            {
                "text": "".join(beam.texts),
                "ln p": beam.log_probability,
                "tokens": len(beam.tokens),
                "score": beam.score,
            }
            for beam in search.beams
        ]
    )


def surprisal_table(found: Surprisals) -> pd.DataFrame:
    """Return what the model thought of each token of a text."""
    return pd.DataFrame(
        {
            "token": found.tokens,
            "id": found.ids,
            "surprisal_bits": found.surprisal / np.log(2),
            "probability": np.exp(-found.surprisal.astype(np.float64)),
            "rank": found.rank,
            "expected": found.expected,
        }
    )


def several_table(found: Mapping[str, Several]) -> pd.DataFrame:
    """Return each text that was written, by the name of its settings and its seed."""
    rows: Sequence[dict[str, object]] = [
        {"settings": name, "seed": each.settings.seed + place, "text": text}
        for name, each in found.items()
        for place, text in enumerate(each.texts)
    ]
    return pd.DataFrame(rows)
