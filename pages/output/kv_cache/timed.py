"""The measurement that both kinds of Timing draw."""

from dataclasses import asdict

from components.inspection.kv_cache import timing
from components.inspection.kv_cache.asking import MOST_REPEATS
from components.inspection.kv_cache.timing import Timing
from components.lesson import Ask
from components.widgets.measuring import clock, duration
from components.widgets.presets import examples
from pages.output.kv_cache import parts
from pages.output.kv_cache.timing_words import ANSWERS, question

EXAMPLES = {
    "The book's e-mail: 100 tokens": {
        "prompt": "Write a very long email apologizing to Sarah for the tragic gardening mishap. "
        "Explain how it happened.",
        "new": "100",
    },
    "A short answer: prefill counts": {"prompt": "The capital of France is", "new": "8"},
}
NOTE = (
    "*Hands-On Large Language Models* times the e-mail with Phi-3-mini on a GPU, 4.5 s with the "
    "cache and 21.8 s without. A model a thousand times smaller shows the same two lines, with a "
    "smaller gap: *Roofline* says why."
)


def measured(ask: Ask) -> Timing:
    new = parts.asked_new(ask, ask.facts.context // 2, 32)
    prompt = parts.asked_prompt(ask, new)
    hint = "Each writes the text both ways."
    repeats = ask.number("Repeats", "repeats", 1, MOST_REPEATS, 5, hint=hint)
    examples(ask, EXAMPLES, NOTE)
    once = ask.inspect(timing.pace, ask.prompt, prompt, new).both(new)
    return ask.measure(
        timing.measure,
        ask.prompt,
        prompt,
        new,
        repeats,
        label="Measure",
        cost=f"About **{duration(once * (repeats + 0.5))}** on this machine: one run to warm up, "
        f"then {repeats} × {2 * new} steps. You can stop at any time and keep what was measured.",
        told=told,
        asks=(question(parts.start(ask, prompt), new), ANSWERS),
        seconds=once * (repeats + 0.5),
        older=True,
    )


def told(so_far: Timing) -> tuple[float, str, bool]:
    if not so_far.tokens:
        return 0.0, f"Warming up: {so_far.warm:.0%}", False
    left = so_far.estimate * (1 - so_far.share)
    says = f"{so_far.share:.0%} · about {duration(left)} to go"
    return so_far.share, says, so_far.share > 0


def facts_of(found: Timing) -> dict[str, object]:
    """Return what the files say beside the table: the settings, when, and on what."""
    return {
        "prompt_tokens": found.prompt,
        "new_tokens": found.new,
        "repeats": found.repeats,
        "measured_share": round(found.share, 4),
        "same_tokens": not found.different,
        "measured_at": clock(found.at),
    } | asdict(found.machine)
