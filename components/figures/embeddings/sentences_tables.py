"""The numbers behind the figures of sentences."""

import pandas as pd

from components.inspection.embeddings.padding import PaddingSides
from components.inspection.embeddings.pooling import WAYS
from components.inspection.embeddings.similarity import Pooled, Similarity
from components.inspection.embeddings.token_vectors import TokenVectors


def similarity_table(found: Similarity) -> pd.DataFrame:
    """Return a row for each sentence: its kind, and its cosine with each other, by number."""
    count = len(found.sentences)
    table = pd.DataFrame(found.cosines, columns=[str(place + 1) for place in range(count)])
    table.insert(0, "sentence", list(found.sentences))
    if found.kinds is not None:
        table.insert(0, "kind", list(found.kinds))
    table.insert(0, "number", range(1, count + 1))
    return table


def pooling_table(found: tuple[Pooled, ...]) -> pd.DataFrame:
    """Return a row for each pooling with its mean cosines."""
    return pd.DataFrame(
        {
            "pooling": [WAYS[each.way] for each in found],
            "mean cosine of all pairs": [each.means.every for each in found],
            "within kinds": [each.means.within for each in found],
            "between kinds": [each.means.between for each in found],
            "nearest is of the same kind": [each.means.nearest for each in found],
        }
    )


def padding_table(found: PaddingSides) -> pd.DataFrame:
    """Return a row for each way to pad and to read."""
    return pd.DataFrame(
        {
            "way": [side.name for side in found.sides],
            "largest 1 - cosine": [side.apart for side in found.sides],
            "as it should be": [side.sound for side in found.sides],
        }
    )


def token_table(found: TokenVectors) -> pd.DataFrame:
    """Return a row for each token, with its vector; then one for each pooling."""
    table = pd.DataFrame(found.vectors)
    table.insert(0, "row", list(found.tokens))
    pools = pd.DataFrame(list(found.pooled.values()))
    pools.insert(0, "row", [f"pooled: {WAYS[way]}" for way in found.pooled])
    return pd.concat([table, pools], ignore_index=True)
