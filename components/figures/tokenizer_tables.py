"""What the tokenizer's figures show, as tables."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.inspection.tokenizer.compare import Comparison
from components.inspection.tokenizer.decoding import DecodedIds
from components.inspection.tokenizer.roundtrip import RoundTrip
from components.inspection.tokenizer.statistics import CountedToken
from components.inspection.tokenizer.template import SpecialToken
from components.inspection.tokenizer.training import TrainedTokenizer


def comparison_table(comparison: Comparison) -> pd.DataFrame:
    """Return a row for each tokenizer."""
    return pd.DataFrame(
        [
            {
                "tokenizer": each.title,
                "tokens": each.tokens,
                "special": each.special,
                "characters per token": round(each.characters_per_token, 3),
                "vocabulary": each.vocabulary,
                "method": each.method,
                "marker": each.marker,
                "unknown tokens": each.unknown,
                "round trip": each.same,
            }
            for each in comparison.readings
        ]
    )


def all_tokens_csv(ids: NDArray[np.uint32], entries: Mapping[int, str]) -> str:
    """Return a line for each token of a text of any length: position, id, vocabulary entry."""
    named = [entries[int(id_)] for id_ in ids]
    table = pd.DataFrame({"position": range(len(ids)), "id": ids, "vocabulary entry": named})
    return table.to_csv(index=False)


def windows_table(tokens: int, windows: list[tuple[str, int]]) -> pd.DataFrame:
    """Return a row for each context window, given by name and tokens, that a text fills."""
    return pd.DataFrame(
        {
            "model": [name for name, _ in windows],
            "context window": [most for _, most in windows],
            "windows filled": [tokens / most for _, most in windows],
        }
    )


def counted_table(tokens: tuple[CountedToken, ...]) -> pd.DataFrame:
    """Return a row for each token of a list."""
    return pd.DataFrame(
        [{"token": t.text, "id": t.id, "times": t.count, "bytes": t.length} for t in tokens],
        columns=["token", "id", "times", "bytes"],
    )


def special_table(found: tuple[SpecialToken, ...]) -> pd.DataFrame:
    """Return a row for each special token: what it is for, and what it becomes when typed."""
    return pd.DataFrame(
        {
            "id": [token.id for token in found],
            "token": [token.piece for token in found],
            "what for": [", ".join(token.roles) or "other" for token in found],
            "added automatically": [token.put or "no" for token in found],
            "if typed": [
                "this one token" if token.matched else "split like ordinary text" for token in found
            ],
        }
    )


def differences_table(back: RoundTrip) -> pd.DataFrame:
    """Return a row for each place where the text that came back is another."""
    return pd.DataFrame(
        {
            "at character": [item.at for item in back.differences],
            "was": [repr(item.was) for item in back.differences],
            "became": [repr(item.became) for item in back.differences],
        }
    )


def decoded_table(found: DecodedIds) -> pd.DataFrame:
    """Return a row for each id."""
    return pd.DataFrame(
        [
            {
                "id": each.id,
                "vocabulary entry": each.piece,
                "decoded alone": each.alone,
                "bytes": "" if each.raw is None else each.raw.hex(" "),
                "special": each.special,
            }
            for each in found.ids
        ]
    )


def learned_table(trained: TrainedTokenizer) -> pd.DataFrame:
    """Return a row for each piece, in the order learned; of Unigram the likeliest first."""
    rows = []
    for item in trained.learned:
        row: dict[str, object] = {"order": item.order + 1, "piece": item.piece}
        if item.parts is not None:
            row["merged from"] = " + ".join(item.parts)
        if item.count is not None:
            row["pair count"] = item.count
        if item.score is not None:
            row["log probability"] = round(item.score, 3)
        rows.append(row)
    return pd.DataFrame(rows, columns=None if rows else ["order", "piece"])
