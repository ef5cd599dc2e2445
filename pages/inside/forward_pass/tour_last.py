"""What is said at the last six stops: from the weights to one more token."""

from typing import Final

from pages.inside.forward_pass.tour_stop import ANSWER, Instead, Stop

LAST: Final[tuple[Stop, ...]] = (
    Stop(
        "Softmax",
        "square",
        "Softmax makes weights of the scores: each row is shared out among its cells. The higher a "
        "score, the larger its share: one more in score is 2.7 times the share. A forbidden cell "
        "gets nothing.",
        "Compare with another head's weights ([ or ]).",
        "head",
        {
            "no attention": Instead(
                "Softmax makes shares of scores. As this model's scores were not seen, neither "
                "are its shares.",
                ANSWER,
                "question",
            ),
            "sink": Instead(
                "Softmax makes weights of the scores: each row is shared out among its cells. In "
                "this model a sink, a learned score that belongs to no token, takes a share as "
                "well, so a head may look at nothing."
            ),
        },
    ),
    Stop(
        "What heads write",
        "heads",
        "Each head mixes the values by its weights. A matrix turns the mix into what the head "
        "writes: it is added to the stream. The bars say how long each head's write is. Is a long "
        "one needed?",
        "Switch the chosen head off and watch the answer (X).",
        "off",
        {
            "no attention": Instead(
                "What single heads write cannot be told in this model: its attention was not seen.",
                ANSWER,
                "question",
            ),
        },
    ),
    Stop(
        "The MLP",
        "hidden",
        "Now each token is by itself, in the MLP. A first layer fills many neurons; the "
        "activation, a curve with a bend at zero, nearly silences many of them. A last layer "
        "writes what is left to the stream.",
        "Point at a neuron and open it (click, or Enter).",
        "cell",
        {
            "mixture": Instead(
                "Now each token is by itself. Here the MLP is a mixture of experts: a router "
                "sends the token to a few of many MLPs, and adds what they write, each weighted "
                "by its share.",
                "Point at an expert and open its number (click, or Enter).",
            ),
            "parallel": Instead(
                "The MLP treats each token by itself: many neurons, bent by an activation, then a "
                "matrix that writes to the stream. Here it does not wait for attention: both read "
                "the same stream, side by side."
            ),
        },
    ),
    Stop(
        "If it stopped here",
        "lens",
        "Below stands what the model would answer if it stopped after each block: the logit lens. "
        "Widths can also say which way a write pushes: toward the likeliest answer, or toward the "
        "one after it.",
        "Turn sizes into pushes (P).",
        "push",
        {
            "no answer": Instead(
                "Others can be stopped after each block and asked for their answer. Here nothing "
                "is answered: what comes out is a vector for each token.",
                "Go to the last block and see what leaves it (→).",
                "open",
            ),
            "no push": Instead(
                "Below stands what the model would answer if it stopped after each block: the "
                "logit lens. What single parts add to an answer cannot be told here: it is no "
                "plain sum of them.",
                "Walk through the blocks and read along (→).",
                "open",
            ),
        },
    ),
    Stop(
        "Answers",
        "answers",
        "What leaves the last block is compared with every token of the vocabulary. Each gets a "
        "score, its logit, and softmax makes probabilities of them. The temperature divides the "
        "logits first: it widens or narrows the gaps.",
        "Point at a bar and read its logit, or answer below (Enter).",
        "answers",
        {
            "encoder beside": Instead(
                "The encoder answers nothing. It hands its vectors to the decoder, which reads "
                "them in every one of its blocks.",
                ANSWER,
                "question",
            ),
            "classifier": Instead(
                "This model does not write: it judges. One vector stands for the whole text. Each "
                "class gets a score from it, its logit, and softmax makes probabilities of them."
            ),
            "no answer": Instead(
                "This model was saved without a head, or answers nothing at this token: its "
                "vectors are the result, to be compared or searched with.",
                ANSWER,
                "question",
            ),
            "masked": Instead(
                "What leaves the last block is compared with every token of the vocabulary. Each "
                "gets a score, its logit, and softmax makes probabilities of them: at a mask, "
                "what may stand in the gap."
            ),
        },
    ),
    Stop(
        "One more token",
        "answers",
        "To write, the likeliest token is put after the text, and the model reads on. Rows in "
        "which nothing changes need not be computed again: keys and values are kept, the cache.",
        "Let it write the likeliest token (W).",
        "write",
        {
            "encoder beside": Instead(
                "The encoder writes nothing: it reads the whole text at once, both ways, and that "
                "once is enough for all that the decoder will write.",
                ANSWER,
                "question",
            ),
            "no writing": Instead(
                "This model does not write on from a text. Still one may ask what another token "
                "would change: it was read again with one, and all rows were compared.",
                ANSWER,
                "question",
            ),
        },
    ),
)
