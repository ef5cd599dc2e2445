"""Plain transformers that prints the shapes of *Shapes*."""

from components.engine import ModelChoice
from components.inspection.catalogue import opening

_OPENS = {
    "causal": "AutoModelForCausalLM",
    "masked": "AutoModelForMaskedLM",
    "classifier": "AutoModelForSequenceClassification",
    "headless": "AutoModel",
    "seq2seq": "AutoModelForSeq2SeqLM",
}


def shapes(choice: ModelChoice, text: str, target: str, kind: str) -> str:
    """Return code that prints the shapes from the ids to the answer, and what a row sums to."""
    where, name = opening(choice.source, choice.revision), _OPENS[kind]
    decoder = (
        f"""start = torch.tensor([[model.config.decoder_start_token_id]])
said = tokenizer({target!r}, add_special_tokens=False, return_tensors="pt").input_ids.long()
inputs["decoder_input_ids"] = torch.cat([start, said], dim=1)
"""
        if kind == "seq2seq"
        else ""
    )
    states = "decoder_hidden_states" if kind == "seq2seq" else "hidden_states"
    answer = (
        ""
        if kind == "headless"
        else """print("logits", list(output.logits.shape))
last = output.logits[0].reshape(-1, output.logits.shape[-1])[-1]
print("the last row sums to", float(last.sum()), "and softmaxed to", float(last.softmax(-1).sum()))
"""
    )
    return f"""import torch
from transformers import {name}, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({where})
model = {name}.from_pretrained({where}, dtype=torch.float32)
text = {text!r}
inputs = {{"input_ids": tokenizer(text, return_tensors="pt").input_ids}}
{decoder}with torch.no_grad():
    output = model(**inputs, output_hidden_states=True)

print("token ids", list(inputs["input_ids"].shape))
print("without special tokens", len(tokenizer(text, add_special_tokens=False).input_ids))
print("vectors", list(output.{states}[-1].shape))
{answer}"""
