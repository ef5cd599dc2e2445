"""A few lines of plain torch and transformers that reproduce what is on screen."""

from components.inspection.catalogue import loadable

_START = """import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

source = {source!r}
tokenizer = AutoTokenizer.from_pretrained(source)
model = AutoModelForCausalLM.from_pretrained(
    source, dtype=torch.{dtype}, attn_implementation="eager").eval()
ids = tokenizer({text!r}, return_tensors="pt").input_ids
"""


def _start(source: str, text: str, dtype: str) -> str:
    return _START.format(source=loadable(source), text=text, dtype=dtype)


def timing_code(source: str, text: str, dtype: str, prompt: int, new: int, repeats: int) -> str:
    """Return code that prints the median milliseconds of a step and the totals of both ways."""
    return f"""import gc
import statistics
import time

{_start(source, text, dtype)}ids = ids.repeat(1, {prompt} // ids.shape[1] + 1)[:, :{prompt}]


@torch.no_grad()
def write(cached):
    seen, cache, times = ids, DynamicCache(config=model.config), []
    for step in range({new}):
        start = time.perf_counter()  # on a GPU: torch.cuda.Event and synchronize
        if cached:
            given = seen if step == 0 else seen[:, -1:]
            logits = model(given, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
        else:
            logits = model(seen, use_cache=False, logits_to_keep=1).logits
        token = logits[:, -1:].argmax(-1)
        times.append(time.perf_counter() - start)
        seen = torch.cat([seen, token], dim=1)
    return times, seen


write(True), write(False)  # warm up
gc.disable()
rounds = [[write(True), write(False)] for _ in range({repeats})]
for name, runs in zip(("with", "without"), zip(*rounds)):
    steps = [statistics.median(step) for step in zip(*(times for times, _ in runs))]
    first, later = steps[0] * 1e3, statistics.median(steps[1:]) * 1e3
    print(f"{{name:8}} {{first:.2f}} ms, then {{later:.2f}} ms each, {{sum(steps):.3f}} s")
assert all(torch.equal(one[1], two[1]) for one, two in rounds)  # the same text
"""


def agreement_code(source: str, text: str, dtype: str, new: int) -> str:
    """Return code that prints the largest difference of a logit over all steps."""
    return f"""{_start(source, text, dtype)}
cache, given, worst = DynamicCache(config=model.config), ids, 0.0
with torch.no_grad():
    for _ in range({new}):
        cached = model(given, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[0, -1]
        bare = model(ids, use_cache=False, logits_to_keep=1).logits[0, -1]
        worst = max(worst, (cached.double() - bare.double()).abs().max().item())
        given = cached.argmax().view(1, 1)
        ids = torch.cat([ids, given], dim=1)
print(worst)
print(tokenizer.decode(ids[0, -{new}:]))
"""


def contents_code(source: str, text: str, dtype: str) -> str:
    """Return code that prints shapes and bytes of the cache after the prompt."""
    return f"""{_start(source, text, dtype)}
cache = DynamicCache(config=model.config)
with torch.no_grad():
    model(ids, past_key_values=cache, use_cache=True)
for number, layer in enumerate(cache.layers):
    print(number, tuple(layer.keys.shape), layer.keys.nbytes + layer.values.nbytes)
print(sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers), "bytes")
"""


def kinds_code(source: str, text: str, dtype: str, new: int) -> str:
    """Return code that tries three kinds of cache on the same tokens."""
    return f"""{_start(source, text, dtype)}
from transformers import QuantizedCache, StaticCache

made = {{
    "dynamic": lambda: DynamicCache(config=model.config),
    "static": lambda: StaticCache(config=model.config, max_cache_len=ids.shape[1] + {new}),
    "quantized": lambda: QuantizedCache(backend="fp8", config=model.config),
}}
for name, make in made.items():
    written = model.generate(ids, attention_mask=torch.ones_like(ids), past_key_values=make(),
                             max_new_tokens={new}, min_new_tokens={new}, do_sample=False)
    print(f"{{name:10}}", tokenizer.decode(written[0, ids.shape[1]:]))
"""


def work_code(source: str, text: str, dtype: str) -> str:
    """Return code that counts the operations of prefill and of one step."""
    return f"""{_start(source, text, dtype)}
from torch.utils.flop_counter import FlopCounterMode

cache = DynamicCache(config=model.config)
for name, given in (("prefill", ids), ("one step", ids[:, :1])):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(given, past_key_values=cache, use_cache=True, logits_to_keep=1)
    print(f"{{name}}: {{counter.get_total_flops():,}} operations")
"""


def planner_code(layers: int, kv_heads: int, head_size: int, length: int, batch: int,
                 itemsize: int) -> str:  # fmt: skip
    """Return the formula with its numbers."""
    return f"""layers, kv_heads, head_size = {layers}, {kv_heads}, {head_size}
length, batch, itemsize = {length}, {batch}, {itemsize}
token = 2 * layers * kv_heads * head_size * itemsize  # 2: keys and values
print(f"{{token:,}} bytes for each token, {{token * length * batch / 2**30:.4g}} GiB in all")
"""
