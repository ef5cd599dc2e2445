"""A decode step as the page times it, against a bare loop over the model, in one run."""

import time

import numpy as np
import torch
from transformers import DynamicCache

from components.inspection.kv_cache.timing import measure
from components.inspection.load import load_model

ROUNDS = 25
PROMPT, NEW = 64, 32
MOST = 1.05


def test_a_step_as_the_page_times_it_is_that_of_a_bare_loop(capsys):
    model = load_model("storyteller", device="cpu")
    network = model.network
    text = "The red fox went to the old mill with a lamp and a song. " * 9
    *_, first = measure(model, text, PROMPT, NEW, 1)
    ids = torch.tensor([(model.encode(text) * PROMPT)[:PROMPT]])
    fed = torch.tensor([first.tokens])

    def bare() -> np.ndarray:
        cache, taken = DynamicCache(config=network.config), []
        with torch.no_grad():
            network(ids, past_key_values=cache, logits_to_keep=1)
            for step in range(NEW - 1):
                start = time.perf_counter()
                logits = network(
                    fed[:, step : step + 1], past_key_values=cache, logits_to_keep=1
                ).logits
                logits[0, -1].argmax()
                taken.append(time.perf_counter() - start)
        return np.array(taken)

    ours, theirs = [], []
    for _ in range(ROUNDS):
        *_, found = measure(model, text, PROMPT, NEW, 1)
        ours.append(found.seconds[0, 0, 1:])
        theirs.append(bare())
    # Each step's fastest run: what is left when nothing else ran on the machine.
    ratio = float(np.min(ours, axis=0).sum() / np.min(theirs, axis=0).sum())
    with capsys.disabled():
        print(f"\na decode step as timed: {ratio:.3f}x a bare loop's")
    assert 1 / MOST <= ratio <= MOST
