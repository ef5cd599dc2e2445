"""The field's words, each explained once in plain ones."""

import re
from typing import Final

TERMS: Final[dict[str, str]] = {
    "ablation": "taking a part away (a token, a head, a layer) to see what it did",
    "adjusted Rand index": "how alike two ways to group the same things are: 1 for the same, "
    "about 0 for groups drawn by lot",
    "ALiBi": "a bias on attention scores that falls with the distance of two tokens, with a slope "
    "for each head",
    "anisotropy": "a common direction of all vectors of a table, which makes every cosine larger",
    "arithmetic intensity": "floating-point operations for each byte moved from memory; it tells "
    "whether a computation is memory-bound or compute-bound",
    "attention score": "query times key, scaled; softmax makes attention weights of a query "
    "token's scores",
    "attention sink": "a token, mostly the first, on which heads put their weight when nothing "
    "else is relevant",
    "attention weight": "the share of its attention that a query token gives to a key token; the "
    "weights of a query token sum to 1",
    "attribution": "a score for each word or token: how much it raised or lowered the output",
    "AUC": "the area under a curve: one number for the whole of it",
    "baseline": "the uninformative input that an attribution compares the text with",
    "beam search": "writing by keeping the few best texts so far, instead of the one best",
    "bi-encoder": "a model that makes a vector of each text alone, so that texts are compared by "
    "their vectors",
    "BM25": "a score for texts by the words they share with a query: more for rare words, less in "
    "long texts",
    "BPE": "byte-pair encoding: a tokenizer that merges the most frequent adjacent pair, again "
    "and again",
    "causal mask": "what lets each token attend only to itself and those before it",
    "class-based TF-IDF": "how characteristic a word is of one group of texts: frequent in it, "
    "rare in the others",
    "completeness": "the property that attribution scores sum to the output's difference between "
    "text and baseline",
    "compute-bound": "limited by how fast the machine calculates",
    "context extension": "changing the rotation of RoPE so that a model reads longer texts than "
    "it was trained on (RoPE scaling)",
    "context window": "the most tokens that a model can read at once",
    "continuity": "how near true neighbours stay on a map: 1 if none is torn away, about 0.5 by "
    "chance",
    "contrast": "the token that a prediction is compared with: why this one rather than that",
    "convergence delta": "how far attribution scores are from summing to what they should",
    "cosine similarity": "how alike the directions of two vectors are, from -1 to 1",
    "cross-attention": "attention from the decoder's tokens to the encoder's",
    "cross-encoder": "a model that reads two texts in one pass and says how well they fit",
    "decode": "the step that computes one new token, with the keys and values of earlier ones kept",
    "deletion curve": "the output as the words with the highest scores are taken away, one by one",
    "dimension pair": "two numbers of a query or key that RoPE rotates together",
    "direct logit attribution": "what each part of a network adds to a logit by itself, with the "
    "last norm's scale held",
    "dtype": "the number format of weights and activations: float32, bfloat16 or float16",
    "embedding": "the vector that stands for a token where it enters the model",
    "entropy": "how open a distribution is, in bits: the yes-no questions its outcome is worth",
    "gain": "the learned number that a norm multiplies each number of a vector by",
    "GQA": "grouped-query attention: several query heads that share one head of keys and values",
    "greedy decoding": "always taking the most likely next token",
    "hard negative": "a text that nearly answers a question and does not, which a model learns "
    "from",
    "HDBSCAN": "finding groups where points lie densely, of any number and shape; what lies "
    "between is left out, as noise",
    "head": "one of several parallel parts of an attention layer, with queries, keys and values "
    "of its own",
    "hidden state": "a token's vector between two layers; the residual stream at that place",
    "induction head": "a head that attends to what came after an earlier copy of the token",
    "insertion curve": "the output as the words with the highest scores are put in, one by one",
    "integrated gradients": "an attribution: gradients added up on the way from baseline to text",
    "Jacobian lens": "a logit lens that first maps the stream by how much it changes the last "
    "one, on average over texts",
    "key token": "a token that is attended to",
    "key-value cache": "the keys and values of earlier tokens, kept so that they are not computed "
    "again",
    "KL divergence": "how far one distribution is from another, in bits; 0 if they are the same",
    "layer": "one block of the model: attention and an MLP that add to the residual stream",
    "LayerNorm": "takes the mean off a token's vector and divides it by its standard deviation",
    "logistic regression": "a classifier: one layer of weights, then softmax",
    "logit": "the number that a model gives a token before softmax makes probabilities of them",
    "logit lens": "reading the residual stream after a layer through the model's own final norm "
    "and unembedding",
    "logit margin": "how far the highest logit is above the second",
    "memory-bound": "limited by how fast data comes from memory",
    "mixture of experts": "several MLPs in one layer, of which a router sends each token to a few",
    "MLP": "the part of a layer that works on each token by itself",
    "neuron": "one number within an MLP, with the vector that it adds to the stream",
    "one-hot vector": "a vector with one 1, at a token's id, and 0 everywhere else",
    "padding": "tokens without meaning that fill texts up to one length, so that they are read "
    "together",
    "PCA": "principal component analysis: seen along the directions in which vectors vary most",
    "perplexity": "two to the power of the mean surprisal in bits: the number of tokens that a "
    "model hesitates between",
    "pooling": "making one vector out of the vectors of a text's tokens: their mean, the first, "
    "the last",
    "pre-activation": "the number that goes into an activation function",
    "prefill": "the first pass, which reads the whole prompt at once",
    "query token": "a token that attends",
    "reranking": "sorting the first hits of a search anew with a slower, better model",
    "residual connection": "what lets a part add to the stream instead of replacing it",
    "residual stream": "the vector of each token that every layer reads and adds to",
    "RMSNorm": "divides a token's vector by the root of its mean square",
    "rollout": "attention weights of all layers multiplied up, the residual connections included",
    "RoPE": "rotary position embedding: queries and keys are rotated by an angle that grows with "
    "the position",
    "Shapley value": "the mean of what a word adds, over all orders in which words could be added",
    "softmax": "turns numbers into positive shares that sum to 1",
    "special token": "a token that stands for no text: begin, end, padding, a role",
    "surprisal": "minus the logarithm of a token's probability, in bits or nats",
    "t-SNE": "a map that keeps close neighbours close, and lets go of large distances",
    "temperature": "what logits are divided by before softmax: below 1 sharpens, above 1 flattens",
    "tied head": "an unembedding that is the embedding table itself, kept once",
    "token": "a piece of text with a number: a word, a part of one, a byte",
    "tokenizer": "what cuts a text into tokens and puts it together again",
    "trustworthiness": "how true the neighbours on a map are: 1 if all are, about 0.5 by chance",
    "tuned lens": "a logit lens that first maps the stream by a matrix trained to come near the "
    "final answer",
    "UMAP": "bringing vectors down to a few numbers so that near ones stay near; what is far "
    "apart afterwards need not have been",
    "unembedding": "the matrix that makes logits of the last hidden state",
    "wavelength": "after how many positions a dimension pair has made a full turn",
    "zero-shot": "done without any example, from the words of the task alone",
}
"""A term, and what it is in plain words."""


def found(text: str) -> list[str]:
    """Return the terms that occur in `text`, in the order of the alphabet.

    >>> found("Each **query token** gives its attention weights away.")
    ['attention weight', 'query token', 'token']
    """
    return [term for term in TERMS if _pattern(term).search(text)]


def _pattern(term: str) -> re.Pattern[str]:
    """Return what finds a term, in the plural too; an abbreviation as it is written only."""
    flags = re.NOFLAG if any(letter.isupper() for letter in term) else re.IGNORECASE
    return re.compile(rf"(?<![\w-]){re.escape(term)}(s|es)?(?![\w-])", flags)
