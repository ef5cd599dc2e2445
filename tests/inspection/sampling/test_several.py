"""Several texts: each is what its seed writes alone, and settings decide how many differ."""

from components.inspection.sampling.generation import steps
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.several import several

TEXT = "to be, or not"


def test_each_text_is_the_one_that_its_seed_writes_alone(tiny_causal):
    settings = Settings(temperature=1.5, seed=7)
    found = several(tiny_causal, TEXT, {"hot": settings}, 3, 5)["hot"]
    alone = [
        tuple(
            step.chosen
            for step in steps(tiny_causal, TEXT, Settings(temperature=1.5, seed=seed), 5)
        )
        for seed in (7, 8, 9)
    ]
    assert found.tokens == tuple(tuple(each.token for each in text) for text in alone)
    assert found.texts == tuple("".join(each.text for each in text) for text in alone)


def test_greedy_decoding_writes_one_text_whatever_the_seed(tiny_causal):
    ways = {"greedy": Settings(temperature=0), "hot": Settings(temperature=5)}
    found = several(tiny_causal, TEXT, ways, 4, 6)
    assert found["greedy"].distinct_after(6) == 1
    assert found["hot"].distinct_after(6) == 4


def test_progress_is_told_of_each_text(tiny_causal):
    told = []
    ways = {"a": Settings(), "b": Settings(temperature=0)}
    several(tiny_causal, TEXT, ways, 2, 2, lambda share, phrase: told.append((share, phrase)))
    assert told == [
        (0.0, "a, text 1 of 2"),
        (0.25, "a, text 2 of 2"),
        (0.5, "b, text 1 of 2"),
        (0.75, "b, text 2 of 2"),
    ]
