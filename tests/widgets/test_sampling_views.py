"""What the views of the sampling page say by themselves."""

import pytest

from components import engine
from components.engine import ModelChoice
from components.inspection.sampling import next_token as module
from components.inspection.sampling.compare import Continuation, Strategies
from components.inspection.sampling.generation import first_drawn
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.settings import Settings
from components.lesson import Ask
from components.widgets.sampling_settings import summary
from pages.output.sampling import compare, logits_processing

STORYTELLER = ModelChoice("storyteller", "cpu", "float32")


@pytest.mark.parametrize("seed", range(5))
def test_the_browser_is_told_the_name_of_the_token_drawn(seed, monkeypatch):
    """However far down the line it stands: the lesson of a high temperature is what comes out."""
    monkeypatch.setattr(module, "NAMED", 3)
    following = next_token(engine._model(STORYTELLER), f"Once upon a time {seed}")
    settings = Settings(temperature=5, seed=seed)
    drawn = first_drawn(following.logits, following.history, settings)
    assert drawn not in following.texts
    told = logits_processing.names(Ask(STORYTELLER, "", "sampling"), following, settings)
    assert told[drawn] == engine._model(STORYTELLER).token_texts([drawn])[0]
    assert told.items() > following.texts.items()


def strategies(*tokens):
    ways = [
        Continuation(name, each, "", -float(len(each)))
        for name, each in zip(("greedy", "beam search", "sampling"), tokens, strict=True)
    ]
    return Strategies(*ways, search=None)


@pytest.mark.parametrize(
    ("tokens", "right", "said"),
    [
        (((1,), (1,), (1,)), "a tie", "All three wrote the same text"),
        (((1,), (1,), (1, 2)), "a tie", "**greedy** and **beam search** wrote the same text"),
        (((1,), (1, 2), (1,)), "a tie", "**greedy** and **sampling** wrote the same text"),
        (((1, 2), (1,), (1, 3)), "beam search", "The likeliest of the three is the one by **beam"),
        (((1,), (1, 2), (1, 3)), "greedy", "The likeliest of the three is the one by **greedy**"),
        (((1, 2), (1, 3), (1,)), "sampling", "The likeliest of the three is the one by **samp"),
    ],
)
def test_who_is_right_is_told_and_a_tie_is_nobodys(tokens, right, said):
    found = compare.verdict(strategies(*tokens))
    assert found.right == right
    assert found.because.startswith(said)


def test_settings_after_a_temperature_of_0_are_not_said():
    assert summary(Settings(temperature=0, top_k=5, seed=3)) == "Greedy: temperature **0**"
    assert summary(Settings(top_k=5, seed=3)) == "Sampling: top-k **5** · seed **3**"
