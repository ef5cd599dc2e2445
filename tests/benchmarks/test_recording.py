"""What recording costs, against an ordinary eager pass, in one run."""

import time
from collections.abc import Callable

import torch
from transformers import AutoModelForCausalLM

from components.inspection.catalogue import BUNDLED_FOLDER
from components.inspection.forward_pass import record
from components.inspection.load import load_model

ROUNDS = 15
MOST = 1.3


def seconds(*works: Callable[[], object]) -> list[float]:
    """Time the works in turn, so that noise meets them alike; return each one's fastest."""
    times: list[list[float]] = [[] for _ in works]
    for round_ in range(ROUNDS + 2):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            if round_ >= 2:
                taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


def test_recording_everything_costs_little_more_than_asking_for_all_outputs(capsys):
    model = load_model("storyteller", device="cpu")
    eager = AutoModelForCausalLM.from_pretrained(
        BUNDLED_FOLDER / "storyteller", dtype=torch.float32, attn_implementation="eager"
    ).eval()
    ids = model.encode("The red fox went to the old mill with a lamp and a song. " * 9)[:128]
    given = torch.tensor([ids])

    def ask_for_all() -> object:
        with torch.no_grad():
            return eager(given, output_attentions=True, output_hidden_states=True, use_cache=False)

    ours, theirs = seconds(lambda: record(model, ids), ask_for_all)
    with capsys.disabled():
        print(f"\nrecording {len(ids)} tokens: {ours / theirs:.2f}x an eager pass with all outputs")
    assert ours / theirs <= MOST
