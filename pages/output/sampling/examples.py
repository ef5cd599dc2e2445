"""Prompts with the settings that teach something by them, from the source texts among others."""

from collections.abc import Mapping
from typing import Any, Final

from components.inspection.masking import with_mask
from components.inspection.sampling.settings import Settings
from components.lesson import Ask

Examples = Mapping[str, Mapping[str, Any]]

FOX = "Once upon a time there was a little fox named Leo."
MOVIE = "This movie was a very"
PARIS = "The capital of France is"
LARGER = (
    "The storyteller knows few words: a larger model goes on with “target” after “When a measure "
    "becomes a”, and with a kind of car after “I am driving a”."
)
LOGITS: Examples = {
    "Six beginnings, none of them sure": {"prompt": FOX, "settings": Settings()},
    "Top-p 0.95: many words fit": {"prompt": MOVIE, "settings": Settings(top_p=0.95)},
    "A sure answer: how hot until it fails?": {
        "prompt": PARIS,
        "settings": Settings(temperature=3),
    },
    "Nothing fits well: top-k 5": {
        "prompt": "When a measure becomes a",
        "settings": Settings(top_k=5),
    },
    "Half a sentence: min-p 0.2": {"prompt": "I am driving a", "settings": Settings(min_p=0.2)},
    "Said twice: penalise it": {
        "prompt": "lamp river cake moon garden bell lamp river cake moon",
        "settings": Settings(repetition_penalty=3),
    },
}
GAPS: Final = {
    "A word in the middle": ("What a horrible", "!", Settings()),
    "A fact in the middle": ("The capital of", " is Paris.", Settings(top_p=0.95)),
}
"""By name: what stands before a mask and behind it, and the settings."""
WRITTEN: Examples = {
    "A review: top-p 0.95, 50 tokens": {
        "prompt": MOVIE,
        "settings": Settings(top_p=0.95),
        "new": 50,
        "stop": "",
    },
    "One sentence: stop at a full stop": {
        "prompt": "Once upon a time there was a",
        "settings": Settings(),
        "new": 60,
        "stop": ".",
    },
    "Greedy decoding counts on": {
        "prompt": "one, two, three, four, five,",
        "settings": Settings(temperature=0),
        "new": 12,
        "stop": "",
    },
    "Too hot: nonsense": {
        "prompt": FOX,
        "settings": Settings(temperature=4),
        "new": 30,
        "stop": "",
    },
}
COMPARED: Examples = {
    "Beam search finds a likelier text": {
        "prompt": FOX,
        "settings": Settings(),
        "each": 40,
        "beams": 8,
    },
    "All three write the same": {
        "prompt": "When Mary and John went to the shop, Mary gave a drink to",
        "settings": Settings(temperature=0.3),
        "each": 2,
        "beams": 3,
    },
    "One beam is greedy decoding": {
        "prompt": "Once upon a time there was a",
        "settings": Settings(),
        "each": 12,
        "beams": 1,
    },
}
DRAWN: Examples = {
    "Six beginnings": {"prompt": FOX, "settings": Settings(), "draws": 1000},
    "Few draws say little": {"prompt": FOX, "settings": Settings(), "draws": 30},
    "One sure answer: nothing to test": {"prompt": PARIS, "settings": Settings(), "draws": 1000},
    "Hot: nearly all alike": {
        "prompt": FOX,
        "settings": Settings(temperature=2, top_k=14),
        "draws": 20_000,
    },
}
SCORED: Examples = {
    "A beginning that it knows": {"prompt": FOX, "text": ""},
    "The same words, shuffled": {
        "prompt": "Leo fox time there named Once a upon a was little.",
        "text": "",
    },
    "Said twice: the second time is cheap": {
        "prompt": "lamp river cake moon garden bell lamp river cake moon garden bell",
        "text": "",
    },
}
APPLE = (
    "Apple Inc. is an American multinational corporation and technology company headquartered in "
    "Cupertino, California, in Silicon Valley."
)
FALCON = "A Falcon is a generative transformer model and it can't fly."
RECORDED = (
    "Of two texts the second is scored in the part below. Apple and Falcon: Falcon-7B gave them "
    "perplexity 5.08 and 121.19 (recorded in a source text, not measured here). The storyteller "
    "knows neither subject: choose a larger model."
)
PAIRS: Examples = {
    "Two texts: in order, and shuffled": {
        "prompt": FOX,
        "text": "",
        "other": SCORED["The same words, shuffled"]["prompt"],
    },
    "Two texts: right and wrong": {
        "prompt": "The capital of France is Paris.",
        "text": "",
        "other": "The capital of France is Rome.",
    },
    "Two texts: Apple and Falcon": {"prompt": APPLE, "text": "", "other": FALCON},
}


def offered(ask: Ask) -> Examples:
    """Return the examples of one distribution that the loaded model can do."""
    if ask.facts.kind != "masked":
        return LOGITS
    return {
        name: {"prompt": ask.inspect(with_mask, before) + after, "settings": settings}
        for name, (before, after, settings) in GAPS.items()
    }
