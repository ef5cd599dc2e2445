"""Mistral's production tokenizers, which the package `mistral-common` carries in its files.

They come as a SentencePiece model (32,000 tokens) and as "tekken" (131,072 tokens, in the form
of OpenAI's tiktoken). Both are put here into the `tokenizers` library's own form, so that
everything Vitrine shows of a tokenizer works for them too. The tests compare the ids with
those of `mistral_common` itself.
"""

import base64
import importlib.util
import json
from pathlib import Path
from typing import Any, Final

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from components.inspection.errors import InspectionError
from components.inspection.tokenizer.backend import CHARACTER_OF
from components.inspection.tokenizer.ready import WORD_START, ReadyTokenizer

FILES: Final = {
    "mistral-v1": "tokenizer.model.v1",
    "mistral-v3": "mistral_instruct_tokenizer_240323.model.v3",
    "mistral-tekken": "tekken_240911.json",
}
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3
"""Piece types in SentencePiece's own numbering."""
_TEKKEN_CONTROLS: Final = (
    "<unk>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "[AVAILABLE_TOOLS]",
    "[/AVAILABLE_TOOLS]",
    "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]",
    "[TOOL_CALLS]",
    "[IMG]",
    "<pad>",
    "[IMG_BREAK]",
    "[IMG_END]",
    "[PREFIX]",
    "[MIDDLE]",
    "[SUFFIX]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[TOOL_CONTENT]",
)
"""The first control tokens of tekken v3, whose file names none: from `mistral_common`."""


_TURNS: Final = (
    "{% set system = messages | selectattr('role', 'equalto', 'system') | list %}"
    "{% set system = system[0].content + '\n\n' if system else '' %}"
    "{% set turns = messages | rejectattr('role', 'equalto', 'system') | list %}"
    "{% set place = namespace(first=-1, last=-1) %}{% for turn in turns %}"
    "{% if turn.role == 'user' %}{% set place.last = loop.index0 %}"
    "{% if place.first < 0 %}{% set place.first = loop.index0 %}{% endif %}{% endif %}{% endfor %}"
    "{% if system and place.first < 0 %}{{ raise_exception('Mistral writes the system text into a "
    "turn of the user, and there is none') }}{% endif %}"
    "<s>{% for turn in turns %}"
)
TEMPLATES: Final = {
    "mistral-v1": _TURNS
    + "{% if turn.role == 'assistant' %} {{ turn.content }}</s>{% else %}[INST] "
    "{% if loop.index0 == place.first %}{{ system }}{% endif %}{{ turn.content }} [/INST]"
    "{% endif %}{% endfor %}",
    "mistral-v3": _TURNS + "{% if turn.role == 'assistant' %}{{ turn.content }}</s>{% else %}[INST]"
    "{% if loop.index0 == place.last %}{{ system }}{% endif %}{{ turn.content }}[/INST]"
    "{% endif %}{% endfor %}",
}
"""How `mistral_common` writes a conversation, put as chat templates: the same ids come out."""
TEMPLATES["mistral-tekken"] = TEMPLATES["mistral-v3"]


def available(name: str) -> bool:
    """Say whether the file behind `name` is on this machine."""
    return (folder := _folder()) is not None and (folder / FILES[name]).exists()


def mistral_tokenizer(name: str, title: str) -> ReadyTokenizer:
    """Return one of `FILES` in the form of the `tokenizers` library, called `title`.

    Raises:
        InspectionError: the package or its file is not on this machine.
    """
    if not available(name):
        raise InspectionError(
            f"The tokenizer '{name}' comes with the package mistral-common, which is not installed "
            "here in full. Install it with: pip install mistral-common"
        )
    path = _folder() / FILES[name]  # type: ignore[operator]  # `available` has looked
    backend, controls = (_from_tekken if path.suffix == ".json" else _from_sentencepiece)(path)
    roles = {"bos": "<s>", "eos": "</s>", "unk": "<unk>"}
    return ReadyTokenizer(title, backend, template=TEMPLATES[name], roles=roles, controls=controls)


def _folder() -> Path | None:
    # Found without importing the package, which takes seconds.
    spec = importlib.util.find_spec("mistral_common")
    return Path(spec.origin).parent / "data" if spec and spec.origin else None


def _from_sentencepiece(path: Path) -> tuple[Tokenizer, tuple[int, ...]]:
    from sentencepiece import sentencepiece_model_pb2

    # Its classes are made while it is imported, so that no type checker sees them.
    proto: Any = vars(sentencepiece_model_pb2)["ModelProto"]()
    proto.ParseFromString(path.read_bytes())
    ids = {piece.piece: id_ for id_, piece in enumerate(proto.pieces)}
    scores = {piece.piece: piece.score for piece in proto.pieces if piece.type == _NORMAL}
    # SentencePiece always merges the pair whose result has the best score; a list of merges
    # says the same when it is sorted by the score of the result.
    merges = [
        (piece[:cut], piece[cut:])
        for piece in sorted(scores, key=lambda piece: (-scores[piece], ids[piece]))
        for cut in range(1, len(piece))
        if piece[:cut] in ids and piece[cut:] in ids
    ]
    unknown = next(piece.piece for piece in proto.pieces if piece.type == _UNKNOWN)
    tokenizer = Tokenizer(
        models.BPE(ids, merges, unk_token=unknown, fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend(WORD_START), normalizers.Replace(" ", WORD_START)]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace(WORD_START, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    controls = [id_ for id_, piece in enumerate(proto.pieces) if piece.type == _CONTROL]
    return tokenizer, (ids[unknown], *controls)


def _from_tekken(path: Path) -> tuple[Tokenizer, tuple[int, ...]]:
    content = json.loads(path.read_text())
    config = content["config"]
    specials = int(config["default_num_special_tokens"])
    count = int(config["default_vocab_size"]) - specials
    raw = [base64.b64decode(entry["token_bytes"]) for entry in content["vocab"][:count]]
    rank_of = {token: rank for rank, token in enumerate(raw)}
    # tiktoken always merges the pair whose result has the lowest rank. Of one result, every
    # pair that can make it is a merge.
    merges = [
        (written(token[:cut]), written(token[cut:]))
        for token in raw
        for cut in range(1, len(token))
        if token[:cut] in rank_of and token[cut:] in rank_of
    ]
    # Ids below `specials` are control tokens. Text that looks like one never becomes one.
    spare = (f"<SPECIAL_{place}>" for place in range(len(_TEKKEN_CONTROLS), specials))
    vocabulary = {name: place for place, name in enumerate((*_TEKKEN_CONTROLS, *spare))}
    vocabulary |= {written(token): specials + rank for rank, token in enumerate(raw)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(config["pattern"]), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, tuple(range(len(_TEKKEN_CONTROLS)))


def written(raw: bytes) -> str:
    """Return `raw` in the alphabet of byte-level vocabularies, one character for each byte."""
    return "".join(CHARACTER_OF[byte] for byte in raw)
