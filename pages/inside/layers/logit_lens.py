"""View: what would the model say at each token if it stopped after each block?"""

from functools import partial

from components.figures.layers.logit_lens import MEASURES, lens_map, lens_table
from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.layers.logit_lens import LogitLens
from components.lesson import Ask, Shown, View
from components.widgets.markup import coded
from pages.inside.layers import logit_lens_code
from pages.inside.layers.followed_tokens import FOLLOWED_TOKENS
from pages.inside.layers.logit_lens_asked import choose, first_to_lead, lens_of, row_of
from pages.inside.layers.three_lenses import THREE_LENSES


def show(ask: Ask) -> Shown:
    measure = ask.choice_of("Colour", "colour", list(MEASURES), hint=HINT)
    found, place = lens_of(ask)
    row = row_of(ask, found, place)
    share = float(found.cells.probabilities[row, place - found.first, 0])
    return Shown(
        lens_map(found, measure, row, place),
        alt=f"A grid of {len(found.boundaries)} boundaries and {len(found.columns)} tokens; after "
        f"{found.boundaries[row].said} the likeliest token has {percent(share)}.",
        told=told(found, row, place),
        checks=found.checks,
        table=lambda: lens_table(found),
        code=logit_lens_code.cell(ask, found, row, place),
        uncoded=logit_lens_code.UNCODED,
        read=READ,
        clicked=partial(choose, ask, found),
        formula=r"p_{\ell,t} = \mathrm{softmax}\left(W_U \, \mathrm{norm}(h_{\ell,t})\right)",
        symbols="h is the residual stream of token t after block ℓ, norm the model's final norm "
        "(here: once), W the unembedding matrix. What else stands behind the blocks of this model "
        "is done too.",
        predict=first_to_lead(found, place, lens_map(found, measure, row, place, True)),
        tries="Colour by rank: where does the answer rise, before it is the likeliest? Look at "
        "another token: are easy words settled in earlier layers?",
    )


def told(found: LogitLens, row: int, place: int) -> str:
    """Tell a cell's five likeliest, and where the answer at its token comes from."""
    cells, column = found.cells, place - found.first
    said = ", ".join(
        f"{coded(visible(found.texts[int(token)]))} {percent(float(share))}"
        for token, share in zip(
            cells.top[row, column], cells.probabilities[row, column], strict=True
        )
    )
    final = coded(visible(found.texts[int(cells.final[column])]))
    names, first = [each.said for each in found.boundaries], found.first_lead(place)
    stays = found.leads_from(place) == first
    return (
        f"After **{names[row]}**, at {coded(visible(found.tokens[place]))}: {said}. The model's "
        f"answer there, {final}, has rank {int(cells.rank[row, column]):,}. It is the likeliest "
        f"first after **{names[first]}**"
        + (" and stays so." if stays else f", and for good after {names[found.leads_from(place)]}.")
    )


HINT = (
    "**Probability** of the likeliest token. **Rank** of the model's final answer: 1 is the "
    "likeliest. **Entropy**: 0 bits is certain. **KL divergence** to the model's output: how far "
    "the whole distribution still is from the final one, in bits."
)
READ = (
    "Each **row** is the residual stream after one block, from the embedding below to the last "
    "block on top; each **column** a token. The stream there is given to the model's own final "
    "norm and unembedding matrix, and the cell names the likeliest next token (a model that fills "
    "in masks: the likeliest token there). **Click** a cell to choose it. Colour tells probability "
    "and rank by violet, the darker the surer, entropy and divergence by grey. Early blocks were "
    "never trained to be read so: a strange word there may be a stream in another basis, not a "
    "thought."
)
VIEW = View(
    "Stop the model after each block and let it answer there: the **logit lens**. Where does it "
    "make up its mind?",
    show,
    further={"Followed tokens": FOLLOWED_TOKENS, "Three lenses": THREE_LENSES},
)
