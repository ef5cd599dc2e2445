"""The few lines of plain transformers that give what is on screen."""

from typing import Final

from components.engine import ModelChoice
from components.inspection.catalogue import opening
from components.inspection.model import ModelFacts
from components.inspection.sampling.settings import RANGES, Settings
from components.widgets.text_files import in_code

Ids = tuple[int, ...]
Logits = tuple[float, ...]
_CLASSES: Final = {
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "masked": "AutoModelForMaskedLM",
}
_PROCESSORS: Final = {row.name: row.processor for row in RANGES.values() if row.processor}
"""transformers' own, by the setting that each follows, in the order in which they are applied."""
_COUNTS: Final = """\
class CountPenalty(LogitsProcessor):  # presence and frequency penalties, which generate() lacks
    def __call__(self, ids, scores):
        counts = torch.zeros_like(scores).scatter_add_(1, ids, torch.ones_like(ids).to(scores))
        return scores - {presence} * (counts > 0) - {frequency} * counts


"""


def generate_arguments(settings: Settings) -> str:
    """Return the settings as arguments of `generate`, those that change nothing left out.

    `top_k=0` is written out: `generate` keeps only the 50 likeliest tokens unless told not to.

    >>> generate_arguments(Settings(temperature=0.7))
    'do_sample=True, temperature=0.7, top_k=0'
    """
    wanted = settings.applied().keys() | {"top_k"}
    if settings.greedy:
        wanted -= {"temperature", "top_k"}
    given = [f"{name}={_value(settings, name)}" for name in _PROCESSORS if name in wanted]
    return ", ".join([f"do_sample={not settings.greedy}", *given])


def _value(settings: Settings, name: str) -> str:
    # transformers takes no whole number where it wants another.
    value = getattr(settings, name)
    return str(int(value) if RANGES[name].whole else float(value))


def processing_code(
    choice: ModelChoice,
    facts: ModelFacts,
    text: str,
    settings: Settings,
    history: Ids,
    toy: Logits = (),
) -> str:
    """Return code that prints the likeliest next tokens after the settings, at most ten.

    `history` are the ids that penalties count; `toy` are logits to begin with instead of a model's.
    """
    last = "{tokenizer.decode([token])!r}" if not toy else "token {token}"
    return (
        f"{_scores(choice, facts, text, settings, history, toy)}\n"
        "left = int((scores > -torch.inf).sum())\n"
        "for p, token in zip(*scores.softmax(-1)[0].topk(min(10, left))):\n"
        f'    print(f"{{p:8.4f}}  {last}")\n'
    )


def draws_code(
    choice: ModelChoice, facts: ModelFacts, text: str, settings: Settings, history: Ids, count: int
) -> str:
    """Return code that draws as often, and tests the counts."""
    return (
        "from scipy.stats import chisquare\n"
        f"{_scores(choice, facts, text, settings, history, ())}\n"
        f"""p = scores.softmax(-1)[0].double()
p /= p.sum()
generator = torch.Generator().manual_seed({settings.seed})
drawn = torch.multinomial(p, {count}, replacement=True, generator=generator)
counts = torch.bincount(drawn, minlength=len(p))

# Tokens of which fewer than 5 draws are expected share one bin; if that one expects fewer than
# 5 itself, the smallest other bin joins it.
expected = {count} * p
order = expected.argsort(descending=True, stable=True)
alone = int((expected >= 5).sum())
if 0 < expected[order[alone:]].sum() < 5 and alone:
    alone -= 1
bins = [order[[place]] for place in range(alone)]
if expected[order[alone:]].sum() > 0:
    bins.append(order[alone:])
print(chisquare(*([float(each[b].sum()) for b in bins] for each in (counts, expected))))
"""
    )


def generate_code(
    choice: ModelChoice,
    facts: ModelFacts,
    text: str,
    settings: Settings,
    new_tokens: int,
    stops: tuple[str, ...] = (),
) -> str:
    """Return code that writes on; where it draws, it draws otherwise, so its text is another."""
    counts = bool(settings.presence_penalty or settings.frequency_penalty)
    more = ", LogitsProcessor" if counts else ""
    extra = ",\n                     logits_processor=[CountPenalty()]" if counts else ""
    if stops:
        extra += f",\n                     stop_strings={list(stops)!r}, tokenizer=tokenizer"
    return f"""import torch
from transformers import {_CLASSES[facts.kind]}, AutoTokenizer{more}

{_count_penalty(settings) if counts else ""}{_loaded(choice, facts)}
inputs = tokenizer({text!r}, return_tensors="pt")
torch.manual_seed({settings.seed})
ids = model.generate(**inputs, max_new_tokens={new_tokens},
                     {generate_arguments(settings)}{extra})
print(tokenizer.decode(ids[0]))
"""


def beam_code(
    choice: ModelChoice,
    facts: ModelFacts,
    text: str,
    beams: int,
    new_tokens: int,
    length_penalty: float,
) -> str:
    """Return code whose first line of output is the best beam and its score."""
    return f"""import torch
from transformers import {_CLASSES[facts.kind]}, AutoTokenizer

{_loaded(choice, facts)}
inputs = tokenizer({text!r}, return_tensors="pt")
found = model.generate(**inputs, max_new_tokens={new_tokens}, do_sample=False, num_beams={beams},
                       length_penalty={length_penalty}, num_return_sequences={beams},
                       return_dict_in_generate=True, output_scores=True)
scores = found.sequences_scores if {beams} > 1 else ["greedy: no score"]
for ids, score in zip(found.sequences, scores):
    print(f"{{score}}  {{tokenizer.decode(ids)!r}}")
"""


