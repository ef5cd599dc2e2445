"""Which sentences are looked at, and how each becomes one vector: the same choice in all views."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components import engine
from components.engine import ModelChoice
from components.inspection.embeddings.lines import Lines, in_lines
from components.inspection.embeddings.own_encoder import own_encoder
from components.inspection.embeddings.plan import Plan, plan, seconds_a_token
from components.inspection.embeddings.pooling import EXPLAINED, WAYS, Way
from components.inspection.embeddings.sentences import (
    MOST_SENTENCES,
    Pooling,
    SentenceVectors,
    embed,
)
from components.lesson import Ask
from components.widgets import running
from components.widgets.text_files import uploaded

FILE: Final = Path(__file__).parents[3] / "assets" / "samples" / "embeddings" / "sentences.tsv"
BUNDLED, YOURS, A_FILE = "bundled set", "your own", "a file"
THE_SET: Final = "the bundled set"
USUAL: Final = 2_000
"""Sentences that are taken unless the reader asks for more."""
MOST_WRITTEN: Final = 20_000
"""Characters of sentences that are typed or pasted."""
A_BATCH: Final = 256
"""Tokens that are read at once, at least."""
EXAMPLE: Final = """cat is sleeping on the sofa
feline is resting on the couch
car driving on the road"""


@dataclass(frozen=True)
class Corpus:
    """The sentences that are looked at."""

    sentences: tuple[str, ...]
    kinds: tuple[str, ...] | None
    """What each is about, where that is known: of the bundled set, and where each line says so."""
    name: str
    """What they are called in a sentence."""


@dataclass(frozen=True)
class Reading:
    """Sentences that are ahead, read in batches."""

    plan: Plan

    def __str__(self) -> str:
        """Say it in a line of Markdown."""
        many = self.plan.sentences
        return f"**{many:,}** sentences, of {self.plan.tokens / many:.0f} tokens on average"

    def seconds(self, choice: ModelChoice, *again: int) -> float:
        """Return how long it takes here, by a batch that is timed; `again` times it anew."""
        each = -(-self.plan.padded // self.plan.sentences)
        length = -(-each // 8) * 8  # nearly one length takes nearly one time
        rows = min(self.plan.sentences, 64)
        return self.plan.padded * engine.inspect(seconds_a_token, choice, length, rows, *again)


def corpus(ask: Ask) -> Corpus:
    """Ask which sentences are looked at.

    Raises:
        InspectionError: a file cannot be read as text, or there are fewer than two sentences.
    """
    which = ask.choice_of("Sentences", "corpus", (BUNDLED, YOURS, A_FILE))
    if which == YOURS:
        hint = f"One on each line, up to {USUAL:,}."
        written = ask.text(
            "Your sentences", "sentences", EXAMPLE, lines=4, most=MOST_WRITTEN, hint=hint
        )
        return _taken(ask, ask.compute(in_lines, written, USUAL, "The box"), "your sentences")
    if which == A_FILE:
        found = uploaded(ask)
        if found is not None:
            name, read = found
            most = ask.number("At most", "most_sentences", 10, MOST_SENTENCES, USUAL, step=500)
            return _taken(ask, ask.compute(in_lines, read.text, most, name), "the file's sentences")
        ask.drawn(
            "no-sentences",
            lambda _: ask.note(
                "No file yet: plain text with one sentence on each line; with a kind and a tab "
                "before each, its kinds are known. Until then this is the bundled set."
            ),
        )
    return bundled()


def bundled() -> Corpus:
    """Return the set that ships with Vitrine: sentences of eight known kinds."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    kinds, sentences = zip(*(line.split("\t") for line in lines), strict=True)
    return Corpus(sentences, kinds, THE_SET)


def pooling(ask: Ask) -> Pooling:
    """Ask how the vectors of tokens become one; at first as the model's folder states it."""
    own = ask.consult(own_encoder).pooling
    ways: list[Way] = ["mean", "cls", "last"]
    if own is not None and own not in ways:
        ways.append(own)
    stated = "" if own is None else f" This model's own: {WAYS[own]}."
    hint = "".join(f"{WAYS[way]}: {EXPLAINED[way]}. " for way in ways) + stated
    picked = ask.choice_of("Pooling", "pooling", ways, own or "mean", says=WAYS, hint=hint.strip())
    # "own" also does what else the folder states, such as bringing vectors to length 1.
    return "own" if picked == own or picked == "max" else picked


def embedded(ask: Ask, chosen: Corpus, way: Pooling | None = None) -> SentenceVectors:
    """Return a vector for each sentence, pooled as the reader chooses, or in the `way` given.

    Raises:
        Later: it takes long, and has not been started.
        InspectionError: the model cannot read them.
    """
    way = pooling(ask) if way is None else way
    with running.started(ask, cost(ask, chosen), chosen.sentences) as inspect:
        found: SentenceVectors = inspect(embed, chosen.sentences, way)
    return found


def cost(ask: Ask, chosen: Corpus) -> Reading:
    """Return what reading the sentences takes."""
    return Reading(ask.consult(plan, chosen.sentences))


def _taken(ask: Ask, lines: Lines, name: str) -> Corpus:
    said = lines.said()
    if said:
        ask.drawn("lines-taken", lambda _: ask.note(said))
    return Corpus(lines.sentences, lines.kinds, name)
