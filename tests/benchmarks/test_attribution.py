"""What our integrated gradients cost, against Captum's on the embedding layer, in one run."""

import statistics
import time

import torch
from captum.attr import LayerIntegratedGradients

from components.inspection.attribution.catalogue import MethodSettings
from components.inspection.attribution.methods import attribute
from components.inspection.attribution.question import Question, read
from components.inspection.load import load_model

TEXT = "When Mary and John went to the shop, Mary gave a drink to"
STEPS, ROUNDS, MOST = 32, 7, 1.3


def test_integrated_gradients_cost_no_more_than_captum_s_own_layer_method(capsys):
    model = load_model("storyteller", device="cpu")
    question = Question(TEXT, rather_than=None, baseline="pad", unit="token")
    answer = read(model, question).target.answer
    ids = torch.tensor([model.encode(TEXT)])
    absent = torch.full_like(ids, model.tokenizer.pad_token_id)

    def forward(given: torch.Tensor) -> torch.Tensor:
        return model.network(given, use_cache=False).logits[:, -1, answer]

    layer = LayerIntegratedGradients(forward, model.network.get_input_embeddings())

    def ours() -> object:
        return attribute(model, question, "integrated_gradients", MethodSettings(steps=STEPS))

    def theirs() -> object:
        return layer.attribute(ids, baselines=absent, n_steps=STEPS)

    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for round_ in range(ROUNDS + 1):
        for name, work in (("ours", ours), ("theirs", theirs)):
            start = time.perf_counter()
            work()
            if round_:
                times[name].append(time.perf_counter() - start)
    ratio = statistics.median(times["ours"]) / statistics.median(times["theirs"])
    with capsys.disabled():
        print(f"\nintegrated gradients, {STEPS} steps: {ratio:.2f}x Captum's layer method")
    assert ratio <= MOST
