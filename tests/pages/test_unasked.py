"""With a slow model a view reads the text a few times at most, and what takes more waits for a
button.

The model is the bundled one; what times its passes is told that each takes a minute. Work is
counted in tokens that the network reads, so the test is as sharp on a busy machine.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.engine import ModelChoice
from components.inspection import pace
from components.inspection.attribution import pace as attribution_pace
from components.inspection.kv_cache import timing
from components.inspection.model import Model
from components.inspection.premises import NAMES, measured
from components.memory import ModelCache, ResultCache
from components.widgets import measuring
from tests.pages.test_lessons import PARTS, REFUSED, ROOT, opened

PROMPT = " ".join(["Once upon a time there was a little girl who lived near the old mill."] * 6)
READINGS = 10
"""How often the text may be read unasked: to be shown, to be checked, and to be timed."""
PROBES = 200
"""Tokens of short texts on which the network, or a twin of it, is measured beside that."""
MINUTE = 60.0
QUICK = 0.06
MOST_UNASKED = 3.0
"""Seconds of the processor."""
COST = re.compile(
    r"up to \*\*(\d+)\*\* forward passes of (\d+) tokens(?: and \*\*(\d+)\*\* of one token)?, "
    r"about (\d+) minutes"
)
POSITIONS = ROOT / "pages/inside/positions/positions.py"
SAMPLING = ROOT / "pages/output/sampling/sampling.py"
CACHE = ROOT / "pages/output/kv_cache/kv_cache.py"
SEVERAL = "sampling-generate-several_texts"
LATER = "positions-relative-the_whole_text_read_at_later_positions"
EXTENDED = "positions-extension-the_model_s_attention_extended"


def network_of() -> Model:
    """Return the bundled model that the app uses."""
    choice = ModelChoice("storyteller")
    engine.facts(choice)
    model = engine._MODELS.get(engine._resolved(choice))
    assert isinstance(model, Model)
    return model


@pytest.fixture
def read(monkeypatch) -> Iterator[list[int]]:
    """Tokens that the network has read, pass by pass, while each pass seems to take a minute."""
    for module in (pace, attribution_pace, timing):
        monkeypatch.setattr(module, "timed", lambda _device, work: (work(), MINUTE))
    monkeypatch.setattr(measuring, "UNASKED", 3.0)
    # What another test has left is no measure, nor is what is found here one for others.
    monkeypatch.setattr(engine, "_RESULTS", ResultCache(256, 2**28))
    model = network_of()
    for name in NAMES:  # once for each model, whatever is looked at
        measured(model, name)
    with counted(model) as found:
        yield found


@contextmanager
def counted(model: Model) -> Iterator[list[int]]:
    """Count the tokens that a network, or a twin of it, reads from now on, pass by pass."""
    found: list[int] = []

    def count(_module, args, kwargs):
        given = [
            *args,
            *(kwargs[name] for name in ("input_ids", "inputs_embeds") if name in kwargs),
        ]
        found.append(sum(each.shape[0] * each.shape[1] for each in given if each is not None))

    handle = model.network.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield found
    finally:
        handle.remove()


@pytest.fixture
def first_read(monkeypatch) -> Iterator[list[int]]:
    """The same for a model that nobody has looked at: what it takes to know it is counted too.

    A pass seems to take as long as one of a network of 135 million parameters does on two cores.
    """
    for module in (pace, attribution_pace, timing):
        monkeypatch.setattr(module, "timed", lambda _device, work: (work(), QUICK))
    monkeypatch.setattr(measuring, "UNASKED", 3.0)
    monkeypatch.setattr(engine, "_RESULTS", ResultCache(256, 2**28))
    monkeypatch.setattr(engine, "_MODELS", ModelCache(4))
    with counted(network_of()) as found:
        yield found


def seconds(read: list[int]) -> float:
    """Return the seconds of the processor that such passes take a network of 135 million
    parameters: as measured once on two cores, so that here nothing is timed."""
    return sum(0.04 if tokens == 1 else 0.1 + 0.0032 * tokens for tokens in read)


def tokens() -> int:
    """Return how many the prompt has."""
    return len(network_of().encode(PROMPT))


def starts(app: AppTest) -> list:
    return [button for button in app.main.button if button.label == "Start"]


@pytest.mark.parametrize(
    ("path", "address", "key"), PARTS, ids=[" ".join(part[1].values()) for part in PARTS]
)
def test_a_view_reads_a_text_a_few_times_unasked(path, address, key, read, drawn):
    app = opened(path, address | {"prompt": PROMPT})
    assert not app.exception
    offered = [button for button in app.main.button if button.proto.type == "primary"]
    refused = any(kind in address.values() for kind in REFUSED)
    assert key in drawn or offered or refused, "it is shown, or on offer"
    assert sum(read) <= READINGS * tokens()


@pytest.mark.parametrize(
    ("path", "view"),
    sorted({(path, address["view"]) for path, address, _ in PARTS}),
    ids=lambda part: part if isinstance(part, str) else part.stem,
)
def test_the_first_visit_of_all_takes_few_seconds_of_a_model_of_135_million(path, view, first_read):
    """As a page opens, with its own text, and nothing measured on the model before."""
    app = opened(path, {"view": view})
    assert not app.exception
    assert seconds(first_read) <= MOST_UNASKED


@pytest.mark.parametrize(
    ("path", "address", "key"),
    [
        (POSITIONS, {"view": "Word order"}, "positions-word_order"),
        (POSITIONS, {"view": "Relative", LATER: "true"}, LATER),
        (POSITIONS, {"view": "Extension", EXTENDED: "true"}, EXTENDED),
        (POSITIONS, {"view": "Packing"}, "positions-packing"),
        (CACHE, {"view": "Contents"}, "kv_cache-contents"),
        (SAMPLING, {"view": "Compare"}, "sampling-compare"),
        (SAMPLING, {"view": "Generate", SEVERAL: "true", "sampling.texts": "2"}, SEVERAL),
    ],
)
def test_what_waits_says_what_it_costs_and_is_there_once_started(path, address, key, read, drawn):
    app = opened(path, address | {"prompt": PROMPT})
    assert key not in drawn
    (said,) = [str(line.value) for line in app.caption if "Not started yet." in str(line.value)]
    cost = COST.search(said)
    assert cost, said
    passes, length, steps, minutes = (int(part or 0) for part in cost.groups())
    assert minutes == passes + steps, "each seems to take a minute"
    read.clear()
    (start,) = starts(app)
    app = start.click().run()
    assert not app.exception and key in drawn and not starts(app)
    all_of_it = passes * length + steps
    assert 0.5 * all_of_it <= sum(read) <= all_of_it + PROBES


@pytest.mark.parametrize(
    ("path", "view", "question"),
    [(SAMPLING, "Compare", "highest total probability"), (POSITIONS, "Packing", "as if alone?")],
)
def test_the_question_is_asked_while_its_answer_waits(path, view, question, read, drawn):
    app = opened(path, {"view": view, "prompt": PROMPT})
    assert not drawn
    assert [line.value for line in app.markdown if question in line.value]
    key = f"guess-{path.stem}-{view.lower()}"
    assert app.pills(key=key).options
    (start,) = starts(app)
    app = start.click().run()
    assert len([line.value for line in app.markdown if question in line.value]) == 1


def test_either_of_two_buttons_starts_what_both_wait_for(read, drawn):
    fold = "kv_cache-contents-how_it_grows"
    app = opened(CACHE, {"view": "Contents", fold: "true"})
    assert not app.exception and not drawn
    _above, below = starts(app)
    app = below.click().run()
    assert not app.exception and not starts(app)
    assert set(drawn) == {"kv_cache-contents", fold}
