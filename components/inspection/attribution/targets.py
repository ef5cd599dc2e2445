"""What is explained: one number that the model computes, and how to compute it again.

The number is a logit, or the logit of one answer minus that of another: A rather than B
(contrastive explanation; Yin and Neubig, "Interpreting Language Models with Contrastive
Explanations", 2022).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from components.inspection.anatomy import StackName
from components.inspection.decoding import require_writing
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of
from components.inspection.model import Model
from components.inspection.prediction import chooses, class_names
from components.inspection.running import run

LOGIT_BYTES: Final = 256 * 2**20
"""Room for the logits and the attention of the texts that are read side by side."""
MOST_ROWS: Final = 64
Asked = Literal["next token", "masked token", "class", "label", "number"]
"""What an answer is; "label": judged by itself, beside others; "number": not chosen at all."""


@dataclass(frozen=True)
class Target:
    """An answer, and perhaps another that it is held against."""

    place: int
    """The token whose logits are read; of no meaning for a class."""
    answer: int
    rather_than: int | None = None

    @property
    def parts(self) -> int:
        """How many logits it is made of."""
        return 1 if self.rather_than is None else 2

    def of(self, logits: Float[Tensor, "*axes answer"]) -> Float32[Tensor, "*axes"]:
        """Return the target of logits."""
        score = logits[..., self.answer].float()
        return score if self.rather_than is None else score - logits[..., self.rather_than].float()


def require_answers(model: Model) -> None:
    """Go on if `model` answers a text with something to explain.

    Raises:
        InspectionError: it has no head, or what it says behind a text is no next token.
    """
    if model.kind == "headless":
        raise InspectionError(
            f"'{model.name}' was saved without a head: it gives hidden states, and no answer "
            "whose reasons could be asked for. Choose a model that answers, such as storyteller."
        )
    if model.kind in ("causal", "seq2seq"):
        require_writing(model)
    if model.kind == "masked" and len(model.anatomy.stacks) == 2:
        raise InspectionError(
            f"'{model.name}' was saved as a model that fills in masks, but it has a decoder that "
            "writes: what it says at a mask cannot be asked here. Choose an encoder, such as BERT."
        )


def asked_of(model: Model) -> Asked:
    """Return what `model` answers with."""
    if model.kind == "masked":
        return "masked token"
    if model.kind != "classifier":
        return "next token"
    if chooses(model):
        return "class"
    several = model.network.config.problem_type == "multi_label_classification"
    return "label" if several else "number"


def probabilities(
    model: Model, logits: Float[Tensor, " answer"]
) -> Float64[Tensor, " answer"] | None:
    """Return 0 to 1 for each: answers share 1, or each is judged by itself; None for numbers."""
    asked = asked_of(model)
    if asked == "number":
        return None
    return logits.double().sigmoid() if asked == "label" else logits.double().softmax(-1)


def find_answer(model: Model, wanted: str | int, text: str, count: int) -> int:
    """Return which of `count` answers `wanted` names: a class or token, by name or by number.

    A token may be typed with or without its leading space: after a text that ends in a letter
    the one with the space is meant first.

    Raises:
        InspectionError: there is no such answer, or the text is not one token.
    """
    if isinstance(wanted, int):
        if 0 <= wanted < count:
            return wanted
        raise InspectionError(
            f"There is no answer of number {wanted}: this model has {count:,}, counted from 0."
        )
    if model.kind == "classifier":
        names = class_names(model, count)
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
        if len(ids) == 1 and ids[0] < count:
            return ids[0]
    pieces = " + ".join(f"“{piece}”" for piece in model.token_texts(ids)[:8])
    raise InspectionError(
        f"“{wanted[:60]}” is not one token for this model but {len(ids)}: {pieces}. Ask for one of "
        "them, or type all of it in the view *Sequence*."
    )


def read_rows(
    model: Model,
    given: Int64[Tensor, "batch token"] | Float[Tensor, "batch token width"],
    said: Sequence[int] = (),
    keep: int = 0,
) -> Float[Tensor, "batch _token vocabulary"] | Float[Tensor, "batch class"]:
    """Let the network read rows side by side; return its logits.

    `given` is ids, or embeddings in any format. Of two stacks the encoder reads them, the decoder
    its start token and then `said`. With `keep`, the logits of the last so many tokens are asked
    for, if the network can be asked so.

    Raises:
        InspectionError: the network's own code fails with them.
    """
    count, length = given.shape[:2]
    ids = given if given.ndim == 2 else given.new_zeros(count, length, dtype=torch.long)
    names = list(model.anatomy.stacks)
    inputs: dict[StackName, Tensor] = {names[0]: ids}
    if len(names) == 2:
        start = torch.tensor([[model.decoder_start, *said]], device=model.device)
        inputs = {"encoder": ids, "decoder": start.expand(count, -1)}
    arguments = arguments_of(model, inputs)
    if given.ndim == 3:
        del arguments["input_ids"]
        # A copy, since some families add to what they are handed in place.
        arguments["inputs_embeds"] = (
            given.to(model.dtype) if given.dtype != model.dtype else given.clone()
        )
    if keep and model.takes("logits_to_keep"):
        arguments["logits_to_keep"] = keep
    logits: Tensor = run(model, **arguments).logits
    return logits


def rows_at_once(model: Model, length: int) -> int:
    """Return how many texts of `length` tokens are best read side by side."""
    facts = model.facts
    if model.kind == "classifier" and model.network.config.get_text_config().pad_token_id is None:
        return 1  # transformers refuses several texts then
    alone = model.kind == "classifier" or model.takes("logits_to_keep")
    # float32: the logits, and per layer the weights of attention and some streams.
    one = 4 * (
        (1 if alone else length) * facts.vocabulary
        + facts.layers * length * (3 * facts.heads * length + 12 * facts.width)
    )
    return max(1, min(MOST_ROWS, LOGIT_BYTES // one))


class TargetScore:
    """The target as a function of the text's embeddings, counting what it costs.

    No hook is put on the network, so whoever else reads with it is not disturbed.
    """

    def __init__(self, model: Model, target: Target) -> None:
        self.model, self.target = model, target
        self.forwards = self.backwards = 0
        """Texts read, and texts through which a gradient was sent back."""
        self.tell: Callable[[int], Any] | None = None

    def count(self, forwards: int, backwards: int = 0) -> None:
        """Note that so many texts are read, and tell."""
        self.forwards += forwards
        self.backwards += backwards
        if self.tell is not None:
            self.tell(self.forwards)

    def logits(
        self, embeddings: Float[Tensor, "batch token width"]
    ) -> Float[Tensor, "batch answer"]:
        """Return a classifier's logits, or those of the vocabulary at the target's place.

        Raises:
            InspectionError: as `read_rows`.
        """
        count = len(embeddings)
        back = embeddings.requires_grad and torch.is_grad_enabled()
        self.count(count, count if back else 0)
        # Of a decoder the last token's are asked for, of a masked model the mask's.
        masked = self.model.kind == "masked"
        return self.at_place(read_rows(self.model, embeddings, keep=0 if masked else 1))

    def at_place(
        self, logits: Float[Tensor, "batch token answer"] | Float[Tensor, "batch answer"]
    ) -> Float[Tensor, "batch answer"]:
        """Return the logits at the target's place out of all that the network gives."""
        if self.model.kind == "classifier":
            return logits
        return logits[:, self.target.place if self.model.kind == "masked" else -1]

    def __call__(self, embeddings: Float[Tensor, "batch token width"]) -> Float32[Tensor, " batch"]:
        """Return the target of each text."""
        return self.target.of(self.logits(embeddings))
