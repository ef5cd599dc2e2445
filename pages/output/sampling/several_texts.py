"""A fold of Generate: the same seeds with four settings, and how different their texts are."""

from components.figures.sampling_several import distinct_texts
from components.figures.sampling_tables import several_table
from components.figures.visible import visible
from components.inspection.sampling.several import Several, several
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import coded
from components.widgets.sampling_settings import PRESETS, summary

USES = ("E-mail", "Translation", "Story", "Brainstorm")
"""Presets for four uses: both settings low, either one high, both high."""
EARLY = 3
"""New tokens after which the question counts."""


def show(ask: Ask) -> Shown:
    count = ask.number("Texts each", "texts", 2, 12, 6)
    new_tokens = ask.number("Tokens each", "texts_new", 4, 50, 16)
    ways = {name: PRESETS[name] for name in USES}
    texts = count * len(ways)
    cost = running.over_prompt(ask, texts, texts * (new_tokens - 1))
    found = running.inspected(ask, several, ask.prompt, ways, count, new_tokens, cost=cost)
    return Shown(
        distinct_texts(found),
        alt=f"How many of {count} texts differ from one another after each token, for "
        f"{len(USES)} settings.",
        told="  \n".join(told(name, each) for name, each in found.items()),
        unchecked="Each text is written as above; there the seed is checked.",
        table=lambda: several_table(found),
        read="A line counts the texts that differ in at least one token so far: it begins at one "
        "or a few, and rises where texts part. The four settings use the same seeds, so the same "
        "random numbers. The settings are those that a source text proposes for each use: of "
        "temperature and top-p both low, either high, or both high.",
        predict=question(found),
        tries="Take a prompt with one sure answer. Raise the number of tokens until all differ.",
    )


def told(name: str, found: Several) -> str:
    settings = summary(found.settings).partition(": ")[2]
    different = found.distinct_after(max(map(len, found.tokens)))
    return (
        f"**{name}** ({settings}): **{different}** of {len(found.texts)} differ, "
        f"such as {coded(visible(found.texts[0]).replace('·', ' ').strip())}"
    )


def question(found: dict[str, Several]) -> Predict:
    """Ask which settings write the most different texts; answered by counting them."""
    counts = {name: each.distinct_after(EARLY) for name, each in found.items()}
    most = max(counts.values())
    best = [name for name, each in counts.items() if each == most]
    tie = "several of them equally"
    return Predict(
        f"With which settings do the most texts part within their first {EARLY} tokens?",
        (*USES, tie),
        best[0] if len(best) == 1 else tie,
        f"Different after {EARLY} tokens: "
        + ", ".join(f"{name} {each}" for name, each in counts.items())
        + ". "
        "Temperature makes unlikely tokens likelier; top-p decides which of them are there at all.",
    )


SEVERAL = View(
    "One prompt, several seeds, and four settings: for what should be right, for what should "
    "surprise.",
    show,
)
