"""Let a network read on, a few tokens at a time, and say what it expects next."""

import inspect
from typing import Any

import torch

from components.inspection.errors import InspectionError
from components.inspection.model import Model

OTHERWISE = {
    "masked": "It fills blanks, with both sides of the text in view: choose a decoder to write on.",
    "classifier": "It gives the whole text one of a few labels: choose a decoder to write on.",
}


def refuse_unless_it_writes(model: Model) -> None:
    """Raise an InspectionError, saying what `model` does instead, unless it writes text."""
    if model.kind in OTHERWISE:
        raise InspectionError(
            f"{model.source} does not write on from a text, token by token. {OTHERWISE[model.kind]}"
        )


class Decoder:
    """One reading of a text by the network of `model`, `rows` equal copies side by side.

    An encoder-decoder's encoder reads the text once; its decoder starts from its start token.
    Keys and values of what was read are kept between calls where the network can keep them.
    """

    def __init__(self, model: Model, text: str, rows: int = 1):
        refuse_unless_it_writes(model)
        self.model = model
        prompt = model.encode(text)
        self.read_ids: list[list[int]] = [[] for _ in range(rows)]
        self._past: Any = None
        self._fixed: dict[str, Any] = {}
        self.start = list(prompt)
        if model.kind == "seq2seq":
            self.start = [model.decoder_start]
            with torch.inference_mode():
                source = torch.tensor([prompt] * rows, device=model.device)
                encoded = model.network.get_encoder()(input_ids=source)
                self._fixed = {"encoder_outputs": encoded}
        if "logits_to_keep" in inspect.signature(model.network.forward).parameters:
            self._fixed["logits_to_keep"] = 1

    @property
    def room(self) -> int:
        """How many more tokens the network's context holds."""
        return self.model.context - len(self.read_ids[0])

    def logits(self, new: list[list[int]]) -> torch.Tensor:
        """Read `new[row]` ids and return float32 logits [row, token] after the last, on the CPU.

        Raises:
            InspectionError: if the context is full.
        """
        if len(new[0]) > self.room:
            raise InspectionError(
                f"The text would be {len(self.read_ids[0]) + len(new[0])} tokens long, but this "
                f"model reads at most {self.model.context}: shorten it or write fewer tokens."
            )
        for row, added in zip(self.read_ids, new, strict=True):
            row.extend(added)
        name = "decoder_input_ids" if self.model.kind == "seq2seq" else "input_ids"
        # Without kept keys and values (state-space models) all is read again.
        ids = new if self._past is not None else self.read_ids
        given = {name: torch.tensor(ids, device=self.model.device)}
        with torch.inference_mode():
            output = self.model.network(
                **given, **self._fixed, past_key_values=self._past, use_cache=True
            )
        self._past = getattr(output, "past_key_values", None)
        return output.logits[:, -1].float().cpu()

    def reorder(self, rows: list[int]) -> None:
        """Let row i go on from what row `rows[i]` has read."""
        self.read_ids = [list(self.read_ids[row]) for row in rows]
        if self._past is not None:
            self._past.reorder_cache(torch.tensor(rows, device=self.model.device))


def end_tokens(model: Model) -> frozenset[int]:
    """Return the ids after which `model` has nothing more to say."""
    configured = getattr(model.network, "generation_config", None)
    ids = getattr(configured, "eos_token_id", None)
    if ids is None:
        ids = model.tokenizer.eos_token_id
    if ids is None:
        return frozenset()
    return frozenset([ids] if isinstance(ids, int) else ids)


def text_of(model: Model, ids: list[int]) -> str:
    """Return what `ids` spell, with nothing tidied up and special tokens left out."""
    return str(
        model.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    )


def names(model: Model, ids: list[int]) -> tuple[str, ...]:
    """Return what each id stands for; ids that only pad the vocabulary are named by number."""
    texts = model.token_texts(ids)
    return tuple(text if text else f"#{each}" for each, text in zip(ids, texts, strict=True))
