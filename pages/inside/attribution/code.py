"""The few lines of plain PyTorch that reproduce what is on screen, without Captum."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.inspection.attribution.catalogue import MethodName, MethodSettings
from components.inspection.attribution.question import Reading
from components.inspection.attribution.shapley import EXACT, rounded_up
from components.inspection.catalogue import opening
from components.inspection.model import Kind
from components.lesson import Ask


@dataclass(frozen=True)
class Setting:
    """What the code needs to know of the model that is on screen."""

    source: str
    kind: Kind
    dtype: str = "float32"
    revision: str = "main"


_CLASSES: Final = {
    "causal": "AutoModelForCausalLM",
    "masked": "AutoModelForMaskedLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
}
_GRADIENT: Final = """
def gradient(e):
    e = e.detach().requires_grad_()
    return torch.autograd.grad(target(e).sum(), e)[0]
"""
_SWITCHES: Final = """
count = int(feature.max()) + 1

@torch.no_grad()
def without(away):  # the target with the features in `away` replaced by the baseline
    gone = torch.isin(feature, torch.tensor(sorted(away), dtype=torch.long))
    return target(torch.where(gone[None, :, None], baseline, x)).item()
"""
_EXACT: Final = """
from functools import cache
from itertools import combinations
from math import comb

@cache
def value(there):
    return {value}

scores = []
for i in range(count):  # what i brings to every set of the others, by how many orders have it so
    others = [j for j in range(count) if j != i]
    sets = [s for size in range(count) for s in combinations(others, size)]
    brought = [value(tuple(sorted((*s, i)))) - value(s) for s in sets]
    scores.append(sum(b / (count * comb(count - 1, len(s))) for b, s in zip(brought, sets)))
"""
_DRAWN: Final = """
draw = torch.Generator().manual_seed({seed})
pairs = []
for _ in range({pairs}):
    order = torch.randperm(count, generator=draw).tolist()
    pair = {zeros}
    for way in (order, order[::-1]):  # an order and its reverse
        away = set(range(count))
        before = without(away)
        for i in way:
            away.remove(i)
            after = without(away)
            pair[i] += (after - before) / 2
            before = after
    pairs.append(pair)
scores = np.mean(pairs, axis=0)
errors = np.std(pairs, axis=0, ddof=1) / len(pairs) ** 0.5
"""


def setting(ask: Ask) -> Setting:
    """Return what the code needs to know of the chosen model."""
    choice, facts = ask.choice, ask.facts
    return Setting(choice.source.strip(), facts.kind, facts.dtype, choice.revision)


def scores_code(
    shown: Setting, reading: Reading, method: MethodName, settings: MethodSettings
) -> str:
    """Return code that prints each feature's score, and its standard error where there is one."""
    return _opening(shown, reading) + _body(len(reading.features.free), method, settings) + _CLOSING


def curve_code(shown: Setting, reading: Reading, name: str, order: Sequence[int]) -> str:
    """Return code that prints the deletion curve of one ranking: the target, feature by feature."""
    return f"""{_opening(shown, reading)}{_SWITCHES}
order = {list(order)}  # the features by {name}, the highest score first
for away in range(count + 1):
    print(f"{{without(order[:away]):+9.5f}}  without the first {{away}}")
"""


def loading(shown: Setting) -> str:
    name = _CLASSES[shown.kind]
    where = opening(shown.source, shown.revision)
    return f"""import numpy as np
import torch
from transformers import {name}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({where})
model = {name}.from_pretrained({where}, dtype=torch.{shown.dtype})
model.eval().requires_grad_(False)
"""


def embeddings(shown: Setting) -> str:
    """How the text's embeddings are looked up: of an encoder-decoder by its encoder's own table."""
    if shown.kind == "seq2seq":
        return "model.get_encoder().get_input_embeddings()"
    return "model.get_input_embeddings()"


def _opening(shown: Setting, reading: Reading) -> str:
    target = reading.target
    place = {"classifier": "", "masked": f"{target.place}, "}.get(reading.kind, "-1, ")
    picked = f"logits[:, {place}{target.answer}]"
    if target.rather_than is not None:
        picked += f" - logits[:, {place}{target.rather_than}]"
    free = {int(unit): number for number, unit in enumerate(reading.features.free)}
    features = [free.get(unit, -1) for unit in reading.features.of_token]
    start, begins = "", ""
    if reading.decoder_start is not None:
        start = ", decoder_input_ids=start.expand(len(e), -1)"
        begins = f"\nstart = torch.tensor([[{reading.decoder_start}]])"
    names = (
        reading.answer
        if reading.rather_than is None
        else (f"{reading.answer} rather than {reading.rather_than}")
    )
    absent = {
        "mean": "embed(torch.arange(len(embed.weight))[None]).float().mean(1)",
        "zero": "torch.zeros(embed.weight.shape[1])",
    }.get(reading.baseline, f"embed(torch.tensor([[{reading.stand_in_id}]])).float()")
    named = f"  # {reading.baseline}: {reading.stand_in!r}" if reading.stand_in else ""
    return f"""{loading(shown)}ids = tokenizer({reading.text!r}, return_tensors="pt").input_ids
feature = torch.tensor({features})  # of each token; -1 stays and gets no score
embed = {embeddings(shown)}{begins}
x = embed(ids).float()
absent = {absent}{named}
baseline = torch.where((feature < 0)[None, :, None], x, absent)

def target(e):  # {names!r}
    logits = model(inputs_embeds=e.to(model.dtype, copy=True){start}).logits.float()
    return {picked}
"""


def _body(features: int, method: MethodName, settings: MethodSettings) -> str:
    if method in ("integrated_gradients", "gradient_shap"):
        points = f"""
# Gauss-Legendre points on the way from baseline to text
nodes, weights = np.polynomial.legendre.leggauss({settings.steps})
points = [(float(n + 1) / 2, float(w) / 2) for n, w in zip(nodes, weights)]
"""
        if method == "gradient_shap":
            points = f"""
# Random points on the way
draw = torch.Generator().manual_seed({settings.seed})
points = [(float(a), 1 / {settings.steps}) for a in torch.rand({settings.steps}, generator=draw)]
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
        body = f"""width = min({settings.window}, count)
windows = [set(range(s, s + width)) for s in range(count - width + 1)]
falls = [without(()) - without(w) for w in windows]
scores = [np.mean([f for f, w in zip(falls, windows) if i in w]) for i in range(count)]
"""
    else:
        body = shapley(features, settings.samples, settings.seed, "np.zeros(count)", "without")
    return _SWITCHES + body + "tokens = None\n"


def shapley(features: int, samples: int, seed: int, zeros: str, without: str) -> str:
    if features <= EXACT:
        return _EXACT.format(value=f"{without}(set(range(count)) - set(there))")
    return _DRAWN.format(seed=seed, pairs=rounded_up(samples) // 2, zeros=zeros)


_CLOSING: Final = """
if tokens is not None:  # sum over the tokens of each feature
    scores = [tokens[feature == i].sum().item() for i in range(int(feature.max()) + 1)]
for i, score in enumerate(scores):
    sure = f" ± {errors[i]:.5f}" if "errors" in globals() else ""
    print(f"{score:+9.5f}{sure}  {tokenizer.decode(ids[0, feature == i])!r}")
"""
