"""A loaded model and what every inspection needs to know of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import torch
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from components.inspection.anatomy import Anatomy
from components.inspection.errors import InspectionError

Kind = Literal["causal", "masked", "seq2seq", "classifier"]


@dataclass(frozen=True)
class ModelFacts:
    """What the frame tells of a model, in plain values."""

    source: str
    family: str
    kind: Kind
    parameters: int
    weight_bytes: int
    """Bytes that the weights take in memory, in `dtype`."""
    device: str
    dtype: str
    context: int
    """Most tokens the model reads at once."""
    vocabulary: int
    layers: int
    heads: int
    kv_heads: int
    width: int


@dataclass(frozen=True, eq=False)
class Model:
    """A network in eval mode with its tokenizer, on one device. Shared by all readers."""

    source: str
    revision: str
    kind: Kind
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    anatomy: Anatomy
    context: int
    watched: bool
    """The family's attention runs through `tap.watched_attention`."""

    @property
    def device(self) -> torch.device:
        """Where inputs go."""
        return self.network.device

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self.network.dtype

    @property
    def decoder_start(self) -> int:
        """The id an encoder-decoder's decoder begins with."""
        config = self.network.config
        start = config.decoder_start_token_id
        return int(config.pad_token_id if start is None else start)

    @property
    def facts(self) -> ModelFacts:
        """Describe this model in plain values."""
        config = self.network.config.get_text_config()
        parameters = list(self.network.parameters())
        return ModelFacts(
            source=self.source,
            family=config.model_type,
            kind=self.kind,
            parameters=sum(weight.numel() for weight in parameters),
            weight_bytes=sum(weight.numel() * weight.element_size() for weight in parameters),
            device=str(self.device),
            dtype=str(self.dtype).removeprefix("torch."),
            context=self.context,
            vocabulary=config.vocab_size,
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=count_kv_heads(config),
            width=config.hidden_size,
        )

    def encode(self, text: str) -> list[int]:
        """Return the token ids of `text`, with the special tokens the model was trained with.

        Raises:
            InspectionError: the text is empty, not writable as UTF-8, or too long.
        """
        if not text:
            raise InspectionError("There is no text to read. Type a few words into the prompt.")
        return self.checked(self._ids(text, special=True))

    def encode_target(self, text: str) -> list[int]:
        """Return the ids of what a decoder is to say: without special tokens, not checked empty.

        Raises:
            InspectionError: the text is not writable as UTF-8, or too long.
        """
        return self.checked(self._ids(text, special=False)) if text else []

    def checked(self, ids: Sequence[int]) -> list[int]:
        """Return `ids` as a list, if the model can read them.

        Raises:
            InspectionError: there are none, too many, or some that the vocabulary lacks.
        """
        if not ids:
            raise InspectionError(
                "The tokenizer makes no token of this text. Type a few letters into the prompt."
            )
        if len(ids) > self.context:
            raise InspectionError(
                f"The text is {len(ids):,} tokens long, but this model reads at most "
                f"{self.context:,}: shorten it by {len(ids) - self.context:,} tokens."
            )
        size = len(cast(torch.Tensor, self.network.get_input_embeddings().weight))
        strange = [token for token in ids if not 0 <= token < size]
        if strange:
            raise InspectionError(
                f"Token id {strange[0]} does not exist: the vocabulary has ids 0 to {size - 1}."
            )
        return list(ids)

    def _ids(self, text: str, special: bool) -> list[int]:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InspectionError(
                f"Character {error.start + 1} is half of a surrogate pair (U+"
                f"{ord(text[error.start]):04X}), which no text file can hold. Remove it."
            ) from None
        # A hundred thousand characters may well be over the context: that is said by `checked`,
        # so the tokenizer's own warning is not wanted.
        encoding = self.tokenizer.backend_tokenizer.encode(text, add_special_tokens=special)
        return list(encoding.ids)

    def token_texts(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Return for each id what it stands for, with its leading space.

        Bytes that are not a character by themselves are written as ⟨F0⟩⟨9F⟩, and an id that the
        network has but the tokenizer lacks as ⟨id 151936⟩.
        """
        raw = self.tokenizer.convert_ids_to_tokens(list(ids))
        byte_level = '"ByteLevel"' in _decoder(self.tokenizer)
        as_written = set(self.tokenizer.all_special_tokens)
        if byte_level:
            as_written |= set(self.tokenizer.get_added_vocab())
        return tuple(
            f"⟨id {index}⟩"
            if token is None
            else (token if token in as_written else _text(token, byte_level))
            for index, token in zip(ids, raw, strict=True)
        )


def count_kv_heads(config: PretrainedConfig) -> int:
    """Return how many heads have keys and values of their own, by the model's configuration."""
    if getattr(config, "multi_query", False) and not getattr(
        config, "new_decoder_architecture", False
    ):
        return 1  # Falcon and StarCoder, which state no number then
    names = ("num_key_value_heads", "num_kv_heads")
    stated = [getattr(config, name, None) for name in names]
    return next((int(count) for count in stated if count), config.num_attention_heads)


def _decoder(tokenizer: PreTrainedTokenizerBase) -> str:
    decoder = tokenizer.backend_tokenizer.decoder
    return "" if decoder is None else decoder.__getstate__().decode()


def _text(token: str, byte_level: bool) -> str:
    if byte_level:
        raw = bytes(_BYTE_OF[char] for char in token if char in _BYTE_OF)
    elif _BYTE_TOKEN.fullmatch(token):
        raw = bytes.fromhex(token[3:5])
    else:
        return token.replace("▁", " ")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "".join(f"⟨{byte:02X}⟩" for byte in raw)


def _byte_characters() -> dict[str, int]:
    """Return the printable stand-in of each byte in byte-level BPE (GPT-2, Radford et al. 2019).

    Printable bytes stand for themselves, the others for the characters from U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    stand_ins = {chr(byte): byte for byte in printable}
    return stand_ins | {chr(0x100 + place): byte for place, byte in enumerate(others)}


_BYTE_OF = _byte_characters()
_BYTE_TOKEN = re.compile("<0x[0-9A-F]{2}>")
"""SentencePiece's way to write a byte for which it has no token."""
