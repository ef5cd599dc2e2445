"""Each kind of tokenizer as a fixture."""

import pytest

from components.inspection.tokenizer.ready import ReadyTokenizer
from tests.inspection.tokenizer.kinds import MADE, NAMED, tokenizer_called


@pytest.fixture(params=[*NAMED, *MADE])
def tokenizer(request: pytest.FixtureRequest) -> ReadyTokenizer:
    """Each kind of tokenizer in turn."""
    return tokenizer_called(request.param)


@pytest.fixture
def gpt2() -> ReadyTokenizer:
    """GPT-2's own."""
    return tokenizer_called("gpt2")
