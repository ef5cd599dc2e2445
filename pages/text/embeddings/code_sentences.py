"""The same in plain transformers: a batch, padded on the right, pooled, compared."""

from typing import Final

from components.inspection.embeddings.pooling import Way
from components.lesson import Ask
from pages.text.embeddings.code_search import model_lines

_POOLED: Final[dict[Way, str]] = {
    "mean": "(states * mask).sum(1) / mask.sum(1)",
    "cls": "states[:, 0]",
    "last": "states[torch.arange(len(ids)), lengths - 1]",
    "max": "states.masked_fill(mask == 0, -torch.inf).amax(1)",
}


def similarity_code(
    ask: Ask, sentences: tuple[str, ...], way: Way, normalised: bool, longest: int
) -> str:
    """Return code that embeds a few sentences in one batch, and prints their cosines."""
    opened, part = model_lines(ask)
    normalised_too = "\nvectors = torch.nn.functional.normalize(vectors)" if normalised else ""
    return f"""{opened}

sentences = {list(sentences)!r}
ids = [tokenizer(one, truncation=True, max_length={longest}).input_ids for one in sentences]
lengths = torch.tensor([len(one) for one in ids])
pad = tokenizer.pad_token_id or 0
batch = torch.nn.utils.rnn.pad_sequence([torch.tensor(one) for one in ids], True, pad)
read = torch.arange(batch.shape[1]) < lengths[:, None]  # False: padding
with torch.no_grad():
    states = {part}(batch, attention_mask=read.long()).last_hidden_state.float()
mask = read[..., None].float()
vectors = {_POOLED[way]}{normalised_too}
cosines = torch.cosine_similarity(vectors[:, None], vectors[None], dim=-1)
for row in cosines.tolist():
    print(*(f"{{cosine:.4f}}" for cosine in row))
"""
