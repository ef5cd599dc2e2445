"""How positions are marked, on a GPU: the same as on the CPU, and nothing on two devices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from components.inspection.model import Model
from components.inspection.positions.added import table
from components.inspection.positions.distances import buckets, slopes
from components.inspection.positions.extended_attention import attention_under
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.growth import growth
from components.inspection.positions.order import shuffled
from components.inspection.positions.packing import packed_reading
from components.inspection.positions.panels import built_like_llama
from components.inspection.positions.shift_invariance import shift_invariance
from components.inspection.positions.spectrum import compare_pairings, spectrum
from components.inspection.positions.vectors import rotated_vectors
from tests import tiny
from tests.gpu.pretended import SUPPORTED

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not SUPPORTED, reason="the stand-in fits a CPU build of torch 2.13"),
]
TEXT = "to be, or not"
JOBS: dict[str, Callable[[Model], Any]] = {
    "spectrum": lambda m: spectrum(m).ropes[0].frequencies,
    "vectors": lambda m: rotated_vectors(m, TEXT, 0).queries,
    "conventions": lambda m: compare_pairings(m, TEXT, 0, 1).right,
    "moved": lambda m: [check.verdict for check in shift_invariance(m, TEXT, (1, 10)).checks],
    "order": lambda m: shuffled(m, TEXT, 1).change,
    "packing": lambda m: [c.verdict for c in packed_reading(m, ("to be", "or")).checks],
    "table": lambda m: table(m).vectors,
    "slopes": lambda m: slopes(m).slopes,
    "buckets": lambda m: buckets(m, "encoder", 0).bias,
    "stretch": lambda m: attention_under(m, TEXT, 0, 0, ContextExtension("yarn", 3.0)).changed,
    "panel": lambda m: built_like_llama(m, TEXT, 0),
    "growth": lambda m: (
        list(growth(m, "ab" * 60, (ContextExtension("dynamic", 3.0),)))[-1].perplexity
    ),
}


def result(job: Callable[[Model], Any], model: Model) -> Any:
    try:
        return job(model)
    except InspectionError:
        return "refused"


@pytest.mark.parametrize("family", ["llama", "gptj", "gpt2", "bloom", "t5"])
def test_positions_are_told_as_on_the_cpu(family, gpu, tmp_path):
    tiny.network(family).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    there = load_model(str(tmp_path), device="cuda", dtype="float32")
    here = tiny.model(family)
    assert there.facts.device.startswith("cuda")
    for name, job in JOBS.items():
        one, other = result(job, here), result(job, there)
        if isinstance(one, np.ndarray):
            np.testing.assert_allclose(other, one, atol=1e-4, rtol=1e-3, err_msg=name)
        else:
            assert other == one, name
