"""A few lines of plain torch and transformers that reproduce what is on screen."""

from collections.abc import Sequence
from typing import Final

from components.inspection.kv_cache.shapes import Shape
from pages.output.kv_cache.lines import Lines

KINDS: Final = {
    "dynamic": "DynamicCache(config=model.config)",
    "dynamic, windows ignored": "DynamicCache()",
    "static": "StaticCache(config=model.config, max_cache_len=ids.shape[1] + {new} - 1)",
    "sliding window": "sliding({window})",
    "quantized, 8-bit float": 'QuantizedCache(backend="fp8", config=model.config)',
    "quantized, 4-bit integer": 'QuantizedCache(backend="quanto", config=model.config)',
    "offloaded": "DynamicCache(config=model.config, offloading=True)",
}
"""How plain code makes each kind of cache."""
_SLIDING: Final = """

def sliding(window):
    cache = DynamicCache(config=model.config)
    cache.layers = [DynamicSlidingWindowLayer(sliding_window=window) for _ in cache.layers]
    return cache
"""


def class_of(name: str) -> str:
    """Return the class of transformers behind the cache type called `name`.

    >>> class_of("static"), class_of("sliding window")
    ('StaticCache', 'DynamicSlidingWindowLayer')
    """
    made = KINDS[name].partition("(")[0]
    return "DynamicSlidingWindowLayer" if made == "sliding" else made


def timing_code(lines: Lines, text: str, prompt: int, new: int, repeats: int) -> str:
    """Return code that prints the median milliseconds of a step and the totals of both ways."""
    return f"""import gc
import statistics
import time

{lines.start(text, prompt=prompt)}

def write(cached):
    seen, cache, times = ids, {lines.cache}, []
    for step in range({new}):
        start = time.perf_counter()  # on a GPU: torch.cuda.Event and synchronize
        if not cached:
            logits = logits_of(seen)
        elif step == 0:
            logits = logits_of(seen, cache)
        else:
            logits = logits_of(seen[:, -1:], cache, seen.shape[1] - 1)
        token = logits.argmax()
        times.append(time.perf_counter() - start)
        seen = torch.cat([seen, token.view(1, 1)], dim=1)
    return times, seen


write(True), write(False)  # warm up
gc.disable()
rounds = [[write(True), write(False)] for _ in range({repeats})]
for name, runs in zip(("with", "without"), zip(*rounds)):
    steps = [statistics.median(step) for step in zip(*(times for times, _ in runs))]
    first, later = steps[0] * 1e3, statistics.median(steps[1:]) * 1e3
    print(f"{{name:8}} {{first:.2f}} ms, then {{later:.2f}} ms each, {{sum(steps):.3f}} s")
print(rounds[0][0][1][0, ids.shape[1]:].tolist())
assert all(torch.equal(one[1], two[1]) for one, two in rounds)  # the same text
"""


def agreement_code(lines: Lines, text: str, new: int) -> str:
    """Return code that prints the largest difference of a logit over all steps."""
    return f"""{lines.start(text)}

cache, worst = {lines.cache}, 0.0
for step in range({new}):
    past = ids.shape[1] - 1 if step else 0
    cached = logits_of(ids[:, past:], cache, past)
    worst = max(worst, (cached.double() - logits_of(ids).double()).abs().max().item())
    ids = torch.cat([ids, cached.argmax().view(1, 1)], dim=1)
print(worst)
print(tokenizer.decode(ids[0, -{new}:]))
"""


def contents_code(lines: Lines, text: str) -> str:
    """Return code that prints what each layer holds after the prompt, and the bytes of all."""
    own = "cache.self_attention_cache.layers" if lines.two_stacks else "cache.layers"
    return f"""{lines.start(text)}

def kept(name, value):
    if isinstance(value, torch.Tensor) and value.dim() > 1:  # the others are lengths and flags
        yield name, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from kept(f"{{name}} {{key}}".strip(), each)


cache = {lines.cache}
logits_of(ids, cache)
total = 0
for number, layer in enumerate({own}):
    for name, tensor in kept("", vars(layer)):
        print(number, name, tuple(tensor.shape), tensor.nbytes)
        total += tensor.nbytes
print(total, "bytes")
"""


