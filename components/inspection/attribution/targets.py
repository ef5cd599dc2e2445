"""What is explained: one number that the model computes, and how to compute it again.

The number is a logit, or the logit of one answer minus that of another: A rather than B
(contrastive explanation; Yin and Neubig, "Interpreting Language Models with Contrastive
Explanations", 2022).
"""

from dataclasses import dataclass
from inspect import signature
from typing import Any, Final

import torch
from torch import Tensor

from components.inspection.errors import InspectionError
from components.inspection.model import Model

LOGIT_BYTES: Final = 256 * 2**20
"""Room for the logits and the attention of the texts that are read side by side."""
MOST_ROWS: Final = 64


@dataclass(frozen=True)
class Target:
    """An answer, and perhaps another that it is held against."""

    place: int
    """The token whose logits are read; of no meaning for a class."""
    answer: int
    rather_than: int | None = None


def class_names(model: Model) -> tuple[str, ...]:
    """Return the names of a classifier's classes, in the order of its logits."""
    names = {int(index): str(name) for index, name in (model.network.config.id2label or {}).items()}
    return tuple(names[index] for index in sorted(names))


def find_answer(model: Model, wanted: str, text: str) -> int:
    """Return the class or token that `wanted` names.

    A token may be typed with or without its leading space: after a text that ends in a letter
    the one with the space is meant first.

    Raises:
        InspectionError: there is no such class, or the text is not one token.
    """
    if model.kind == "classifier":
        names = class_names(model)
        if wanted not in names:
            raise InspectionError(
                f"There is no class “{wanted[:60]}”; this model has: {', '.join(names)}."
            )
        return names.index(wanted)
    wanted = wanted.replace("·", " ") if wanted.startswith("·") else wanted
    forms = [wanted] if wanted[:1].isspace() else [f" {wanted}", wanted]
    if text[-1:].isspace():
        forms.reverse()
    ids: list[int] = []
    for form in forms:
        ids = model.encode_target(form)
        if len(ids) == 1:
            return ids[0]
    pieces = " + ".join(f"“{piece}”" for piece in model.token_texts(ids)[:8])
    raise InspectionError(
        f"“{wanted[:60]}” is not one token for this model but {len(ids)}: {pieces}. Ask for one of "
        "them, or look at the whole phrase in the view “A phrase”."
    )


class TargetScore:
    """The target as a function of the text's embeddings, counting what it costs.

    Called with [text, token, width] it returns [text], in float32. No hook is put on the
    network, so whoever else reads with it is not disturbed.
    """

    def __init__(self, model: Model, target: Target | None, said: tuple[int, ...] = ()) -> None:
        self.model, self.target, self.said = model, target, said
        self.forwards = self.backwards = 0
        """Texts read, and texts through which a gradient was sent back."""
        self.tell: Any = None
        parameters = signature(model.network.forward).parameters
        self._only_last = model.kind == "causal" and "logits_to_keep" in parameters

    def logits(self, embeddings: Tensor) -> Tensor:
        """Return [text, class], or [text, vocabulary] at the target's place."""
        count, length = embeddings.shape[:2]
        self.forwards += count
        if embeddings.requires_grad and torch.is_grad_enabled():
            self.backwards += count
        if self.tell is not None:
            self.tell(self.forwards)
        model = self.model
        given: dict[str, Any] = {
            "inputs_embeds": embeddings,
            "attention_mask": torch.ones(count, length, dtype=torch.long, device=model.device),
        }
        if model.kind == "seq2seq":
            start = torch.tensor([[model.decoder_start, *self.said]], device=model.device)
            given |= {"decoder_input_ids": start.expand(count, -1), "use_cache": False}
        elif model.kind == "causal":
            given["use_cache"] = False
            if self._only_last:
                given["logits_to_keep"] = 1
        try:
            out = model.network(**given).logits.float()
        except NotImplementedError:
            raise InspectionError(
                f"The family of '{model.source}' cannot be read from embeddings, which attribution "
                "needs. Choose another model."
            ) from None
        if model.kind == "classifier":
            return out
        # Of a decoder the last token's are asked for, of a masked model the mask's.
        masked = model.kind == "masked" and self.target is not None
        return out[:, self.target.place if masked and self.target else -1]

    def __call__(self, embeddings: Tensor) -> Tensor:
        """Return the target of each text, [text]."""
        assert self.target is not None
        logits = self.logits(embeddings)
        score = logits[:, self.target.answer]
        if self.target.rather_than is not None:
            score = score - logits[:, self.target.rather_than]
        return score

    def rows(self, length: int) -> int:
        """Return how many texts of `length` tokens are best read side by side."""
        config = self.model.network.config.get_text_config()
        places = 1 if self._only_last or self.model.kind == "classifier" else length
        # float32: the logits, and per layer the weights of attention and some streams.
        if self.model.kind == "classifier" and config.pad_token_id is None:
            return 1  # transformers refuses several texts then
        one = 4 * (
            places * config.vocab_size
            + config.num_hidden_layers
            * length
            * (3 * config.num_attention_heads * length + 12 * config.hidden_size)
        )
        return max(1, min(MOST_ROWS, LOGIT_BYTES // one))
