"""The few lines of plain code that give what is on screen."""

from collections.abc import Mapping, Sequence
from typing import Final

from components.inspection.catalogue import opening, seen_from_here
from components.inspection.tokenizer.catalogue import bundled_folder
from components.widgets.text_files import ELSEWHERE, MOST_WRITTEN, in_code
from pages.text.tokenizer.texts import ChosenText

_MISTRAL: Final = {
    "mistral-v1": "v1()",
    "mistral-v3": "v3()",
    "mistral-tekken": "v3(is_tekken=True)",
}


def needs_file(chosen: ChosenText) -> bool:
    """Say whether the reader must save the text for the code to find it."""
    return len(chosen.text) > MOST_WRITTEN and not chosen.file


def text_of(chosen: ChosenText) -> str:
    """Return the text as Python; a sample is read from its own file."""
    return in_code(chosen.text, chosen.file or ELSEWHERE)


def saving(chosen: ChosenText) -> str:
    """Return the line that says where the reader saves the text, if that is needed."""
    return f"# Save the text as {ELSEWHERE} beside this.\n" if needs_file(chosen) else ""


def loading(source: str, revision: str = "main") -> str:
    """Return the lines that load the tokenizer called `source`."""
    if source in _MISTRAL:
        return (
            "from mistral_common.tokens.tokenizers.mistral import MistralTokenizer\n\n"
            f"tokenizer = MistralTokenizer.{_MISTRAL[source]}.instruct_tokenizer.tokenizer"
        )
    kind, where = _from_pretrained(source, revision)
    return f"from transformers import {kind}\n\ntokenizer = {where}"


def cutting(source: str, chosen: ChosenText, revision: str = "main") -> str:
    """Return code that prints the ids and pieces, and whether they give the text back."""
    head = f"{loading(source, revision)}\n{saving(chosen)}text = {text_of(chosen)}\n\n"
    if source in _MISTRAL:
        return (
            f"{head}ids = tokenizer.encode(text, bos=False, eos=False)\n"
            "for id in ids:\n"
            "    print(id, repr(tokenizer.id_to_piece(id)))\n"
            "print(tokenizer.decode(ids) == text)\n"
        )
    return (
        f"{head}for id in tokenizer(text).input_ids:\n"
        "    print(id, tokenizer.convert_ids_to_tokens(id), repr(tokenizer.decode(id)))\n"
        "ids = tokenizer(text, add_special_tokens=False).input_ids\n"
        "print(tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text)\n"
    )


def decoding(source: str, ids: Sequence[int], revision: str = "main") -> str:
    """Return code that prints what each of `ids` says, and what all say together."""
    head = f"{loading(source, revision)}\nids = {list(ids)}\n\n"
    if source in _MISTRAL:
        return (
            f"{head}for id in ids:\n    print(id, repr(tokenizer.id_to_piece(id)))\n"
            "print(repr(tokenizer.decode(ids)))\n"
        )
    return (
        f"{head}for id in ids:\n"
        "    print(id, tokenizer.convert_ids_to_tokens(id), repr(tokenizer.decode(id)))\n"
        "print(repr(tokenizer.decode(ids, clean_up_tokenization_spaces=False)))\n"
    )


def comparing(sources: tuple[str, ...], chosen: ChosenText) -> str:
    """Return code that counts the text's tokens by each of `sources`, special ones left out."""
    kinds, lines = set(), []
    for source in sources:
        if source in _MISTRAL:
            kinds.add("mistral")
            made = f"MistralTokenizer.{_MISTRAL[source]}.instruct_tokenizer.tokenizer"
            count = f"len({made}.encode(text, bos=False, eos=False))"
        else:
            kind, made = _from_pretrained(source, "main")
            kinds.add(kind)
            count = f"len({made}(text, add_special_tokens=False).input_ids)"
        lines.append(f"print({source!r}, {count})\n")
    imports = ""
    if "mistral" in kinds:
        imports = "from mistral_common.tokens.tokenizers.mistral import MistralTokenizer\n"
        kinds.remove("mistral")
    if kinds:
        imports += f"from transformers import {', '.join(sorted(kinds))}\n"
    return f"{imports}\n{saving(chosen)}text = {text_of(chosen)}\n" + "".join(lines)


def training(method: str, size: int, chosen: ChosenText, most: int, tried: str) -> str:
    """Return code that trains a tokenizer as the page does, on at most `most` characters.

    It prints how many tokens it knows, and in how many it cuts `tried`.
    """
    if method == "BPE":
        made = (
            "tokenizer = Tokenizer(models.BPE())\n"
            "tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)\n"
            "trainer = trainers.BpeTrainer(\n"
            f"    vocab_size={size}, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())\n"
        )
    elif method == "WordPiece":
        made = (
            'tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))\n'
            "tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()\n"
            f'trainer = trainers.WordPieceTrainer(vocab_size={size}, special_tokens=["[UNK]"])\n'
        )
    else:
        made = (
            "tokenizer = Tokenizer(models.Unigram())\n"
            "tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()\n"
            "trainer = trainers.UnigramTrainer(\n"
            f'    vocab_size={size}, special_tokens=["<unk>"], unk_token="<unk>")\n'
        )
    part = f"[:{most}]" if len(chosen.text) > most else ""
    return (
        "from tokenizers import Tokenizer, models, pre_tokenizers, trainers\n\n"
        f"{saving(chosen)}text = {text_of(chosen)}{part}\n"
        f"{made}tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)\n"
        f"print(tokenizer.get_vocab_size(), len(tokenizer.encode({tried!r}).ids))\n"
    )


def chatting(
    template: str, turns: Sequence[Mapping[str, str]], answer: bool, names: Mapping[str, str]
) -> str:
    """Return code that prints the text which a conversation becomes by `template`."""
    given = "".join(f", {name}={piece!r}" for name, piece in names.items())
    return (
        "from transformers.utils.chat_template_utils import render_jinja_template\n\n"
        f"template = {template!r}\nturns = {[dict(turn) for turn in turns]!r}\n"
        "texts, _ = render_jinja_template(\n"
        "    conversations=[turns], chat_template=template,\n"
        f"    add_generation_prompt={answer}{given})\n"
        "print(texts[0])\n"
    )


def where(source: str) -> str:
    """Return what `from_pretrained` takes for `source`: bundled ones lie in a folder."""
    folder = bundled_folder(source)
    return source if folder is None else seen_from_here(folder)


def _from_pretrained(source: str, revision: str) -> tuple[str, str]:
    """Return the class that is imported, and the call that opens `source`."""
    if source.endswith(".json"):
        return "PreTrainedTokenizerFast", f"PreTrainedTokenizerFast(tokenizer_file={source!r})"
    return "AutoTokenizer", f"AutoTokenizer.from_pretrained({opening(where(source), revision)})"
