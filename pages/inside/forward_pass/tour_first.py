"""What is said at the first six stops: from the text to the scores."""

from typing import Final

from pages.inside.forward_pass.tour_stop import ANSWER, Instead, Stop

VECTORS: Final = (
    "Matrices make three vectors of what the block reads: the query asks, the key says what there "
    "is, the value is handed over."
)
SEE: Final = "Choose another token and see its query change (↑ or ↓)."

FIRST: Final[tuple[Stop, ...]] = (
    Stop(
        "Tokens",
        "tokens",
        "The text is cut into tokens: words, pieces of words, signs. Each has a number, its id, "
        "which stands beside it. From here on the network sees these numbers and never a letter.",
        "Choose another token (↑ or ↓).",
        "token",
        {
            "decoder beside": Instead(
                "The text is cut into tokens: words, pieces of words, signs, each with a number, "
                "its id. The encoder reads them. The decoder reads what it has written so far, "
                "after a token that means: begin."
            ),
        },
    ),
    Stop(
        "Look-up",
        "look-up",
        "Each id is looked up in a table, the embedding. What stands in its row, a vector (a list "
        "of numbers), is what the token begins with. All these numbers were learned.",
        "Point at a number of the strip and open it (click, or Enter).",
        "cell",
        {
            "learned positions": Instead(
                "Each id is looked up in a table, the embedding, for a vector: a list of numbers. "
                "This model adds a second vector to it, which stands for the place in the text: "
                "so it knows order."
            ),
        },
    ),
    Stop(
        "The residual stream",
        "stream",
        "From each token a line runs through all blocks: its vector, to which every block adds "
        "something. This is the residual stream, the token's notebook. The thicker a line, the "
        "longer its vector.",
        "Go through the rows and look for the thickest line (↑ or ↓).",
        "token",
        {
            "no stream": Instead(
                "Most models keep one vector for each token, to which every block adds: the "
                "residual stream. This one keeps several side by side, or other rows than tokens, "
                "so no line is drawn.",
                "Choose another token (↑ or ↓).",
            ),
            "post-norm": Instead(
                "From each token a line runs through all blocks: its vector, to which every block "
                "adds something, the residual stream. Here a norm stands on it: after each sum the "
                "vector is brought back to about the same length."
            ),
        },
    ),
    Stop(
        "Attention heads",
        "heads",
        "In a block, tokens read from each other: attention. Several heads do so side by side, "
        "each in a way of its own. Each small square is one head: a row for each query token, a "
        "column for each key token, which it reads.",
        "Go to a block and see its heads (→).",
        "open",
        {
            "no attention": Instead(
                "Here tokens would read from each other. What this model computes instead cannot "
                "be drawn: no attention with weights was seen in it.",
                "Go to a block (→).",
            ),
            "decoder beside": Instead(
                "In a block, tokens read from each other, by several heads side by side: "
                "attention. Each small square is a head. Those below are cross-attention: there "
                "the decoder's tokens read the encoder's."
            ),
        },
    ),
    Stop(
        "Queries, keys and clocks",
        "query",
        "A norm brings the stream to one length. Matrices make three vectors of it: the query "
        "asks, the key says what there is, the value is handed over. RoPE then turns queries and "
        "keys, like hands of clocks, by the token's place.",
        "Choose another token and watch the hands turn (↑ or ↓).",
        "token",
        {
            "no attention": Instead(
                "Queries, keys and values of this model cannot be told apart from here: its "
                "attention is computed in a way of its own.",
                "Choose another token (↑ or ↓).",
            ),
            "alibi": Instead(
                f"{VECTORS} Nothing is turned here: a score falls with the distance of its two "
                "tokens (ALiBi).",
                SEE,
            ),
            "relative": Instead(
                f"{VECTORS} Nothing is turned here: a learned number for the distance is added to "
                "each score.",
                SEE,
            ),
            "learned positions": Instead(
                f"{VECTORS} Nothing is turned here: the place was added at the look-up.",
                SEE,
            ),
            "no positions": Instead(
                f"{VECTORS} Nothing marks places in this layer.",
                SEE,
            ),
            "unknown positions": Instead(
                f"{VECTORS} How places are marked here cannot be taken apart.",
                SEE,
            ),
            "no norm first": Instead(
                f"{VECTORS} RoPE then turns queries and keys, like hands of clocks, by the token's "
                "place."
            ),
        },
    ),
    Stop(
        "Scores and the mask",
        "square",
        "Query times key is a score: how well the two fit. A row holds one token's scores for all "
        "that it may read. Next they are scaled and masked: all that comes later is forbidden, in "
        "some models also what is far back.",
        "Step from scores to the mask (Space).",
        "phase",
        {
            "no attention": Instead(
                "A score would say how well a query and a key fit. This model's scores were not "
                "seen, so there is no square to fill.",
                ANSWER,
                "question",
            ),
            "encoder": Instead(
                "Query times key is a score: how well the two fit. A row holds one token's scores "
                "for all that it may read; next they are scaled. This model reads both ways: what "
                "comes later is not forbidden.",
                "Step from scores to scaled scores (Space).",
            ),
        },
    ),
)
