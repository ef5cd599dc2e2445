"""The card of the lenses: each figure comes from the file that the fit has written."""

# ruff: noqa: E501 (a row of a Markdown table is one line)

from typing import Any

COLUMNS = {
    "logit": "logit lens",
    "tuned": "tuned lens",
    "jacobian": "Jacobian lens",
    "jacobian, same place": "the same, effects on the same token only",
}


def card(told: dict[str, Any]) -> str:
    """Return the whole card as Markdown, of what the file says of itself."""
    parts = (_introduction(told), _fit(told), _tuned(told), _jacobian(told), _provenance(told))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _introduction(told: dict[str, Any]) -> str:
    return f"""
# Lenses of {told["model"]}

Two fitted lenses. Each has, for every boundary between blocks but the last, an affine map that turns
the stream there into one that is read as the last: softmax(unembed(norm(matrix h + bias))). For the
logit lens the matrix is the identity. At the last boundary nothing is translated: there every lens is
the model's own answer.

- **Tuned lens** (Belrose et al. 2023, "Eliciting Latent Predictions from Transformers with the Tuned
  Lens"): trained to say early what the model will say in the end.
- **Jacobian lens** (Gurnee et al. 2026, "Verbalizable Representations Form a Global Workspace in
  Language Models", transformer-circuits.pub/2026/workspace): the derivative of the last stream by
  this one, averaged over texts. Nothing is trained, and it has no bias.

`lenses.safetensors` holds `tuned.N.matrix` (less the identity, which is to be added), `tuned.N.bias`
and `jacobian.N.matrix` for the boundaries N = 0 (behind the embedding), 1 (behind the first block) and so
on, in float16; `probe.logits`; and, as JSON under `provenance`, every figure of this card.
`components.inspection.layers.translators` reads it."""


def _fit(told: dict[str, Any]) -> str:
    fit = told["held_out"]
    last = len(fit["logit"]) - 1
    rows = [
        f"| {_place(boundary, last)} | "
        + " | ".join(f"{fit[name][boundary]:.3f}" for name in COLUMNS)
        + " |"
        for boundary in range(last + 1)
    ]
    worse = [
        _place(boundary, last)
        for boundary in range(last)
        if round(fit["jacobian"][boundary], 3) >= round(fit["logit"][boundary], 3)
    ]
    honest = (
        f"The Jacobian lens is no nearer to the model's answer than the logit lens {', '.join(worse)}."
        if worse
        else "At each boundary the Jacobian lens, too, is nearer to the model's answer than the logit lens."
    )
    return f"""
## Fit

Mean divergence (Kullback-Leibler) of the model's own answer from what a lens reads, in bits per token,
on {fit["tokens"]:,} tokens of {fit["documents"]:,} held-out documents: each has a combination of words that neither the
model nor a lens was trained on. Lower is nearer to the answer; 0 is the answer itself.

| boundary | {" | ".join(COLUMNS.values())} |
|---|{"---|" * len(COLUMNS)}
{chr(10).join(rows)}

Measured with the maps as they are stored.
{honest}
It was not made to be near: it says what a stream is used for, also for later tokens, while the tuned lens may use
whatever goes along with the answer."""


def _place(boundary: int, last: int) -> str:
    if boundary == 0:
        return "behind the embedding"
    return f"behind block {boundary - 1}" + (" (the last)" if boundary == last else "")


def _tuned(told: dict[str, Any]) -> str:
    recipe = told["recipe"]
    return f"""
## Tuned lens

The map is h + A h + b, and begins as the logit lens (A = 0, b = 0). {recipe["steps"]:,} steps of Adam, each on
{recipe["documents_per_step"]} new documents of the model's grammar ({told["tuned"]["tokens"]:,} tokens in all, `<|end|>` in front of each, none
held out), down the mean divergence over all tokens; learning rate {recipe["learning_rate"]:g}, falling to 0 in a straight
line. (The paper takes SGD with momentum.)"""


def _jacobian(told: dict[str, Any]) -> str:
    found = told["jacobian"]
    pairs = zip(found["standard_error"], found["standard_error, same place"], strict=True)
    last = len(found["standard_error"])
    rows = [
        f"| {_place(boundary, last)} | {later:.1%} | {here:.1%} |"
        for boundary, (later, here) in enumerate(pairs)
    ]
    return f"""
## Jacobian lens

J_l = mean over documents of 1/|V| Σ_(t in V) Σ_(t' in V, t' ≥ t) ∂h_(L,t') / ∂h_(l,t), by exact
derivatives: one backward pass for each number of the last stream. So the effects on the same and on
all later tokens are summed, and the mean is taken over the tokens at which the stream is changed, then
over {found["documents"]} documents ({found["tokens"]:,} tokens). h_L is the last stream before the final norm; at the last
boundary J is the identity.

- That later tokens' effects are summed is the authors' own way, as TransformerLens documents it; it was
  not compared with the authors' code, nor with their numbers.
- V leaves out `<|end|>`, the first token of every document, whose stream is unlike the others'. The
  authors leave out the first 16 tokens and the last one: documents here are too short for that, and
  their last token, too, has a next one (`<|end|>`).
- The last column of the table above is the other reading of the formula, t' = t only, at one token
  drawn from each of the same documents. It is measured, and not stored.

Standard error of the mean, over documents: its Frobenius norm as a share of the mean's.

| boundary | as stored | same token only |
|---|---|---|
{chr(10).join(rows)}"""


def _provenance(told: dict[str, Any]) -> str:
    made, recipe = told["made_with"], told["recipe"]
    software = ", ".join(
        f"{name} {made[name]}" for name in ("python", "torch", "transformers", "safetensors")
    )
    hashes = "\n".join(f"| weights as {name} | `{sha}` |" for name, sha in told["weights"].items())
    return f"""
## Provenance

A lens fits the weights and the forward pass that it was fitted to. Before it is used, the weights in
memory must have one of these SHA-256 (of all names, shapes and numbers), and the logits for
{len(told["probe"])} tokens must be `probe.logits` but for rounding.

| | |
|---|---|
| fitted to | {told["model"]}, {told["parameters"]:,} parameters, in float32 |
| its model.safetensors | `{told["file"]}` |
{hashes}
| seeds of the documents | {recipe["seed"]:,} (tuned), {recipe["seed"] + 1:,} (Jacobian), {recipe["seed"] + 2:,} (held out) |
| software | {software}; {made["threads"]} thread{"s" if made["threads"] > 1 else ""} of a CPU |

Make both files again:

```
python -m components.teaching_models --threads {made["threads"]} lenses storyteller
```

The same machine and versions give the same bytes; others the same lenses but for rounding."""
