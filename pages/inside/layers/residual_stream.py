"""View: the residual stream, how long it is, and what each part writes to it."""

from components.figures.layers.residual_stream import (
    is_wide,
    norm_map,
    norm_table,
    short,
    write_lines,
    write_table,
)
from components.inspection.errors import InspectionError
from components.inspection.layers.residual_stream import residual_stream
from components.lesson import Ask, Shown, View
from components.widgets.markup import literal
from pages.inside.layers import residual_stream_code, stream_similarity, without_residual
from pages.inside.layers.residual_stream_asked import stack_of
from pages.inside.layers.residual_stream_words import (
    COSINES,
    HINT,
    LOGARITHMIC,
    POST_NORMED,
    READ,
    STREAM,
    WRITES,
    few_dimensions,
    growth,
    loud,
)


def show(ask: Ask) -> Shown:
    measure = ask.choice_of("Measure", "stream", (STREAM, WRITES, COSINES), hint=HINT)
    text, target, stack = stack_of(ask)
    found = ask.inspect(residual_stream, text, target, stack)
    last, token = len(found.norms) - 1, len(found.tokens) - 1
    if measure != STREAM:
        token = ask.token("Token", "token", found.tokens, -1)
        if not found.writes:
            raise InspectionError(f"{found.unknown[0]} The norm of the stream can be drawn.")
    figure = norm_map(found) if measure == STREAM else write_lines(found, token, measure == COSINES)
    return Shown(
        figure,
        alt=f"{measure.capitalize()}: at the last token the stream's norm goes from "
        f"{short(float(found.norms[0, -1]))} to {short(float(found.norms[-1, -1]))}.",
        told=" ".join((loud(found), few_dimensions(found), *map(literal, found.unknown))),
        checks=found.checks,
        unchecked="What is written to this stream is not known, so nothing can be added up.",
        table=lambda: norm_table(found) if measure == STREAM else write_table(found, token),
        code=residual_stream_code.norms(ask.choice, ask.facts, found, token),
        read=READ[measure]
        + (POST_NORMED if found.post_normed else "")
        + (LOGARITHMIC if measure == STREAM and is_wide(found.norms) else ""),
        formula=r"x_{\ell+1} = x_\ell + \mathrm{attention}_\ell + \mathrm{MLP}_\ell",
        symbols=f"x is the stream of one token, {len(found.shares):,} numbers; ℓ counts the "
        f"layers, 0 to {last - 1}. Boundary 0 enters layer 0, boundary {last} leaves the last.",
        predict=growth(found),
        tries="Look at the writes: in which layer is the largest? Do parts write along the stream "
        "(cosine above 0) or against it? Begin the prompt with another word: is the first token "
        "still the longest?",
    )


VIEW = View(
    "Each token has one vector that runs through all layers: the **residual stream**. Attention "
    "and MLPs only read it and add to it. How long is it, and who writes how much?",
    show,
    further={
        "Similarity between layers": stream_similarity.STREAM_SIMILARITY,
        "Residual connections switched off": without_residual.WITHOUT_RESIDUAL,
    },
)
