"""Two thousand sentences in batches against one by one."""

import time

import torch

from components.inspection.embeddings import sentences as inspection
from components.inspection.embeddings.sentences import embed
from components.inspection.load import load_model
from pages.text.embeddings.corpus import bundled

MANY = 2_000


def seconds(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def test_batches_are_several_times_faster_than_one_by_one(monkeypatch):
    """Of the bundled model: a sentence alone costs about as much as a dozen in a batch."""
    model = load_model("storyteller", "cpu", "float32")
    own = bundled().sentences
    sentences = tuple(f"{own[at % len(own)]} {at}" for at in range(MANY))
    ours, alone = [], []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(2):  # in turns, so that both meet the same machine
            ours.append(seconds(lambda: embed(model, sentences, "mean")))
            with monkeypatch.context() as patch:
                patch.setattr(inspection, "tokens_at_once", lambda _model: 1)
                alone.append(seconds(lambda: embed(model, sentences, "mean")))
    finally:
        torch.set_num_threads(threads)
    ratio = min(alone) / min(ours)
    print(f"{MANY} sentences: {min(ours):.1f} s in batches, {min(alone):.1f} s alone, {ratio:.1f}x")
    assert ratio > 2
