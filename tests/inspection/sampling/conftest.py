"""A model whose tokenizer was saved with padding and truncation in it, as training scripts do."""

from dataclasses import replace

import pytest
from tokenizers import Tokenizer

from components.inspection.model import Model
from tests import tiny


@pytest.fixture
def padding_stored() -> Model:
    """A Llama whose tokenizer.json asks for 16 tokens, no more and no fewer."""
    tokenizer = tiny.tokenizer()
    copy = type(tokenizer)(
        tokenizer_object=Tokenizer.from_str(tokenizer.backend_tokenizer.to_str()),
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    copy.backend_tokenizer.enable_truncation(16)
    copy.backend_tokenizer.enable_padding(length=16, pad_token="<pad>", pad_id=0)
    return replace(tiny.model("llama"), tokenizer=copy, known={})
