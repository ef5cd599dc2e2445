"""The few lines of plain transformers that reproduce what is on screen."""

from components.inspection.catalogue import loadable
from components.inspection.sampling.settings import Settings

_ARGUMENTS = ("repetition_penalty", "temperature", "top_k", "top_p", "min_p", "typical_p")


def generate_arguments(settings: Settings) -> str:
    """Return the settings as arguments of `generate`, those that change nothing left out.

    `top_k=0` is written out: `generate` keeps only the 50 likeliest tokens unless told not to.

    >>> generate_arguments(Settings(temperature=0.7))
    'do_sample=True, temperature=0.7, top_k=0'
    """
    if settings.greedy:
        penalty = settings.repetition_penalty
        return "do_sample=False" + (f", repetition_penalty={penalty}" if penalty != 1 else "")
    changed = settings.changed() | {"top_k": settings.top_k}
    return ", ".join(
        ["do_sample=True", *(f"{name}={changed[name]}" for name in _ARGUMENTS if name in changed)]
    )


def reshape_code(source: str, text: str, settings: Settings) -> str:
    """Return code that prints the ten likeliest next tokens after the settings."""
    counts = ""
    if settings.presence_penalty or settings.frequency_penalty:
        counts = f"""
# Presence and frequency penalties, which generate() lacks (OpenAI's formula):
counts = torch.bincount(ids[0], minlength=scores.shape[1])
scores = scores - {settings.presence_penalty} * (counts > 0) - {settings.frequency_penalty} * counts
"""
    return f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

tokenizer = AutoTokenizer.from_pretrained({loadable(source)!r})
model = AutoModelForCausalLM.from_pretrained({loadable(source)!r})
ids = tokenizer({text!r}, return_tensors="pt").input_ids
with torch.no_grad():
    scores = model(ids).logits[:, -1].float()
{counts}
config = GenerationConfig({generate_arguments(settings)})
for processor in model._get_logits_processor(config, input_ids_seq_length=ids.shape[1]):
    scores = processor(ids, scores)
for p, token in zip(*scores.softmax(-1)[0].topk(10)):
    print(f"{{p:8.4f}}  {{tokenizer.decode([token])!r}}")
"""


def generate_code(source: str, text: str, settings: Settings, new_tokens: int) -> str:
    """Return code that writes on; it draws otherwise, so its text is another one."""
    return f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({loadable(source)!r})
model = AutoModelForCausalLM.from_pretrained({loadable(source)!r})
inputs = tokenizer({text!r}, return_tensors="pt")
torch.manual_seed({settings.seed})
ids = model.generate(**inputs, max_new_tokens={new_tokens},
                     {generate_arguments(settings)})
print(tokenizer.decode(ids[0]))
"""


def beam_code(source: str, text: str, beams: int, new_tokens: int, length_penalty: float) -> str:
    """Return code whose output is the best beam."""
    return f"""from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({loadable(source)!r})
model = AutoModelForCausalLM.from_pretrained({loadable(source)!r})
inputs = tokenizer({text!r}, return_tensors="pt")
found = model.generate(**inputs, max_new_tokens={new_tokens}, do_sample=False, num_beams={beams},
                       length_penalty={length_penalty}, num_return_sequences={beams},
                       return_dict_in_generate=True, output_scores=True)
for ids, score in zip(found.sequences, found.sequences_scores):
    print(f"{{score:8.4f}}  {{tokenizer.decode(ids)!r}}")
"""


def perplexity_code(source: str, text: str) -> str:
    """Return code that prints the perplexity without the first token."""
    return f"""import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({loadable(source)!r})
model = AutoModelForCausalLM.from_pretrained({loadable(source)!r})
ids = tokenizer({text[:300]!r}, return_tensors="pt").input_ids
with torch.no_grad():
    print(model(ids, labels=ids).loss.exp())  # the mean leaves out the first token
"""
