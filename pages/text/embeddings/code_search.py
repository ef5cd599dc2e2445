"""The same in plain transformers, bm25s and scikit-learn: search, labels and a classifier."""

from typing import Final

from components.inspection.catalogue import opening, seen_from_here
from components.inspection.embeddings.classifier import ROUNDS
from components.inspection.embeddings.keywords import K1, B
from components.inspection.embeddings.sentences import SentenceVectors
from components.lesson import Ask
from components.widgets.text_files import MOST_WRITTEN
from pages.text.embeddings.corpus import FILE, THE_SET, Corpus

ELSEWHERE: Final = "sentences.txt"
YOURS: Final = "  # save yours so"
_POOLED: Final = {
    "mean": "states.float().mean(0)",
    "cls": "states[0].float()",
    "last": "states[-1].float()",
    "max": "states.float().amax(0)",
}


def search_code(ask: Ask, vectors: SentenceVectors, asked: SentenceVectors, chosen: Corpus) -> str:
    """Return code that ranks the sentences by meaning and by words, and prints the first three."""
    return f"""import re
import bm25s
import numpy as np
{vector_lines(ask, vectors, asked)}
{sentence_lines(chosen)}
query = {asked.sentences[0]!r}
cosines = torch.cosine_similarity(torch.stack([vector(one) for one in sentences]), vector(query))
for place in cosines.argsort(descending=True)[:3]:
    print(f"{{cosines[place]:.4f}}", sentences[place])

def words(text):
    return re.findall(r"\\w+", text.casefold())

index = bm25s.BM25(k1={K1}, b={B}, method="lucene")
index.index([words(one) for one in sentences], show_progress=False)
asked = list(dict.fromkeys(words(query)))
scores = index.get_scores(asked) if asked else np.zeros(len(sentences))
for place in (-scores).argsort(kind="stable")[:3]:
    print(f"{{scores[place]:.4f}}", sentences[place])
"""


def labels_code(
    ask: Ask,
    vectors: SentenceVectors,
    meanings: SentenceVectors,
    chosen: Corpus,
    labels: tuple[str, ...],
) -> str:
    """Return code that gives each sentence its nearest label, and prints how often each was
    taken."""
    return f"""from collections import Counter
{vector_lines(ask, vectors, meanings)}
{sentence_lines(chosen)}
labels = {list(labels)!r}
meanings = torch.stack([vector(text) for text in {list(meanings.sentences)!r}])
found = torch.stack([vector(one) for one in sentences])
cosines = torch.cosine_similarity(found[:, None], meanings, dim=-1)
taken = [labels[place] for place in cosines.argmax(1)]
print(Counter(taken))
{_GRADED if chosen.kinds is not None and len(labels) == len(set(chosen.kinds)) else ""}"""


def trained_code(ask: Ask, vectors: SentenceVectors, chosen: Corpus, size: int, seed: int) -> str:
    """Return code that trains on `size` sentences, and prints the score of those held out."""
    return f"""from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
{vector_lines(ask, vectors)}
{sentence_lines(chosen)}
found = torch.stack([vector(one) for one in sentences]).numpy()
train, held = train_test_split(
    range(len(kinds)), train_size={size}, random_state={seed}, stratify=kinds)
train, held = sorted(train), sorted(held)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter={ROUNDS}))
classifier.fit(found[train], [kinds[one] for one in train])
print(classifier.score(found[held], [kinds[one] for one in held]), "of", len(held), "held out")
"""


_GRADED: Final = """print(sum(one == kind for one, kind in zip(taken, kinds)) / len(kinds))
"""


def model_lines(ask: Ask) -> tuple[str, str]:
    """Return lines that load tokenizer and model, and what of it reads sentences."""
    facts = ask.facts
    name = opening(ask.choice.source, ask.choice.revision)
    auto, part = "AutoModel", "model"
    if facts.kind == "seq2seq":
        part = "model.get_encoder()"
    elif facts.kind == "headless" and facts.family in ("t5", "mt5", "umt5"):
        auto = "AutoModelForTextEncoding"
    return (
        f"""import torch
from transformers import {auto}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({name})
model = {auto}.from_pretrained({name}, dtype=torch.{facts.dtype}).eval()""",
        part,
    )


def vector_lines(ask: Ask, *read: SentenceVectors) -> str:
    """Return lines that load the model and define `vector`."""
    opened, part = model_lines(ask)
    made = _POOLED[read[0].pooling]
    if read[0].normalised:
        made = f"torch.nn.functional.normalize({made}, dim=0)"
    most = max(int(each.tokens.max()) for each in read)
    return f"""{opened}

def vector(text):
    # A tokenizer's file may ask for padding and cutting of its own.
    ids = tokenizer(text, padding=False, truncation=True, max_length={most}).input_ids
    with torch.no_grad():
        states = {part}(torch.tensor([ids])).last_hidden_state[0]
    return {made}
"""


def sentence_lines(chosen: Corpus) -> str:
    """Return lines that define `sentences`, and `kinds` where they are known."""
    short = chosen.name != THE_SET and sum(map(len, chosen.sentences)) <= MOST_WRITTEN
    if short:
        known = "" if chosen.kinds is None else f"kinds = {list(chosen.kinds)!r}\n"
        return f"{known}sentences = {list(chosen.sentences)!r}"
    if chosen.kinds is not None:
        there, how = (seen_from_here(FILE), "") if chosen.name == THE_SET else (ELSEWHERE, YOURS)
        return f"""lines = open({there!r}, encoding="utf-8").read().splitlines(){how}
kinds, sentences = zip(*(line.split("\\t") for line in lines))"""
    return f'sentences = open("{ELSEWHERE}", encoding="utf-8").read().splitlines(){YOURS}'
