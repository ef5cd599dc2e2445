"""The nearest rows of a large table in blocks, beside all of them at once."""

import time

import pytest
import torch

from components.inspection.embeddings.ranking import nearest_rows

pytestmark = pytest.mark.benchmark
MOST_SLOWER = 1.5
"""Blocks, beside all at once: the same products, lengths and sorting."""


def test_a_word_s_neighbours_cost_little_beside_all_at_once():
    table = torch.randn(50_000, 576)
    vector = torch.randn(1, 576)
    ours, plain = [], []
    for _ in range(7):
        start = time.perf_counter()
        nearest_rows(table, vector, 20)
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        (torch.nn.functional.normalize(table, dim=1) @ vector[0]).topk(20)
        plain.append(time.perf_counter() - start)
    print(f"nearest of 50,000: {sorted(ours)[3]:.3f} s, plain {sorted(plain)[3]:.3f} s")
    assert sorted(ours)[3] <= MOST_SLOWER * sorted(plain)[3]
