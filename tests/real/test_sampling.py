"""What SmolLM2 writes and expects is what plain transformers writes and expects."""

import math

import numpy as np
import pytest
import torch
from transformers import GenerationConfig

from components.inspection.errors import InspectionError
from components.inspection.sampling.compare import check_with_generate, strategies
from components.inspection.sampling.generation import steps
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.perplexity import surprisals
from components.inspection.sampling.settings import Settings

FRANCE = "The capital of France is"
MARY = "When Mary and John went to the shop, Mary gave a drink to"


def plainly(model, text):
    with torch.no_grad():
        return model.network(torch.tensor([model.ids_of(text)])).logits[0, -1].float()


@pytest.mark.parametrize(("text", "best"), [(FRANCE, " Paris"), (MARY, " John")])
def test_the_next_token_has_the_probability_that_transformers_gives_it(smollm2, text, best):
    found = next_token(smollm2, text)
    assert found.texts[int(found.logits.argmax())] == best
    ours = torch.from_numpy(found.logits).softmax(-1)
    np.testing.assert_allclose(ours, plainly(smollm2, text).softmax(-1), atol=2e-6)
    assert [check.verdict for check in found.checks] == ["holds"]


def test_twenty_tokens_are_those_of_generate(smollm2):
    ids = torch.tensor([smollm2.ids_of(MARY)])
    theirs = smollm2.network.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        generation_config=GenerationConfig(max_new_tokens=20, do_sample=False, pad_token_id=2),
    )[0, ids.shape[1] :]
    ours = [step.chosen.token for step in steps(smollm2, MARY, Settings(temperature=0), 20)]
    assert ours == theirs.tolist()[: len(ours)]


def test_beams_and_perplexity_are_transformers_own(smollm2):
    found = strategies(smollm2, FRANCE, Settings(seed=1), 3, 5)
    _, check = check_with_generate(smollm2, FRANCE, found.search.beams[0], 3, 5)
    assert [str(each) for each in (*found.checks, check) if not each.holds] == []
    scored = surprisals(smollm2, MARY)
    ids = torch.tensor([list(scored.ids)])
    with torch.no_grad():
        loss = float(smollm2.network(ids, labels=ids).loss)
    assert scored.perplexity == pytest.approx(math.exp(loss), rel=1e-4)
    assert [check.verdict for check in scored.checks] == ["holds"]


def test_a_sentence_encoder_says_that_it_has_no_head(minilm):
    for inspection in (
        lambda: next_token(minilm, FRANCE),
        lambda: next(steps(minilm, FRANCE, Settings(), 3)),
        lambda: surprisals(minilm, FRANCE),
        lambda: strategies(minilm, FRANCE, Settings(), 2, 3),
    ):
        with pytest.raises(InspectionError, match="without a language-model head"):
            inspection()
