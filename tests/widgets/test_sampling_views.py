"""What the views of the sampling page say by themselves."""

import pytest

from components import engine
from components.engine import ModelChoice
from components.inspection.sampling import next_token as module
from components.inspection.sampling.compare import Continuation, Strategies
from components.inspection.sampling.generation import first_drawn
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.settings import Settings
from components.widgets.sampling import compare_view, reshape_view, state

STORYTELLER = ModelChoice("storyteller", "cpu", "float32")


@pytest.mark.parametrize("seed", range(5))
def test_the_browser_is_told_the_name_of_the_token_drawn(seed, monkeypatch):
    """However far down the line it stands: the lesson of a high temperature is what comes out."""
    monkeypatch.setattr(module, "NAMED", 3)
    following = next_token(engine._model(STORYTELLER), f"Once upon a time {seed}")
    settings = Settings(temperature=5, seed=seed)
    drawn = first_drawn(following.logits, following.history, settings)
    assert drawn not in following.texts
    told = reshape_view._texts(STORYTELLER, following, settings)
    assert told[drawn] == engine._model(STORYTELLER).token_texts([drawn])[0]
    assert told.items() > following.texts.items()


def strategies(*tokens):
    ways = [
        Continuation(name, each, "", -float(len(each)))
        for name, each in zip(("greedy", "beam search", "sampling"), tokens, strict=True)
    ]
    return Strategies(*ways, search=None)


@pytest.mark.parametrize(
    ("tokens", "guess", "said"),
    [
        (((1,), (1,), (1,)), "greedy", "All three wrote the same text"),
        (((1,), (1,), (1, 2)), "beam search", "**Right**: **greedy** and **beam search** wrote"),
        (((1,), (1,), (1, 2)), "sampling", "**Not quite**: **greedy** and **beam search**"),
        (((1, 2), (1,), (1, 3)), "beam search", "**Right**: the likeliest of the three is"),
        (((1, 2), (1,), (1, 3)), "greedy", "**Not quite**: the likeliest of the three is"),
    ],
)
def test_who_guessed_right_is_told_and_a_tie_is_nobodys(tokens, guess, said):
    assert compare_view.verdict(guess, strategies(*tokens)).startswith(said)


def test_a_verdict_has_the_same_words_everywhere():
    assert (state.verdict(True), state.verdict(False)) == ("**Right.**", "**Not quite.**")
