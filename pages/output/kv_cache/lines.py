"""The first lines of code for a model: how it is loaded, and how it is called."""

from collections.abc import Sequence

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.kv_cache.calling import CallingConvention


class Lines:
    """Code for one model, in one dtype: how it is loaded, and how it is called."""

    def __init__(self, choice: ModelChoice, dtype: str, calling: CallingConvention) -> None:
        self.two_stacks = calling.start is not None
        self.calling, self._dtype = calling, dtype
        self._opening = opening(choice.source, choice.revision)

    def start(self, text: str, caches: Sequence[str] = (), prompt: int | None = None) -> str:
        """Return lines that load the model, make `ids` of `text` and define `logits_of`."""
        auto = "AutoModelForSeq2SeqLM" if self.two_stacks else "AutoModelForCausalLM"
        names = sorted(
            {auto, "AutoTokenizer", "DynamicCache", *caches}
            | ({"EncoderDecoderCache"} if self.two_stacks else set())
        )
        repeated = f"\nids = ids.repeat(1, {prompt} // ids.shape[1] + 1)[:, :{prompt}]"
        return f"""import torch
from transformers import {", ".join(names)}

tokenizer = AutoTokenizer.from_pretrained({self._opening})
model = {auto}.from_pretrained(
    {self._opening}, dtype=torch.{self._dtype}, attn_implementation="eager").eval()
ids = tokenizer({text!r}, return_tensors="pt").input_ids{repeated if prompt else ""}
{self._begin()}

def logits_of(given, cache=None, past=0):
    {self._call()}
"""

    @property
    def cache(self) -> str:
        """An expression for an empty cache."""
        return self.around("DynamicCache(config=model.config)")

    def around(self, made: str) -> str:
        """Return an expression for a cache of the text that is written, with what belongs to it."""
        if not self.two_stacks:
            return made
        return f"EncoderDecoderCache({made}, DynamicCache(config=model.config))"

    def _begin(self) -> str:
        if not self.two_stacks:
            return ""
        return f"""
@torch.no_grad()
def encoded(text):
    return model.get_encoder()(text)


text, ids = ids, torch.tensor([[{self.calling.start}]])  # with which the decoder begins
read = encoded(text)  # once, for all steps
"""

    def _call(self) -> str:
        name = "decoder_input_ids" if self.two_stacks else "input_ids"
        always = ["encoder_outputs=read"] if self.two_stacks else []
        always += ["logits_to_keep=1"] if self.calling.last_only else []
        lines = [
            f"arguments = dict({', '.join([f'{name}=given', *always])})",
            "if cache is None:",
            "    arguments |= dict(use_cache=False)",
            "else:",
            "    arguments |= dict(use_cache=True, past_key_values=cache)",
        ]
        if self.calling.by_position:
            lines.append(
                "    arguments |= dict(position_ids=past + torch.arange(given.shape[1])[None])"
            )
        if self.calling.by_mask:
            lines.append(
                "    arguments |= dict(attention_mask=given.new_ones(1, past + given.shape[1]))"
            )
        lines += ["with torch.no_grad():", "    return model(**arguments).logits[0, -1]"]
        return "\n    ".join(lines)
