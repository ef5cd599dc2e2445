"""The few lines of plain code that reproduce what is on screen."""

from typing import Final

LONGEST: Final = 300
"""Characters of the text that the code writes out."""


def loading(source: str) -> str:
    """Return the lines that load the tokenizer called `source`."""
    if source.startswith("mistral-"):
        name = {"mistral-v1": "v1", "mistral-v3": "v3", "mistral-tekken": "v3"}[source]
        tekken = ", is_tekken=True" if source == "mistral-tekken" else ""
        return (
            "from mistral_common.tokens.tokenizers.mistral import MistralTokenizer\n\n"
            f"tokenizer = MistralTokenizer.{name}({tekken.removeprefix(', ')})\n"
            "raw = tokenizer.instruct_tokenizer.tokenizer"
        )
    return (
        "from transformers import AutoTokenizer\n\n"
        f"tokenizer = AutoTokenizer.from_pretrained({where(source)!r})"
    )


def cutting(source: str, text: str) -> str:
    """Return code that prints the ids and pieces of `text`."""
    shown = text if len(text) <= LONGEST else text[:LONGEST]
    cut = "" if shown == text else "  # its beginning"
    if source.startswith("mistral-"):
        return (
            f"{loading(source)}\ntext = {shown!r}{cut}\n\n"
            "for id in raw.encode(text, bos=False, eos=False):\n"
            "    print(id, repr(raw.id_to_piece(id)))\n"
        )
    return (
        f"{loading(source)}\ntext = {shown!r}{cut}\n\n"
        "ids = tokenizer(text).input_ids\n"
        "for id in ids:\n"
        "    print(id, tokenizer.convert_ids_to_tokens(id), repr(tokenizer.decode(id)))\n"
        "print(tokenizer.decode(ids) == text)\n"
    )


def comparing(sources: tuple[str, ...], text: str) -> str:
    """Return code that counts the tokens of `text` by each of `sources` that transformers has."""
    names = [where(source) for source in sources if not source.startswith("mistral-")]
    return (
        "from transformers import AutoTokenizer\n\n"
        f"text = {text[:LONGEST]!r}\n"
        f"for source in {names!r}:\n"
        "    ids = AutoTokenizer.from_pretrained(source)(text).input_ids\n"
        "    print(source, len(ids))\n"
    )


def training(method: str, size: int) -> str:
    """Return code that trains a tokenizer as the page does."""
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
    return (
        "from tokenizers import Tokenizer, models, pre_tokenizers, trainers\n\n"
        f"{made}tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)\n"
    )


def where(source: str) -> str:
    """Return what `from_pretrained` takes for `source`: bundled ones lie in a folder."""
    from components.inspection.tokenizer.catalogue import ASSETS, bundled_folder

    folder = bundled_folder(source)
    return source if folder is None else str(folder.relative_to(ASSETS.parent))
