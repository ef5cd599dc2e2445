"""The measurements behind the card, on a pretended GPU: the CPU's figures."""

import numpy as np
import pytest

from components.teaching_models import evaluation, probes
from components.teaching_models.corpus import Document
from tests import tiny
from tests.gpu.pretended import SUPPORTED

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not SUPPORTED, reason="the stand-in fits a CPU build of torch 2.13"),
]
TEXTS = [Document("story", text, 1.0, frozenset()) for text in ("Once upon a time", "a dog")]


def losses(network, tokenizer):
    return evaluation.document_losses(network, tokenizer, TEXTS)


def heads(network, _tokenizer):
    found = evaluation.head_scores(network, length=6, sequences=3)
    return found.induction, found.previous


def stories(network, tokenizer):
    return list(evaluation.sampled_stories(network, tokenizer, count=2))


def answers(network, tokenizer):
    questions = [probes.Question("a, b,", " c"), probes.Question("the dogs", " are", " is")]
    return (
        probes.answers_right(network, tokenizer, questions),
        probes.induction_accuracy(network, length=6, sequences=3),
    )


@pytest.mark.parametrize("measure", [losses, heads, stories, answers])
def test_a_model_on_a_gpu_is_measured_alike(measure, gpu):
    tokenizer = tiny.tokenizer()
    here, there = tiny.network("llama"), tiny.network("llama").to("cuda:0")
    expected, found = measure(here, tokenizer), measure(there, tokenizer)
    if measure is stories:
        assert found == expected and len(set(found)) == 2
    else:
        for mine, theirs in zip(expected, found, strict=True):
            np.testing.assert_allclose(theirs, mine, rtol=1e-5)