def kinds_code(
    lines: Lines, text: str, prompt: int, new: int, window: int, names: Sequence[str]
) -> str:
    """Return code that prints what each kind of cache called in `names` holds and changes."""
    made = "\n".join(
        f"    {name!r}: lambda: {lines.around(KINDS[name].format(new=new, window=window))},"
        for name in names
    )
    caches = [one for one in ("QuantizedCache", "StaticCache") if one in made]
    slides = "sliding(" in made
    layer = "\nfrom transformers.cache_utils import DynamicSlidingWindowLayer" if slides else ""
    own = ".self_attention_cache" if lines.two_stacks else ""
    return f"""{lines.start(text, caches, prompt)}{layer}{_SLIDING if slides else ""}

def tensors(value):
    if isinstance(value, torch.Tensor) and value.dim() > 1:
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from tensors(each)


def held(cache):
    layers = [vars(layer) for layer in cache{own}.layers]
    storages = [one.untyped_storage() for layer in layers for one in tensors(layer)]
    return sum({{each.data_ptr(): each.nbytes() for each in storages}}.values())


def run(cache, fed):
    steps = [logits_of(ids, cache)]
    for step in range({new} - 1):
        token = fed[step] if fed else steps[-1].argmax()
        steps.append(logits_of(token.view(1, 1), cache, ids.shape[1] + step))
    return torch.stack(steps).double()


reference = run({lines.cache}, None)
fed = list(reference.argmax(-1))  # all kinds read the same tokens
made = {{
{made}
}}
for name, make in made.items():
    cache = make()
    logits = run(cache, fed)
    same = int((logits.argmax(-1) == reference.argmax(-1)).sum())
    worst = (logits - reference).abs().max().item()
    print(f"{{name}}: {{held(cache)}} bytes, {{worst}}, {{same}} of {new}")
"""


def work_code(lines: Lines, text: str, prompt: int, new: int) -> str:
    """Return code that counts the operations of prefill, of the last step, and of it without."""
    encoder = "\n    encoded(text)" if lines.two_stacks else ""
    return f"""{lines.start(text, prompt=prompt)}
from torch.utils.flop_counter import FlopCounterMode

cache = {lines.cache}
whole = torch.cat([ids, ids[:, :1].expand(-1, {new} - 1)], dim=1)  # any tokens will do
with FlopCounterMode(display=False) as prefill:{encoder}
    logits_of(ids, cache)
for past in range(ids.shape[1], whole.shape[1] - 1):
    logits_of(whole[:, past:past + 1], cache, past)
with FlopCounterMode(display=False) as step:
    logits_of(whole[:, -1:], cache, whole.shape[1] - 1)
with FlopCounterMode(display=False) as again:
    logits_of(whole)
for name, counter in (("prefill", prefill), ("a step with the cache", step),
                      ("the same step without", again)):
    print(f"{{name}}: {{counter.get_total_flops():,}} operations")
"""


def planner_code(shape: Shape, length: int, batch: int, itemsize: int) -> str:
    """Return the bytes of the cache by the law of each layer, with its numbers."""
    groups: list[list[object]] = []
    for law in shape.cache:
        row: object = law.row
        if law.usual:
            row = f"2 * {law.heads} * {law.key_size}"  # a key and a value
        numbers = [row, law.most, law.state, law.state_bytes]
        if groups and groups[-1][1:] == numbers:
            groups[-1][0] = int(str(groups[-1][0])) + 1
        else:
            groups.append([1, *numbers])
    rows = "\n".join(f"    ({', '.join(str(each) for each in group)})," for group in groups)
    cross = f" + batch * length * {shape.cross_row} * itemsize" if shape.cross_row else ""
    says = "  # the last: what the encoder's tokens take" if shape.cross_row else ""
    return f"""length, batch, itemsize = {length}, {batch}, {itemsize}
# layers, numbers that a token adds, tokens remembered at most,
# numbers and bytes that are there however long the text
laws = [
{rows}
]
token = sum(layers * row * itemsize for layers, row, *_ in laws)
total = sum(
    layers * batch * (row * min(length, most or length) * itemsize
                      + numbers * max(itemsize, 2) + fixed)
    for layers, row, most, numbers, fixed in laws
){cross}{says}
print(f"{{token:,}} bytes for each token, {{total / 2**30:.4g}} GiB in all")
"""
