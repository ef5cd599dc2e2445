"""A tokenizer made ready for inspection: what it is, and what each of its tokens stands for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tokenizers import AddedToken, Tokenizer

from components.inspection.computed_once import computed_once
from components.inspection.errors import InspectionError
from components.inspection.tokenizer import parts
from components.inspection.tokenizer.backend import BYTE_OF

WORD_START: Final = "▁"
"""U+2581, with which SentencePiece writes a space."""
BYTE_SPACE: Final = "Ġ"
"""U+0120 = 0x20 + 0x100, with which byte-level BPE writes a space."""
_BYTE_PIECE: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")


@dataclass(frozen=True, eq=False)
class ReadyTokenizer:
    """A `tokenizers.Tokenizer` that neither truncates nor pads, and what can be said of it."""

    name: str
    backend: Tokenizer
    context: int | None = None
    """Most tokens its model reads at once, where that is known."""
    template: str | None = None
    """The chat template that came with it, in Jinja, if one did."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """"bos", "eos", "unk" and so on: the vocabulary string that plays this role."""
    controls: tuple[int, ...] = ()
    """Ids that no text becomes, though it may look like them (SentencePiece's control tokens)."""

    @computed_once
    def method(self) -> str:
        """ "BPE", "WordPiece", "Unigram" or "WordLevel"."""
        return type(self.backend.model).__name__

    @computed_once
    def size(self) -> int:
        """Number of tokens, the added ones included."""
        return self.backend.get_vocab_size(with_added_tokens=True)

    @computed_once
    def byte_level(self) -> bool:
        """Whether each character of a vocabulary string stands for one byte."""
        return "ByteLevel" in parts.types(self.backend.decoder) or (
            "ByteLevel" in parts.types(self.backend.pre_tokenizer)
        )

    @computed_once
    def byte_fallback(self) -> bool:
        """Whether a character that is not in the vocabulary is spelled in tokens like <0xF0>."""
        return bool(getattr(self.backend.model, "byte_fallback", False)) or (
            self.backend.token_to_id("<0x00>") is not None
        )

    @computed_once
    def lossless(self) -> bool:
        """Whether every text must come back from its tokens, byte for byte.

        So it is over bytes, where nothing is changed, stripped or put before the text.
        """
        settings = [
            *parts.walk(parts.state(self.backend.pre_tokenizer)),
            *parts.walk(parts.state(self.backend.decoder)),
        ]
        kinds = {str(part.get("type")) for part in settings if "type" in part}
        return (
            "ByteLevel" in parts.types(self.backend.decoder)
            and kinds <= {"ByteLevel", "Split", "Digits", "Sequence"}
            and self.backend.normalizer is None
            and not self.adds_space
            and not any(token.lstrip or token.rstrip for token in self.added.values())
            # Every byte has a token of its own, so that none can be lost.
            and all(self.backend.token_to_id(char) is not None for char in BYTE_OF)
        )

    @computed_once
    def adds_space(self) -> bool:
        """Whether a space is put before every text, as SentencePiece does."""
        text, split = "a", self.backend.pre_tokenizer
        if self.backend.normalizer is not None:
            text = self.backend.normalizer.normalize_str(text)
        if split is not None:
            text = "".join(piece for piece, _ in split.pre_tokenize_str(text))
        return text[:1] in (WORD_START, BYTE_SPACE, " ")

    @computed_once
    def drops_space(self) -> bool:
        """Whether a space before a word is no part of any token, as for BERT."""
        text = " a"
        if self.backend.normalizer is not None:
            text = self.backend.normalizer.normalize_str(text)
        split = self.backend.pre_tokenizer
        return split is not None and [piece for piece, _ in split.pre_tokenize_str(text)] == ["a"]

    def in_sentence(self, word: str) -> str:
        """Return what is to be encoded for `word` to be cut as it is behind another word."""
        return word if self.adds_space else f" {word}"

    @computed_once
    def unknown_id(self) -> int | None:
        """Id of the token that stands for what the vocabulary cannot write; None if it has none."""
        if self.byte_level:
            return None
        if self.method == "Unigram":
            unknown = parts.state(self.backend.model).get("unk_id")
            return None if unknown is None else int(unknown)
        name = getattr(self.backend.model, "unk_token", None)
        return None if name is None else self.backend.token_to_id(name)

    @computed_once
    def added(self) -> dict[int, Any]:
        """The tokens matched whole before the text is cut: id to `tokenizers.AddedToken`."""
        return dict(sorted(self.backend.get_added_tokens_decoder().items()))

    @computed_once
    def special_ids(self) -> frozenset[int]:
        """Ids of the added tokens that are marked special."""
        return frozenset(id_ for id_, token in self.added.items() if token.special)

    @computed_once
    def ends(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The ids that are put before and after every text, such as [CLS] and [SEP]."""
        encoding = self.backend.encode("a")
        inside = [place for place, mask in enumerate(encoding.special_tokens_mask) if not mask]
        if not inside:
            return (), ()
        return tuple(encoding.ids[: inside[0]]), tuple(encoding.ids[inside[-1] + 1 :])

    @computed_once
    def continuing(self) -> Tokenizer:
        """The backend for a text that goes on where another ended: nothing is put before it."""
        return parts.without_prefix(self.backend)

    @computed_once
    def with_controls(self) -> "ReadyTokenizer":
        """This tokenizer, or one that takes its control tokens' names in a text for the tokens."""
        if not self.controls:
            return self
        backend = Tokenizer.from_str(self.backend.to_str())
        names = [self.piece(id_) for id_ in self.controls]
        backend.add_special_tokens([AddedToken(name, normalized=False) for name in names])
        return replace(self, backend=backend)

    @computed_once
    def marker(self) -> str:
        """In words: how a vocabulary string shows where words begin or go on."""
        state = parts.state(self.backend.model)
        prefix = state.get("continuing_subword_prefix")
        suffix = state.get("end_of_word_suffix")
        if prefix and self.method == "WordPiece":
            return f"{prefix} goes on with a word"
        if suffix:
            return f"{suffix} ends a word"
        if self.byte_level:
            return f"{BYTE_SPACE} is a space"
        kinds = parts.types(self.backend.pre_tokenizer) | parts.types(self.backend.normalizer)
        if "Metaspace" in kinds or "Prepend" in kinds:
            return f"{WORD_START} is a space"
        return "none"

    @computed_once
    def merge_ranks(self) -> dict[tuple[str, str], int]:
        """Of a BPE model: each pair that may be merged, and its rank, from 0 (learned first)."""
        merges = parts.state(self.backend.model).get("merges", [])
        pairs = (tuple(pair.split(" ", 1)) if isinstance(pair, str) else pair for pair in merges)
        return {(left, right): rank for rank, (left, right) in enumerate(pairs)}

    @computed_once
    def piece_scores(self) -> dict[str, float]:
        """Of a Unigram model: each piece's log probability, in nats."""
        return dict(parts.state(self.backend.model)["vocab"])

    def piece(self, id_: int) -> str:
        """Return the vocabulary's raw string of `id_`.

        Raises:
            InspectionError: the vocabulary has no such id.
        """
        piece = self.backend.id_to_token(id_)
        if piece is None:
            raise InspectionError(
                f"{self.name} has no token with id {id_}; its ids go from 0 to {self.size - 1:,}."
            )
        return str(piece)

    def bytes_of(self, id_: int) -> bytes | None:
        """Return the bytes that `id_` stands for; None where that depends on the text.

        Known for byte-level vocabularies, byte pieces like <0xF0>, and added tokens.
        """
        piece = self.piece(id_)
        if id_ in self.added:
            return piece.encode()
        if self.byte_level:
            try:
                return bytes(BYTE_OF[char] for char in piece)
            except KeyError:  # not written in the alphabet of bytes
                return None
        found = _BYTE_PIECE.fullmatch(piece)
        return bytes([int(found[1], 16)]) if found else None

    def bare(self, piece: str) -> str:
        """Return `piece` as text, its markers of spaces and continuation undone."""
        if self.byte_level and all(char in BYTE_OF for char in piece):
            return bytes(BYTE_OF[char] for char in piece).decode(errors="replace")
        prefix = getattr(self.backend.model, "continuing_subword_prefix", None)
        if prefix and self.method == "WordPiece":
            piece = piece.removeprefix(prefix)
        suffix = getattr(self.backend.model, "end_of_word_suffix", None)
        if suffix:
            piece = piece.removesuffix(suffix)
        return piece.replace(WORD_START, " ")

    def shown(self, id_: int) -> str:
        """Return the text that `id_` writes; bytes that are no character as ⟨E2⟩⟨80⟩."""
        raw = self.written_bytes(id_)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return "".join(f"⟨{byte:02X}⟩" for byte in raw)

    def alone(self, ids: Sequence[int]) -> list[str]:
        """Return what each of `ids` decodes to when it is decoded by itself."""
        return list(self.backend.decode_batch([[id_] for id_ in ids], skip_special_tokens=False))

    def written_bytes(self, id_: int) -> bytes:
        """Return the bytes of text that `id_` writes, its markers undone."""
        raw = self.bytes_of(id_)
        return raw if raw is not None else self.bare(self.piece(id_)).encode()
