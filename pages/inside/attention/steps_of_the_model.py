"""A kind of Step by step: one token attends through one head, in the model's own numbers."""

from components.figures.attention import steps as figures
from components.figures.attention import tables
from components.figures.visible import visible
from components.inspection.attention.maps import AttentionMaps
from components.inspection.attention.steps import AttentionSteps, attention_steps
from components.lesson import Ask, Shown, View
from components.widgets.markup import coded
from pages.inside.attention import code, formula, questions
from pages.inside.attention.choices import Reading, layer_and_head, maps_of, sharing
from pages.inside.attention.examples import offer_examples, pair_of


def steps_of(ask: Ask) -> tuple[Reading, AttentionMaps, AttentionSteps]:
    """Ask for a head and a query token; return how its weights come about."""
    asked, maps = maps_of(ask)
    layer, head = layer_and_head(ask, maps)
    place = ask.token("Query token", "query", maps.readers, pair_of(ask, maps)[0])
    offer_examples(ask, asked)
    return asked, maps, ask.inspect(attention_steps, *asked.arguments, layer, head, place)


def show(ask: Ask) -> Shown:
    asked, maps, steps = steps_of(ask)
    best = int(steps.weights.argmax())
    latex, symbols = formula.of_weight(steps, best)
    return Shown(
        figures.step_strips(steps),
        alt=f"Strips over the key tokens from q · k to the softmax: the largest weight is "
        f"{steps.weights[best]:.1%}, of token {best}.",
        told=f"{coded(visible(steps.reader))} attends most to {coded(visible(steps.read[best]))}, "
        f"**{steps.weights[best]:.1%}**, in layer {steps.layer}, head {steps.head}. "
        + notes(steps),
        checks=steps.checks,
        table=lambda: tables.steps(steps),
        read=READ + sharing(maps),
        code=code.of_steps(asked, ask.facts, steps, maps.place_of(steps.layer)),
        formula=latex,
        symbols=symbols,
        predict=questions.division(steps),
        tries="Another query token. And the first token of the text: what can it attend to?",
        facts={
            "attention": asked.group,
            "layer": steps.layer,
            "head": steps.head,
            "query token": steps.place,
            "scale": steps.scale,
            "query": steps.query.tolist(),
            "output": steps.output.tolist(),
        },
    )


def notes(steps: AttentionSteps) -> str:
    """Return what is particular to this model's steps, and which tokens are drawn."""
    said = [BIAS] if steps.bias is not None else []
    if steps.sink is not None:
        said.append(SINK.format(steps.sink, steps.weights.sum()))
    if steps.unrotated_dots is not None:
        said.append(UNTURNED)
    places = figures.shown_places(steps)
    if len(places) < len(steps.read):
        said.append(CROPPED.format(len(places), len(steps.read), steps.weights[places].sum()))
    return " ".join(said)


BIAS = (
    "This model adds a number for the two positions to each score (as ALiBi and T5's buckets do): "
    "the score that is there without query and key."
)
SINK = (
    "A learned sink with the score {:.3f} takes part in the softmax and is no token: the weights "
    "here sum to {:.1%}."
)
UNTURNED = (
    "*Before RoPE*: the same query and key, turned back by the model's own angles; what changes to "
    "the next strip is the effect of position alone."
)
CROPPED = (
    "Drawn are the {} tokens with the largest weights of {}, in reading order; together they get "
    "{:.1%}."
)
READ = (
    "A column is a key token, a row one step, from the dot product of query and key to the weight: "
    "vermilion is negative, blue positive, violet a share; each strip has a scale of its own. The "
    "last strip is the weight times the norm of what the token's value adds through this head. "
)

STEPS_OF_THE_MODEL = View("", show)
