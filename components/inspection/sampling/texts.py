"""What token ids are in words."""

from collections.abc import Sequence

from components.inspection.model import Model


def text_of(model: Model, ids: Sequence[int]) -> str:
    """Return what `ids` spell, with nothing tidied up and special tokens left out."""
    return str(
        model.tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
    )


def names(model: Model, ids: Sequence[int]) -> tuple[str, ...]:
    """Return what each id stands for; ids that stand for nothing are named by number."""
    texts = model.token_texts(ids)
    return tuple(text if text else f"#{each}" for each, text in zip(ids, texts, strict=True))


def written(model: Model, text: str, tokens: Sequence[int]) -> str:
    """Return what `tokens` add to `text`: spelled after it, as spaces depend on what precedes."""
    start = [] if len(model.anatomy.stacks) == 2 else model.encode(text)
    return added(model, start, tokens)


def added(model: Model, start: Sequence[int], new: Sequence[int]) -> str:
    """Return what the ids `new` spell behind the ids `start`."""
    before = text_of(model, start)
    whole = text_of(model, [*start, *new])
    return whole[len(before) :] if whole.startswith(before) else text_of(model, new)
