"""How the map of the table is drawn: on the stage, in a sentence, as a page of its own."""

from components.figures.embeddings.token_map import map_figure
from components.inspection.embeddings.token_map import TokenMap
from components.lesson import Ask
from components.widgets.point_map import Around, point_map
from pages.text.embeddings.map_asked import Asked, named

READ = (
    "Each point is a token. **Near** means alike only as far as the map can be trusted: blue rings "
    "are the {near} true neighbours of the chosen token ({metric} distance, of all numbers), green "
    "ones those that are its neighbours in the picture too, orange ones neighbours in the picture "
    "only. Chips say how far each is in truth; click one to go there. Drag to move; + and −, or "
    "Ctrl and the wheel, to zoom.\n\n"
    "**Trustworthiness** is 1 if no stranger is shown as a neighbour, **continuity** if no true "
    "neighbour is torn away; both are averages over {asked:,} tokens. Axes of UMAP and t-SNE have "
    "no unit and no meaning."
)


def draw(ask: Ask, given: Asked, found: TokenMap, name: str) -> None:
    """Draw the map on the stage, with what is near to the chosen token."""
    faithful, point = found.faithful, given.chosen
    true = [int(each) for each in faithful.true[point]]
    seen = [int(each) for each in faithful.seen[point]]
    far = dict(zip([*seen, *true], [*faithful.seen_far[point], *faithful.far[point]], strict=True))
    around = Around(
        point,
        near=tuple((each, float(far[each])) for each in true),
        made=tuple((each, float(far[each])) for each in seen if each not in true),
        shown=tuple(each for each in true if each in seen),
        words=("Nearest in truth:", "Near only in the picture:"),
    )
    point_map(
        found.places,
        found.tokens,
        given.colour,
        around,
        label=told_plainly(found),
        key=f"{ask.key}-{name}",
        figure=ask.key,
        on_picked=lambda picked: ask.sets({"map_token": named(found, picked)}),
        scale=ask.scale,
    )


def told_plainly(found: TokenMap) -> str:
    """Return the map in a sentence."""
    kept = found.faithful.near * found.faithful.scores.kept
    return (
        f"{found.settings.method} of {len(found.ids):,} tokens. Of {found.faithful.near} "
        f"neighbours in the picture, {kept:.1f} are true ones on average."
    )


def page_of(given: Asked, found: TokenMap) -> str:
    """Return the map as a page that works alone."""
    figure = map_figure(found, given.colour, given.chosen)
    return str(figure.to_html(include_plotlyjs=True, full_html=True, config={"scrollZoom": True}))
