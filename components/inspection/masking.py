"""Where a masked model is asked: one rule for all pages.

The first mask in the text is meant; to a text without one, a mask is added at its end.
"""

from collections.abc import Sequence

from components.inspection.errors import InspectionError
from components.inspection.model import Model


def with_mask(model: Model, text: str) -> str:
    """Return `text` with a mask in it: as it is, or with one at its end. Only a masked model needs
    one; for all others, and for an empty text, `text` is returned.

    Raises:
        InspectionError: the tokenizer of a masked model has no mask token.
    """
    if model.kind != "masked" or not text:
        return text
    mask = model.tokenizer.mask_token
    if mask is None or model.tokenizer.mask_token_id is None:
        raise InspectionError(
            f"The tokenizer of '{model.name}' has no mask token, so this model cannot be asked "
            "what stands behind one."
        )
    return text if model.tokenizer.mask_token_id in model.ids_of(text) else f"{text} {mask}"


def answer_place(model: Model, ids: Sequence[int]) -> int:
    """Return the place in `ids` at which an answer stands: the first mask of a masked model, and of
    others the last token. A classifier's stands at none.

    Raises:
        InspectionError: as `mask_place`.
    """
    return mask_place(model, ids) if model.kind == "masked" else len(ids) - 1


def mask_place(model: Model, ids: Sequence[int]) -> int:
    """Return the place of the first mask in `ids`, those of a text that `with_mask` returned.

    Raises:
        InspectionError: there is none: the tokenizer does not make one token of its mask.
    """
    mask = model.tokenizer.mask_token_id
    if mask not in ids:
        raise InspectionError(
            f"Among the tokens at which '{model.name}' answers there is no mask "
            f"({model.tokenizer.mask_token}): its tokenizer does not make one token of it, or its "
            "decoder never reads it. So there is no place to ask this model about."
        )
    return list(ids).index(mask)
