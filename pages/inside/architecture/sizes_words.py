"""Sentences, formula, code and question of the view Sizes."""

from dataclasses import replace

from components.inspection.architecture.sizes import KNOWN, Weighed, weighed
from components.lesson import Ask, Predict

FORMULA = r"V d\,(2 - t) + L\,\big(2 d\, s\,(h + g) + 3\, d\, m\, e + d\, e\,[e > 1] + 2 d\big) + d"
SYMBOLS = (
    "V: vocabulary, d: width, t: 1 if the head is tied, L: layers, h and g: query and key-value "
    "heads, s = d/h: head size, m: MLP width, e: experts."
)
READ = (
    "Above, all parameters, by part. In the middle what one more token adds to the key-value "
    "cache: 2 · layers · key-value heads · head size numbers of 2 bytes. Below, the operations for "
    "the next token: two for each weight that it meets, and the products with each key and value "
    "before it."
)
CODE = """from accelerate import init_empty_weights
from transformers import AutoConfig, AutoModelForCausalLM

said = CONFIG
config = AutoConfig.for_model(said.pop("model_type"), **said)
with init_empty_weights():  # shapes alone: no memory, no download
    model = AutoModelForCausalLM.from_config(config)
model.tie_weights()
print(f"{model.num_parameters():,} parameters")
"""


def told(beside: str, other: Weighed, mine: Weighed) -> str:
    met = f", of which one token meets {mine.met:,}" if mine.met != mine.total else ""
    share = mine.parameters["MLP"] / mine.total
    return (
        f"Yours: **{mine.total:,} parameters**{met}; {share:.0%} of all in the MLPs. Of "
        f"{beside} it has {times(mine.total, other.total)} the parameters, "
        f"{times(mine.cache_bytes, other.cache_bytes)} the cache a token, "
        f"{times(mine.operations, other.operations)} the operations for the next one."
    )


def times(mine: float, other: float) -> str:
    """Write how many times one number is another.

    >>> times(8, 2), times(1, 8), times(3, 3)
    ('4 times', '0.125 times', '1 times')
    """
    return f"{mine / other:.3g} times"


def question(ask: Ask, beside: str) -> Predict:
    base = KNOWN[beside]
    double = replace(base, width=2 * base.width)
    before, after = (ask.compute(weighed, one, 0).parameters["attention"] for one in (base, double))
    answers = ("as many", "twice", "four times")
    right = {1: answers[0], 2: answers[1], 4: answers[2]}[round(after / before)]
    return Predict(
        f"Give {beside} twice the width, and as many heads, each twice as large. How many "
        "parameters has its attention then?",
        answers,
        right,
        f"{before:,} become {after:,}: its matrices lead from the width to the heads and back, and "
        "both sides have doubled. What grows with the width alone is the embedding and the norms.",
    )
