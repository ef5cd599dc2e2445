"""View: what the cache holds, row by row; how it grows; and why it may be kept at all."""

from components.figures.kv_cache.contents import keys_and_values
from components.figures.kv_cache.tables import cache_rows
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.contents import Contents
from components.lesson import Ask, Predict, Shown, View
from components.widgets.presets import examples
from pages.output.kv_cache import code, parts
from pages.output.kv_cache.causality import CAUSALITY
from pages.output.kv_cache.growth import GROWTH
from pages.output.kv_cache.layer_by_layer import LAYER_BY_LAYER
from pages.output.kv_cache.sharing import SHARING

EXAMPLES = {
    "One word repeated: values repeat, keys are rotated": {
        "prompt": "fox fox fox fox fox fox fox fox",
        "layer": "0",
        "step": 0,
    },
    "Names again: rows in a late layer": {
        "prompt": "When Mary and John went to the shop, Mary gave a drink to",
        "layer": "3",
        "step": 1,
    },
}


def rows(ask: Ask) -> Shown:
    try:
        found = parts.contents_of(ask)
    except InspectionError as error:
        if ask.facts.kind in ("causal", "seq2seq"):
            raise
        last = "The last part below shows what a cache rests on."
        raise InspectionError(f"{error} {last}") from error
    if not found.rows_in:
        raise InspectionError(
            "No layer of this model keeps keys and values of tokens: the parts below say what it "
            "keeps instead."
        )
    hint = "0: after prefill. Then a row each."
    step = int(ask.slider("Tokens written", "step", 0, len(found.grown) - 1, 1, hint=hint))
    layer = ask.layer(found.rows_in)
    keys, values = found.keys[layer], found.values[layer]
    assert keys is not None and values is not None
    head = ask.number("Key-value head", "kv_head", 0, len(keys) - 1, 0)
    examples(ask, EXAMPLES)
    others = len(found.keys) - len(found.rows_in)
    there = found.prompt + step
    return Shown(
        keys_and_values(found, layer, head, step),
        alt=f"Keys and values of head {head} in layer {layer} after {step} written tokens, a row "
        f"for each of {there} tokens.",
        told=f"The prompt's {found.prompt} tokens take **{found.grown[0]:,} bytes** in all layers; "
        f"with {step} more it is {found.grown[step]:,}."
        + (f" {others} other layers keep no rows for tokens." if others else ""),
        checks=(*found.checks, *found.shape.checks),
        unchecked=found.shape.lawless,
        table=lambda: cache_rows(found, keys[head, :there], values[head, :there]),
        code=code.contents_code(parts.lines_for(ask, found.dtype), ask.prompt),
        read="Each row is a token's key (left) and value (right); blue is positive, vermilion "
        "negative, each of the two with a scale of its own. **Slide “Tokens written”: one row "
        "comes in, framed, and no other changes.** Hover for the numbers. Keys are shown as they "
        "lie there: after the rotation by position, where a model has one.",
        predict=question(found),
        tries="Slide “Tokens written” from 0 on and watch the rows above the frame. Do the keys or "
        "the values of neighbouring tokens look more alike, and in which layer?",
    )


def question(found: Contents) -> Predict | None:
    """Ask what a token adds, with answers that forget the layers or the values."""
    more = int(found.grown[1] - found.grown[0])
    answers = sorted({more, more // 2, more // len(found.rows_in)})
    if not more or len(answers) < 2:
        return None
    return Predict(
        "One more token is written. By how many bytes does the whole cache grow?",
        tuple(f"{each:,}" for each in answers),
        f"{more:,}",
        "A key and a value come in for each key-value head of each of "
        f"{len(found.rows_in)} layers, with {found.itemsize} bytes a number. The part *How it "
        "grows* has the formula.",
    )


VIEW = View(
    "Most models keep one key and one value for each token, layer and key-value head: rows of "
    "numbers that are written once and then only read.",
    rows,
    further={
        "How it grows": GROWTH,
        "Layer by layer": LAYER_BY_LAYER,
        "MHA, GQA, MQA": SHARING,
        "Why it may be kept": CAUSALITY,
    },
)
