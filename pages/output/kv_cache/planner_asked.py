"""What the planner's views ask for: a model, a load, and how many devices."""

from components.inspection.errors import InspectionError
from components.inspection.kv_cache import described, planner
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.shapes import Shape
from components.lesson import Ask
from components.widgets.presets import examples

LOADED, OTHER = "the loaded model", "another model"
LENGTHS = (*(2**power for power in range(7, 19)), 2**20)
BATCHES = tuple(2**power for power in range(10))
GPUS = (1, 2, 4, 8, 16)
HALF = "float16 / bfloat16"
SAYS = {each: each for each in planner.WEIGHT_BITS} | {HALF: "16-bit"}
USUAL = {
    "length": "4096",
    "batch": "1",
    "weights_as": "16-bit",
    "cache_as": "16-bit",
    "gpus": "1",
    "eager": False,
}
EXAMPLES: dict[str, dict[str, str]] = {
    "384 KiB a token: Phi-3-mini": {"plan": "Phi-3-mini"},
    "Shared heads: Llama-3-8B": {"plan": "Llama-3-8B", "length": "8192"},
    "A laptop: TinyLlama in 4 bit": {"plan": "TinyLlama-1.1B", "weights_as": "4-bit"},
    "Thirty students: a batch of 32": {"plan": "Llama-2-7B", "batch": "32"},
    "A window forgets: Mistral": {"plan": "Mistral-7B v0.1", "length": "32768"},
    "Two GPUs: Llama-3-70B": {"plan": "Llama-3-70B", "gpus": "2"},
    "Experts are all kept: Mixtral": {"plan": "Mixtral-8x7B", "weights_as": "4-bit"},
    "Sixteen GPUs: Llama-3.1-405B": {"plan": "Llama-3.1-405B", "gpus": "16"},
}
"""What the controls are set to, beside what is usual."""


def asked_shape(ask: Ask) -> Shape:
    name = ask.choice_of("Model to plan for", "plan", [*PUBLISHED, LOADED, OTHER], "Phi-3-mini")
    if name == LOADED:
        return ask.inspect(described.loaded_shape)
    if name in PUBLISHED:
        return PUBLISHED[name]
    source = ask.text(
        "Hub id or folder", "config", "", most=500, hint="Only its config.json is read."
    ).strip()
    if not source:
        raise InspectionError("Type a hub id (owner/name) or the path of a folder.")
    return ask.compute(described.described_shape, source)


def asked_load(ask: Ask) -> tuple[int, int, str, str, bool]:
    """Ask for length, batch, the dtypes of weights and cache, and whether scores are kept."""
    hint = "Prompt and answer together."
    length = ask.choice_of("Tokens in each text", "length", LENGTHS, 4_096, hint=hint)
    batch = ask.choice_of("Batch size", "batch", BATCHES, hint="Texts at once.")
    examples(ask, {name: USUAL | sets for name, sets in EXAMPLES.items()})
    weights = ask.choice_of("Weights as", "weights_as", list(planner.WEIGHT_BITS), HALF, says=SAYS)
    cache = ask.choice_of("Cache as", "cache_as", list(planner.CACHE_BYTES), HALF, says=SAYS)
    hint = "As eager code does. Flash attention never holds them all."
    return (
        length,
        batch,
        weights,
        cache,
        ask.toggle("Materialize attention scores", "eager", hint=hint),
    )


def asked_gpus(ask: Ask) -> int:
    hint = "Of one kind in one machine; whole layers lie on each, one after the other."
    return ask.choice_of("GPUs", "gpus", GPUS, hint=hint)