def perplexity_code(
    choice: ModelChoice, facts: ModelFacts, text: str, prompt: str, before: Ids, window: int | None
) -> str:
    """Return code that prints the perplexity on screen.

    `before` are the start tokens that were read; of a text too long for one, `window` is how many
    tokens were read at a time. An encoder-decoder answers `prompt`.
    """
    put = ", ".join(map(str, before))
    head = f"""import torch
from torch.nn.functional import cross_entropy
from transformers import {_CLASSES[facts.kind]}, AutoTokenizer

{_loaded(choice, facts)}
text = {in_code(text)}
ids = tokenizer(text, add_special_tokens=False).input_ids
ids = torch.tensor([[{put + ", " if put else ""}*ids]])
"""
    source = ""
    if facts.kind == "seq2seq":
        head += f'prompt = tokenizer({prompt!r}, return_tensors="pt").input_ids\n'
        source = "input_ids=prompt, decoder_input_ids="
    if window is None:
        return f"""{head}with torch.no_grad():
    logits = model({source}ids).logits[0, :-1].float()
print(cross_entropy(logits, ids[0, 1:]).exp())  # the mean is over all tokens but the first
"""
    return f"""{head}begin, done, total = 0, 1, 0.0
while done < ids.shape[1]:  # windows that overlap by half
    end = min(begin + {window}, ids.shape[1])
    with torch.no_grad():
        logits = model({source}ids[:, begin:end]).logits[0, done - 1 - begin : end - 1 - begin]
    total += cross_entropy(logits.float(), ids[0, done:end], reduction="sum")
    begin, done = max(0, end - {window} // 2), end
print((total / (ids.shape[1] - 1)).exp())  # the mean is over all tokens but the first
"""


def _loaded(choice: ModelChoice, facts: ModelFacts) -> str:
    where = opening(choice.source, choice.revision)
    return f"""tokenizer = AutoTokenizer.from_pretrained({where})
model = {_CLASSES[facts.kind]}.from_pretrained(
    {where}, dtype=torch.{facts.dtype}, attn_implementation="eager")"""


def _count_penalty(settings: Settings) -> str:
    return _COUNTS.format(presence=settings.presence_penalty, frequency=settings.frequency_penalty)


def _scores(
    choice: ModelChoice, facts: ModelFacts, text: str, settings: Settings, history: Ids, toy: Logits
) -> str:
    """Return code that ends with the logits after the settings, `scores` [1, token]."""
    counts = bool(settings.presence_penalty or settings.frequency_penalty)
    wanted = [name for name in _PROCESSORS if name in settings.applied()]
    if settings.greedy:
        wanted.remove("temperature")
    steps = {name: f"{_PROCESSORS[name]}({_value(settings, name)})" for name in wanted}
    lines = [f"scores = {made}(ids, scores)" for made in steps.values()]
    if counts:
        lines.insert(int("repetition_penalty" in steps), "scores = CountPenalty()(ids, scores)")
    if settings.greedy:
        lines += [
            "best = scores.argmax(-1, keepdim=True)  # temperature 0",
            "scores = torch.full_like(scores, -torch.inf).scatter(1, best, scores.gather(1, best))",
        ]
    names = [_PROCESSORS[name] for name in wanted] + ["LogitsProcessor"] * counts
    if toy:
        imports = f"from transformers import {', '.join(sorted(names))}\n" if names else ""
        head = f"ids = torch.tensor([{list(history)}])\nscores = torch.tensor([{list(toy)}])"
    else:
        names += [_CLASSES[facts.kind], "AutoTokenizer"]
        imports = f"from transformers import (\n    {', '.join(sorted(names))},\n)\n"
        head = _read(choice, facts, text, history)
    made = _count_penalty(settings) if counts else ""
    return f"import torch\n{imports}\n{made}{head}\n" + "\n".join(lines) + "\n" * bool(lines)


def _read(choice: ModelChoice, facts: ModelFacts, text: str, history: Ids) -> str:
    loaded = _loaded(choice, facts)
    if facts.kind == "masked":
        return f"""{loaded}
text = {text!r}
if tokenizer.mask_token not in text:
    text += f" {{tokenizer.mask_token}}"
ids = tokenizer(text, return_tensors="pt").input_ids
place = ids[0].tolist().index(tokenizer.mask_token_id)
with torch.no_grad():
    scores = model(ids).logits[:, place].float()"""
    if facts.kind == "seq2seq":
        return f"""{loaded}
prompt = tokenizer({text!r}, return_tensors="pt").input_ids
ids = torch.tensor([{list(history)}])  # with this its decoder begins
with torch.no_grad():
    scores = model(input_ids=prompt, decoder_input_ids=ids).logits[:, -1].float()"""
    return f"""{loaded}
ids = tokenizer({text!r}, return_tensors="pt").input_ids
with torch.no_grad():
    scores = model(ids).logits[:, -1].float()"""
