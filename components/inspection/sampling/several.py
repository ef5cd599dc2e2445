"""Several texts from one prompt and one setting, each with a seed of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from components.inspection.model import Model
from components.inspection.progress import Progress, silent
from components.inspection.sampling.generation import Step, steps
from components.inspection.sampling.settings import Settings


@dataclass(frozen=True)
class Several:
    """Texts with the seeds `settings.seed`, one more, and so on.

    `tokens[i]` are the ids that text i has after the prompt, and `texts[i]` shows them.
    """

    settings: Settings
    tokens: tuple[tuple[int, ...], ...]
    texts: tuple[str, ...]

    def distinct_after(self, count: int) -> int:
        """Return how many of the texts differ from one another in their first `count` tokens.

        >>> three = Several(Settings(), ((1, 2), (1, 3), (1, 2)), ("ab", "ac", "ab"))
        >>> three.distinct_after(1), three.distinct_after(2)
        (1, 2)
        """
        return len({tokens[:count] for tokens in self.tokens})


def several(
    model: Model,
    text: str,
    ways: Mapping[str, Settings],
    count: int,
    new_tokens: int,
    progress: Progress = silent,
) -> dict[str, Several]:
    """Write `count` texts of up to `new_tokens` after `text` in each of `ways`, by their names.

    The same `count` seeds are used in all of them: only the settings differ.

    Raises:
        InspectionError: as `generation.steps`.
    """
    found, done = {}, 0
    for name, settings in ways.items():
        written: list[tuple[Step, ...]] = []
        for seed in range(settings.seed, settings.seed + count):
            progress(done / (count * len(ways)), f"{name}, text {len(written) + 1} of {count}")
            written.append(tuple(steps(model, text, replace(settings, seed=seed), new_tokens)))
            done += 1
        found[name] = Several(
            settings,
            tuple(tuple(step.chosen.token for step in each) for each in written),
            tuple("".join(step.chosen.text for step in each) for each in written),
        )
    return found
