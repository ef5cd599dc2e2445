"""The few lines of plain PyTorch that reproduce what is on screen, without Captum."""

from typing import TYPE_CHECKING

from components.inspection.catalogue import loadable

if TYPE_CHECKING:
    from components.inspection.attribution.catalogue import Effort, MethodName
    from components.inspection.attribution.phrase import PhraseAttribution
    from components.inspection.attribution.question import Question, Reading

_CLASSES = {
    "causal": "AutoModelForCausalLM",
    "masked": "AutoModelForMaskedLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
}
_ABSENT = {
    "mean": "embed(torch.arange(len(embed.weight))[None]).mean(1)",
    "zero": "torch.zeros(embed.weight.shape[1])",
    "pad": "embed(torch.tensor([[tokenizer.pad_token_id]]))",
    "mask": "embed(torch.tensor([[tokenizer.mask_token_id]]))",
}
_GRADIENT = """
def gradient(e):
    e = e.detach().requires_grad_()
    return torch.autograd.grad(target(e).sum(), e)[0]
"""
_SWITCHES = """
count = int(piece.max()) + 1

def without(away):  # the target with the pieces in `away` replaced by the baseline
    gone = torch.isin(piece, torch.tensor(sorted(away), dtype=torch.long))
    return target(torch.where(gone[None, :, None], baseline, x)).item()
"""


def scores_code(
    source: str, question: "Question", reading: "Reading", method: "MethodName", effort: "Effort"
) -> str:
    """Return code that prints each piece's score."""
    return _opening(source, question, reading) + _body(method, effort) + _CLOSING


def _opening(source: str, question: "Question", reading: "Reading") -> str:
    name = _CLASSES[reading.kind]
    target, seq2seq = reading.target, reading.kind == "seq2seq"
    place = {"classifier": "", "masked": f"{target.place}, "}.get(reading.kind, "-1, ")
    picked = f"logits[:, {place}{target.answer}]"
    if target.rather_than is not None:
        picked += f" - logits[:, {place}{target.rather_than}]"
    free = {int(unit): number for number, unit in enumerate(reading.units.free)}
    pieces = [free.get(unit, -1) for unit in reading.units.of_token]
    embed = "model.get_encoder().embed_tokens" if seq2seq else "model.get_input_embeddings()"
    start = ", decoder_input_ids=start.expand(len(e), -1)" if seq2seq else ""
    begins = "\nstart = torch.tensor([[model.config.decoder_start_token_id]])" if seq2seq else ""
    names = reading.answer if reading.rather_than is None else (
        f"{reading.answer} rather than {reading.rather_than}"
    )  # fmt: skip
    return f"""import numpy as np
import torch
from transformers import {name}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({loadable(source)!r})
model = {name}.from_pretrained({loadable(source)!r}, dtype=torch.float32)
model.eval().requires_grad_(False)
ids = tokenizer({reading.text!r}, return_tensors="pt").input_ids
piece = torch.tensor({pieces})  # of each token; -1 is held fixed
embed = {embed}{begins}
x = embed(ids)
baseline = torch.where((piece < 0)[None, :, None], x, {_ABSENT[question.baseline]})

def target(e):  # {names!r}
    logits = model(inputs_embeds=e{start}).logits
    return {picked}
"""


def _body(method: "MethodName", effort: "Effort") -> str:
    if method in ("integrated_gradients", "gradient_shap"):
        points = f"""
# Gauss-Legendre points on the way from baseline to text
nodes, weights = np.polynomial.legendre.leggauss({effort.steps})
points = [(float(n + 1) / 2, float(w) / 2) for n, w in zip(nodes, weights)]
"""
        if method == "gradient_shap":
            points = f"""
# Random points on the way; other ones than on screen
drawn = np.random.default_rng({effort.seed}).uniform(size={2 * effort.samples})
points = [(float(a), 1 / len(drawn)) for a in drawn]
"""
        return (
            _GRADIENT
            + points
            + """path = sum(w * gradient(baseline + a * (x - baseline)) for a, w in points)
tokens = ((x - baseline) * path).sum(-1)[0]
"""
        )
    if method in ("input_x_gradient", "saliency"):
        what = "(x * gradient(x))" if method == "input_x_gradient" else "gradient(x).abs()"
        return f"{_GRADIENT}\ntokens = {what}.sum(-1)[0]\n"
    if method == "ablation":
        body = "scores = [without(()) - without({i}) for i in range(count)]\n"
    elif method == "occlusion":
        body = f"""width = min({effort.window}, count)
windows = [set(range(s, s + width)) for s in range(count - width + 1)]
falls = [without(()) - without(w) for w in windows]
scores = [np.mean([f for f, w in zip(falls, windows) if i in w]) for i in range(count)]
"""
    else:
        body = f"""import itertools, math
if count < 6 and math.factorial(count) <= {effort.samples}:
    orders = list(itertools.permutations(range(count)))
else:
    draw = torch.Generator().manual_seed({effort.seed})
    orders = [torch.randperm(count, generator=draw).tolist() for _ in range({effort.samples})]
scores = [0.0] * count
for order in orders:
    away = set(order)
    before = without(away)
    for i in order:
        away.remove(i)
        after = without(away)
        scores[i] += (after - before) / len(orders)
        before = after
"""
    return _SWITCHES + body + "tokens = None\n"


_CLOSING = """
if tokens is not None:  # sum over the tokens of each piece
    scores = [tokens[piece == i].sum().item() for i in range(int(piece.max()) + 1)]
for i, score in enumerate(scores):
    print(f"{score:+9.5f}  {tokenizer.decode(ids[0, piece == i])!r}")
"""


def phrase_code(source: str, text: str, found: "PhraseAttribution") -> str:
    """Return code that prints the score of each token of the text for the phrase as a whole.

    For ablation; the other methods share its first half.
    """
    opening = f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({loadable(source)!r})
model = AutoModelForCausalLM.from_pretrained({loadable(source)!r}, dtype=torch.float32).eval()
ids = tokenizer({text!r}).input_ids
phrase = {list(found.phrase_ids)}  # {"".join(found.phrase)!r}
absent = tokenizer.convert_tokens_to_ids({found.stand_in!r})

@torch.no_grad()
def log_p(ids):  # of each token of the phrase
    logits = model(torch.tensor([ids + phrase])).logits[0, len(ids) - 1 : -1]
    return logits.log_softmax(-1)[range(len(phrase)), phrase]
"""
    return (
        opening
        + """
# Ablation: one token at a time
special = set(tokenizer.all_special_ids)
for i, token in enumerate(ids):
    if token not in special:
        fall = log_p(ids) - log_p([*ids[:i], absent, *ids[i + 1 :]])
        print(f"{fall.sum():+9.5f}  {tokenizer.decode([token])!r}  {fall.tolist()}")
"""
    )
