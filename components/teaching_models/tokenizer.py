"""The byte-level BPE tokenizer of a teaching model, trained on the grammar's own text.

Counts of words are flattened (to their square root) before training, so that merges go to whole
words, also rare ones; words that lessons point at (names, nouns and their plurals, countries,
capitals, numbers, days, months) count at least as often as common words, so that each is a single
token. Every text gets `<|end|>` in front,
the token that also separates documents in training: the model always reads what it was raised on.
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from components.teaching_models.corpus import documents
from components.teaching_models.words import (
    ANIMALS,
    CAPITALS,
    DAYS,
    JOBS,
    MONTHS,
    NAMES,
    NUMBERS,
    OBJECTS,
    PLACES,
)

END = "<|end|>"
END_ID = 0
LEAST_COUNT = 30
"""How often, after flattening, a word that lessons point at counts at least."""
_PIECE = re.compile(r" ?[^\W\d]+| ?\d+| ?[^\s\w]+|\s+(?!\S)|\s+")


def words_of_lessons() -> list[str]:
    """Return the words that must be one token each, with the space that they have in a sentence."""
    nouns = [*OBJECTS, *PLACES, *ANIMALS, *JOBS]
    words = [*map(str, NAMES), *(noun.word for noun in nouns), *CAPITALS, *CAPITALS.values()]
    words += [*DAYS, *MONTHS, *NUMBERS, *map(str, range(101))]
    words += [noun.plural for noun in (*OBJECTS, *ANIMALS, *JOBS)]
    return [f" {word}" for word in words] + [str(name) for name in NAMES]


def train_tokenizer(size: int, texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer of at most `size` tokens; token 0 is `<|end|>`."""
    found = Counter(piece for text in texts for piece in _PIECE.findall(text))
    counts = {piece: round(count**0.5) for piece, count in found.items()}
    for word in words_of_lessons():
        counts[word] = max(counts.get(word, 0), LEAST_COUNT)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    flattened = (piece for piece, count in sorted(counts.items()) for _ in range(count))
    tokenizer.train_from_iterator(flattened, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END} $A", pair=f"{END} $A $B", special_tokens=[(END, END_ID)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        pad_token=END,
        model_max_length=512,
        clean_up_tokenization_spaces=False,
    )


def storyteller_tokenizer(size: int = 2560, sample: int = 60_000) -> PreTrainedTokenizerFast:
    """Return the tokenizer trained on the first `sample` training documents of a fixed seed."""
    return train_tokenizer(size, (text.text for text in islice(documents(seed=0), sample)))
