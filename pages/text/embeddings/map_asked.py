"""What the map of the table and its folds ask for: settings, the map, and the token looked at."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from components.engine import ModelChoice
from components.figures.embeddings import inks
from components.figures.embeddings.inks import Inks
from components.figures.visible import visible
from components.inspection.embeddings import finding, frequency, maps
from components.inspection.embeddings.maps import Method, Settings
from components.inspection.embeddings.neighbours import Metric
from components.inspection.embeddings.table import Which, tied
from components.inspection.embeddings.token_map import FEWEST, USUAL, TokenMap, rows_of, token_map
from components.lesson import Ask
from components.widgets.meanwhile import meanwhile

TABLES: Final[dict[str, Which]] = {"embeddings": "input", "unembeddings": "output"}
METHODS: Final[tuple[Method, ...]] = ("UMAP", "PCA", "t-SNE")
METRICS: Final[tuple[Metric, ...]] = ("cosine", "euclidean")
COLOURS: Final = (
    "kind",
    "frequency",
    "length",
    "norm",
    "first letter",
    "your prompt",
    "a search",
)
USUAL_TSNE: Final = 1_000


@dataclass(frozen=True)
class Layout:
    """A map that is ahead."""

    points: int
    settings: Settings

    def __str__(self) -> str:
        """Say it in plain words.

        >>> print(Layout(2_560, Settings("PCA")))
        PCA of 2,560 points
        """
        first = self.settings.method == "UMAP" and not maps.compiled()
        more = ", and some seconds to compile UMAP, once" if first else ""
        return f"{self.settings.method} of {self.points:,} points{more}"

    def seconds(self, _choice: ModelChoice, *_again: int) -> float:
        """Return how long it takes here, by the pace of the last."""
        return maps.seconds(self.points, self.settings)


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of the table of tokens."""

    which: Which
    most: int
    settings: Settings
    first: TokenMap
    """By PCA, which is there at once."""
    prompt: tuple[int, ...]
    """The tokens of the prompt."""
    chosen: int
    """The point that is looked at."""
    colour: Inks

    @property
    def token(self) -> str:
        """The token that is looked at."""
        return self.first.tokens[self.chosen]


def asked(ask: Ask) -> Asked:
    """Ask for everything but the map itself.

    Raises:
        InspectionError: the model has no table of tokens.
    """
    which: Which = "input"
    if not ask.consult(tied):
        hint = (
            "What tokens are looked up in, or what the last layer compares with to name the next."
        )
        which = TABLES[ask.choice_of("Table", "map_table", list(TABLES), hint=hint)]
    most, settings = _settings(ask, which)
    first = ask.consult(token_map, which, most, replace(settings, method="PCA", seed=0))
    prompt = ask.consult(finding.prompt_ids, ask.prompt)
    colour = _colour(ask, first, prompt)
    home = finding.first_token(first, prompt)
    hint = "Its text, or # and its id. Or click on a point."
    typed = ask.text("Token", "map_token", named(first, home), most=60, wide=150, hint=hint)
    chosen = finding.found_token(first, typed)
    if chosen is None:
        chosen = home
        said = f"No token on this map is “{typed}”. Shown is {named(first, home)}."
        ask.drawn("no-token", lambda _row: ask.note(said))
    return Asked(which, most, settings, first, prompt, chosen, colour)


def the_map(ask: Ask, given: Asked, draw: Callable[[TokenMap], None]) -> TokenMap:
    """Return the map, or that by PCA as long as it waits; `draw` draws one in the meantime."""
    if given.settings.method == "PCA":
        return given.first
    cost = Layout(len(given.first.ids), given.settings)
    what = (given.which, given.most, given.settings)
    found = meanwhile(ask, cost, token_map, *what, draw=lambda: draw(given.first))
    return given.first if found is None else found


def named(found: TokenMap, point: int) -> str:
    """Return how a token is asked for: its id and its text."""
    return f"#{found.ids[point]} {visible(found.tokens[point])[:40]}"


def _settings(ask: Ask, which: Which) -> tuple[int, Settings]:
    method = ask.choice_of("Method", "map_method", METHODS)
    rows = ask.consult(rows_of, which)
    with ask.tucked("Settings"):
        least = min(FEWEST, rows)
        top = max(min(rows, maps.MOST_POINTS[method]), least)
        usual = max(min(USUAL_TSNE if method == "t-SNE" else USUAL, top), least)
        most = ask.number("Tokens", "map_tokens", least, top, usual, hint=TOKENS)
        metric = ask.choice_of("Distance", "map_metric", METRICS, hint=METRIC)
        settings = Settings(method, metric=metric)
        if method == "UMAP":
            near = min(100, most - 1)
            settings = replace(
                settings,
                neighbours=ask.number(
                    "Neighbours", "map_neighbours", 2, near, min(15, near), hint=NEAR
                ),
                min_dist=ask.real("min_dist", "map_min_dist", 0, 0.99, 0.1, hint=MIN_DIST),
                seed=ask.number("Seed", "map_seed", 0, 999, 42, hint=SEED),
            )
        elif method == "t-SNE":
            settings = replace(
                settings,
                perplexity=ask.real("Perplexity", "map_perplexity", 2, 100, 30, hint=PERPLEXITY),
            )
    return most, settings


def _colour(ask: Ask, found: TokenMap, prompt: tuple[int, ...]) -> Inks:
    by = ask.choice_of("Colour", "map_colour", COLOURS)
    if by == "kind":
        return inks.of_kinds(found.kinds)
    if by == "frequency":
        counts = finding.of_map(found, ask.consult(frequency.frequencies, found.which))
        ends = ("once", f"{int(counts.max()):,} times in {frequency.TITLE}")
        return inks.of_numbers(counts, ends, log=True, missing="not in it")
    if by == "length":
        lengths = finding.lengths(found)
        return inks.of_numbers(lengths, ("1 letter", f"{int(lengths.max())}"), log=True)
    if by == "norm":
        low, high = found.norms.min(), found.norms.max()
        return inks.of_numbers(found.norms, (f"norm {low:.2f}", f"{high:.2f}"))
    if by == "first letter":
        return inks.of_letters(found.tokens)
    if by == "your prompt":
        return inks.lit(finding.among(found, prompt), "in your prompt")
    searched = ask.text("Search", "map_search", "ing", most=40, wide=130)
    return inks.lit(finding.matching(found, searched), f"with “{searched}”")


TOKENS: Final = "So many of the vocabulary, drawn once by chance and always the same."
METRIC: Final = (
    "What counts as near: the angle between two vectors, or how far their ends are apart. PCA "
    "itself knows only the latter."
)
NEAR: Final = (
    "To how many of its nearest each point is tied. Few: small groups, scattered. Many: the large "
    "shape, details lost."
)
MIN_DIST: Final = (
    "How close points may lie in the picture. 0 packs groups tightly; it says nothing of them."
)
SEED: Final = "Where chance begins. Another seed, another picture of the same vectors."
PERPLEXITY: Final = "About how many neighbours each point attends to."
