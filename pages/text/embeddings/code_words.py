"""Plain transformers and scikit-learn that give the numbers of *Look-up* and *In context*."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.embeddings.in_context import WordInContext


def _opened(choice: ModelChoice, tokenizer: bool = False) -> str:
    where = opening(choice.source, choice.revision)
    name = "AutoModel, AutoTokenizer" if tokenizer else "AutoModel"
    lines = f"import torch\nfrom transformers import {name}\n\n"
    if tokenizer:
        lines += f"tokenizer = AutoTokenizer.from_pretrained({where})\n"
    return f"{lines}model = AutoModel.from_pretrained({where}, dtype=torch.float32)\n"


def _table(choice: ModelChoice) -> str:
    return f"{_opened(choice)}table = model.get_input_embeddings().weight.detach()\n"


def look_up(choice: ModelChoice, token: int) -> str:
    """Return code that looks a token up in both ways, and prints whether they are the same."""
    return f"""{_table(choice)}
one_hot = torch.zeros(len(table))
one_hot[{token}] = 1
product = one_hot @ table
looked_up = model.get_input_embeddings()(torch.tensor([{token}]))[0]
print(tuple(table.shape), table.numel(), torch.equal(product, looked_up))
print(product[:5])
"""


def norms(choice: ModelChoice) -> str:
    """Return code that prints the shortest and the longest tokens."""
    return f"""{_table(choice)}
lengths = table.norm(dim=1)
order = lengths.argsort()
print("shortest", order[:5].tolist(), lengths[order[:5]])
print("longest", order[-5:].tolist(), lengths[order[-5:]])
"""


def angles(choice: ModelChoice) -> str:
    """Return code that prints the mean cosine of all pairs, with and without the mean."""
    return f"""{_table(choice)}

def mean_cosine(rows):
    unit = torch.nn.functional.normalize(rows[rows.norm(dim=1) > 0].double(), dim=1)
    total, n = unit.sum(dim=0), len(unit)
    return float((total @ total - n) / (n * (n - 1)))

print(mean_cosine(table), mean_cosine(table - table.mean(dim=0)))
"""


def near(choice: ModelChoice, ids: tuple[int, ...]) -> str:
    """Return code that prints the ids of the nearest tokens, by scikit-learn."""
    return f"""from sklearn.neighbors import NearestNeighbors
{_table(choice).removesuffix(chr(10))}.numpy()

ids = {list(ids)}
word = table[ids].mean(axis=0, keepdims=True)
for metric in ("cosine", "euclidean"):
    found = NearestNeighbors(metric=metric, algorithm="brute").fit(table)
    distances, near = found.kneighbors(word, 10 + len(ids))
    print(metric, [int(each) for each in near[0] if each not in ids][:10])
"""


def concentrating(dimensions: int) -> str:
    """Return code that prints how the cosine of Gaussian vectors spreads; it needs no model."""
    return f"""import numpy as np

draw = np.random.default_rng(0)
for d in (2, 16, {dimensions}):
    one, other = draw.standard_normal((2, 20_000, d))
    cosine = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    print(d, cosine.std(), 1 / d**0.5)
"""


def arithmetic(choice: ModelChoice, words: tuple[tuple[int, ...], ...]) -> str:
    """Return code that prints the ids nearest to a - b + c, and their cosines."""
    one, minus, plus = (list(each) for each in words)
    return f"""{_table(choice)}
row = lambda ids: table[ids].mean(dim=0)
total = row({one}) - row({minus}) + row({plus})
cosines = torch.nn.functional.cosine_similarity(table, total[None], dim=1)
best = cosines.topk(10)
print(best.indices.tolist())
print(best.values)
"""


def context(choice: ModelChoice, found: WordInContext, two_stacks: bool) -> str:
    """Return code that prints the cosine of the word's first two places, entering each layer.

    What leaves the last block is left out: many families hand it out only after their last norm.
    """
    one, other = found.found[:2]
    read = "model.get_encoder()" if two_stacks else "model"
    return f"""{_opened(choice, tokenizer=True)}

def vectors(text, places):
    inputs = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        hidden = {read}(input_ids=inputs.input_ids, output_hidden_states=True).hidden_states
    return torch.stack([each[0, places].mean(dim=0) for each in hidden[:-1]])

one = vectors({one.text!r}, {list(one.places)})
other = vectors({other.text!r}, {list(other.places)})
print(torch.nn.functional.cosine_similarity(one, other, dim=1))
"""
