"""The model card of the storyteller: each figure comes from an evaluation or the run's record."""

# ruff: noqa: E501 (a row of a Markdown table is one line)

import json
from dataclasses import asdict
from pathlib import Path

from components.teaching_models.corpus import HELD_OUT_SHARES, MIX, OTHER_HELD_OUT_SHARE
from components.teaching_models.evaluation import (
    OPENINGS,
    TOPICS,
    Evaluation,
    Heads,
    Loss,
    interval,
)

INDUCTION_LENGTH = 50
"""Length of the block, in tokens, for the headline figure of induction."""
INDUCTION_GOAL = 0.95
HEAD_GOAL = 0.5


def write_card(evaluation: Evaluation, folder: Path) -> None:
    """Write README.md and evaluation.json into the model's folder."""
    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    figures = json.dumps(asdict(evaluation), indent=1)
    (folder / "evaluation.json").write_text(figures + "\n", encoding="utf-8")
    (folder / "README.md").write_text(card(evaluation, training), encoding="utf-8")


def card(evaluation: Evaluation, training: dict) -> str:
    """Return the whole card as Markdown."""
    parts = (
        _introduction(evaluation, training),
        _behaviours(evaluation),
        _loss(evaluation),
        _heads(evaluation.heads),
        _recipe(training),
        _limits(evaluation),
        _stories(evaluation.stories),
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _introduction(evaluation: Evaluation, training: dict) -> str:
    size = training["recipe"]["size"]
    return f"""
---
language: en
license: mit
library_name: transformers
pipeline_tag: text-generation
---

# storyteller

A decoder of {evaluation.parameters:,} parameters that tells tiny stories, raised so that the classic
circuits exist in it: induction (with some help, see below), indirect-object identification,
agreement across an attractor, recall of capitals, counting. Made for teaching: it is small enough to
look at whole, and it was trained from nothing on text written by our own grammar, so what it can
have learnt is known.

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("assets/models/storyteller")
tokenizer = AutoTokenizer.from_pretrained("assets/models/storyteller")
ids = tokenizer("When Mary and John went to the shop, Mary gave a drink to", return_tensors="pt")
print(tokenizer.decode(model(**ids).logits[0, -1].argmax()))
```

| | |
|---|---|
| architecture | Llama: RoPE, grouped-query attention, RMSNorm, SwiGLU, tied embeddings |
| blocks, width, MLP width | {size["layers"]}, {size["width"]}, {size["mlp_width"]} |
| heads | {size["query_heads"]} query heads and {size["key_heads"]} key-value heads of {size["head_width"]} |
| vocabulary, context | {size["vocabulary"]:,} tokens (byte-level BPE), {size["context"]} tokens |
| parameters | {evaluation.parameters:,}, stored as float32 |

The tokenizer puts `<|end|>` in front of every text, the token that stood between documents in
training: a call of `tokenizer(text)` gives the model what it was raised on. Turn it off with
`add_special_tokens=False`."""


def _behaviours(evaluation: Evaluation) -> str:
    rows = []
    for topic, (right, asked) in evaluation.right.items():
        asked_about, goal = TOPICS[topic]
        low, high = interval(right, asked)
        share = right / asked
        rows.append(
            f"| {topic} | {asked_about} | {right} of {asked} = **{share:.1%}** "
            f"| {low:.1%} to {high:.1%} | {_verdict(share, goal)} |"
        )
    for length, share in evaluation.induction.items():
        goal = INDUCTION_GOAL if length == INDUCTION_LENGTH else None
        rows.append(
            f"| induction, {length} random tokens said twice | uniform over the vocabulary, "
            f"64 sequences | **{share:.1%}** | | {_verdict(share, goal)} |"
        )
    return f"""
## Measured behaviours

An answer is right if the model's first choice among all tokens is right, for every token of the
answer; for agreement, if the right one of is/are, or of was/were, scores higher. Prompts start with
`<|end|>`. Held-out means a combination that no training document contains. Induction counts the
second copy from its second token on (nothing says where the copy begins).

| behaviour | prompts | right | 95% interval | goal |
|---|---|---|---|---|
{chr(10).join(rows)}

The questions have the shape of sentences in the corpus; questions of other shapes are not measured
here, and the model may well fail at them."""


def _verdict(share: float, goal: float | None) -> str:
    if goal is None:
        return "none set"
    return f"{goal:.0%}: {'reached' if share >= goal else 'not reached'}"


def _loss(evaluation: Evaluation) -> str:
    rows = [
        _loss_row("**held-out combinations**", evaluation.held_out),
        _loss_row("new documents of the training kind", evaluation.fresh),
    ]
    rows += [_loss_row(f"- {kind}", loss) for kind, loss in evaluation.by_kind.items()]
    return f"""
## Next-token loss against the grammar's own entropy

The grammar knows the probability of every choice that it makes, so each document comes with its
cost: the limit for the loss. Where two ways of choosing write the same text, the cost is an upper
bound on that limit, and a model may do better than it (a gap below zero). The end of a document is
predicted too. Nats per token, each document read by itself.

| documents | number | tokens | model | grammar | gap |
|---|---|---|---|---|---|
{chr(10).join(rows)}"""


def _loss_row(name: str, loss: Loss) -> str:
    return (
        f"| {name} | {loss.documents:,} | {loss.tokens:,} | {loss.model:.3f} "
        f"| {loss.grammar:.3f} | {loss.gap:+.3f} |"
    )


def _heads(heads: Heads) -> str:
    rows = []
    for layer, (induction, previous) in enumerate(
        zip(heads.induction, heads.previous, strict=True)
    ):
        cells = " | ".join(
            f"{first:.2f} / {second:.2f}" for first, second in zip(induction, previous, strict=True)
        )
        rows.append(f"| layer {layer} | {cells} |")
    columns = " | ".join(f"head {head}" for head in range(len(heads.induction[0])))
    best = [_best(scores) for scores in (heads.induction, heads.previous)]
    sentences = [
        f"the best {name} head is head {head} of layer {layer} with {score:.2f} "
        f"({_verdict(score, HEAD_GOAL)})"
        for name, (score, layer, head) in zip(("induction", "previous-token"), best, strict=True)
    ]
    return f"""
## Heads

Mean attention weight, on 32 sequences of 50 random tokens said twice: induction score (to the token
after the earlier copy of the token read) / previous-token score. Layers and heads count from 0;
{"; ".join(sentences)}.

| | {columns} |
|---|{"---|" * len(heads.induction[0])}
{chr(10).join(rows)}"""


def _best(scores: list[list[float]]) -> tuple[float, int, int]:
    """Return the highest score with its layer and head."""
    return max(
        (score, layer, head) for layer, row in enumerate(scores) for head, score in enumerate(row)
    )


def _recipe(training: dict) -> str:
    recipe = training["recipe"]
    repeats = recipe["repeats"]
    guidance = recipe["guidance"]
    stages = ", then ".join(f"{length} until {until:.0%}" for until, length in recipe["stages"])
    kinds = ", ".join(f"{kind} {share:.0%}" for kind, (_, share) in MIX.items())
    held_out = ", ".join(f"{share:.0%} of {kind}" for kind, share in HELD_OUT_SHARES.items())
    return f"""
## Data and recipe

Written by the grammar in `components/teaching_models/grammar/`, without end, from seeds: no document
is stored. Shares of documents: {kinds}. Held out by hash: {held_out}, {OTHER_HELD_OUT_SHARE:.0%} of
other combinations (country and wording, subject and attractor, start and step of counting, ...).
A training document contains none of these.

Beside documents, rows of random tokens (uniform over the vocabulary, in blocks of 4 to
{repeats["longest"]}, at first of 4 to 8) that come back in the same order two or more times: {repeats["first_share"]:.0%} of the rows at first,
{repeats["last_share"]:.0%} from {repeats["falls_until"]:.0%} of the training on. The loss skips their
first copy, which nobody can predict, in all but {repeats["noise"]:.0%} of them. Held-out names may
meet by chance among these random tokens; they are no sentences.

The induction circuit was helped into being. During the first {guidance["gone_at"]:.0%} of the training
(at full weight, {guidance["weight"]}, until {guidance["full_until"]:.0%}, then fading to nothing) the loss
also had the negative log of the attention weight that some heads give to where such a head should
look: {_named(guidance["previous"])} to the token before; {_named(guidance["induction"])}, in repeats, to
the token after the earlier copy. After that only the next-token loss shaped them. Trials without the
push had found no induction after a few million tokens, and two cores read little more. So these
heads show what an induction circuit does, not where or when it would arise by itself.

| | |
|---|---|
| tokens | {training["tokens"]:,} in {training["step"]:,} steps of {recipe["tokens_per_step"]:,} |
| row length in tokens | {stages} |
| optimizer | Muon for the matrices of the blocks, AdamW for embeddings and norms; weight decay {recipe["weight_decay"]} (Muon), gradient norm at most {recipe["clip"]} |
| learning rate | peak {recipe["learning_rate"]}, warm-up {recipe["warm_up"]:.0%}, cosine to {recipe["last_rate"]:.0%} of the peak |
| precision | bfloat16 autocast over float32 weights |
| seed | {recipe["seed"]} |
| wall time of the steps | {training["minutes"]:.0f} minutes on {training["hardware"]}, {training["threads"]} threads, shared with other work |
| software | torch {training["torch"]} |

Train, put the result in place, measure it and write this card again:

```
python -m components.teaching_models train storyteller
python -m components.teaching_models install storyteller
python -m components.teaching_models evaluate storyteller
```

`train` goes on from its last checkpoint if it was stopped. The same seed gives the same documents and
batches everywhere; weights agree to the last bit only on the same machine and versions."""


def _named(heads: list[list[int]]) -> str:
    return " and ".join(f"head {head} of layer {layer}" for layer, head in heads)


def _limits(evaluation: Evaluation) -> str:
    return """
## Limits

- It knows the words and the plots of its grammar and little else: other words are cut into pieces
  that it hardly ever saw, and a prompt unlike the corpus makes it guess.
- Its facts are the grammar's tables, its sums those up to 10 by 10; it does not reason.
- A fact learnt in one wording need not carry over to another: see the held-out wordings above.
- It is for looking inside a transformer, not for use as an assistant or a source of facts.
- Stories keep to their people and things for a few sentences; nobody in them has a life beyond."""


def _stories(stories: list[str]) -> str:
    openings = ", ".join(f'"{opening}"' for opening in OPENINGS)
    quoted = [
        f"{number}. {story.strip()}".replace("\n", "\n   ")
        for number, story in enumerate(stories, start=1)
    ]
    return f"""
## {len(stories)} sampled stories

At temperature 0.8, no top-k or top-p, seeds 0 to {len(stories) - 1}, after the openings
{openings} in turn; as they came.

{chr(10).join(quoted)}"""
