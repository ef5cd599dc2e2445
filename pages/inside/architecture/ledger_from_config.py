"""A kind of the ledger: a network that is built of its configuration alone, without numbers."""

from components.inspection.architecture.from_config import (
    FORMATS,
    MOST_CHARACTERS,
    pasted_tree,
    published_tree,
)
from components.inspection.architecture.ledger import EACH, TOGETHER
from components.inspection.architecture.ledger_configs import CONFIGS
from components.inspection.architecture.module_tree import ModuleTree
from components.lesson import Ask, Shown, View
from pages.inside.architecture import ledger_code
from pages.inside.architecture.ledger_shown import shown
from pages.inside.architecture.ledger_words import met, shared

EXAMPLE = '{"model_type": "gpt2", "n_embd": 1024, "n_layer": 24, "n_head": 16}'
PASTED, USUAL = "paste a config.json", "bfloat16"


def from_config(ask: Ask) -> Shown:
    name = ask.choice_of("Configuration", "config", (*CONFIGS, PASTED), "Phi-3-mini")
    area = ask.choice_of("Area", "area", ("parameters", "bytes"))
    dtype = (
        USUAL if area == "parameters" else ask.choice_of("Numbers as", "numbers", FORMATS, USUAL)
    )
    tree = asked_tree(ask, name, dtype)
    show = ask.choice_of("Blocks", "blocks", (TOGETHER, EACH, *tree.blocks))
    values = tree.parameters if area == "parameters" else tree.bytes
    code = "" if name == PASTED else ledger_code.of_published(name)
    return shown(tree, (values, said(tree, dtype), tree.checks, code), area, show)


def asked_tree(ask: Ask, name: str, dtype: str) -> ModuleTree:
    if name != PASTED:
        return ask.compute(published_tree, name, dtype)
    hint = "The text of the file. Nothing is downloaded, and no code but transformers' own is run."
    text = ask.text("config.json", "pasted", EXAMPLE, lines=4, most=MOST_CHARACTERS, hint=hint)
    return ask.compute(pasted_tree, text, dtype)


def said(tree: ModuleTree, dtype: str) -> str:
    return (
        f"**{tree.total:,}** parameters, {tree.bytes.sum() / 2**30:,.3g} GiB in {dtype}: counted "
        f"on shapes without numbers, which take no memory.{shared(tree)}{met(tree)}"
    )


FROM_CONFIG = View(
    "How large is a model that would not fit here? Its **configuration**, a page of numbers, says "
    "all: the network is built of it as shapes without numbers.",
    from_config,
)
