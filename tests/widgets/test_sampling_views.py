"""What the views of the sampling page say by themselves."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components import engine
from components.engine import ModelChoice
from components.inspection.sampling import next_token as module
from components.inspection.sampling.compare import Continuation, Strategies
from components.inspection.sampling.generation import first_drawn
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.settings import Settings
from components.inspection.tokenizer.cutting import cut
from components.lesson import Ask
from components.widgets import kit, sampling_playground
from components.widgets.kit import script
from components.widgets.sampling_playground import TABLE, packed, unpacked
from components.widgets.sampling_settings import PRESETS, summary
from pages.output.sampling import compare_words, examples, logits_processing, perplexity_words

FOLDER = Path(sampling_playground.__file__).parent
KIT = Path(kit.__file__).parent
SENT = {name: each.changed() for name, each in PRESETS.items()}
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


@pytest.mark.parametrize("numbers", [[], [1.5], [0.1, -2e9, float("-inf"), 3e-9, 0.1]])
def test_logits_come_back_out_of_their_planes(numbers):
    row = np.array(numbers, dtype="<f4")
    np.testing.assert_array_equal(unpacked(packed(row), "<f4"), row)
    if (node := shutil.which("node")) is None:
        pytest.skip("Node is not on this machine")
    program = script(FOLDER / "planes.js", KIT / "bytes.js") + (
        f"\nconst read = new Float32Array(outOfPlanes(bytesOf({json.dumps(packed(row))})).buffer);"
        "\nconsole.log(JSON.stringify([[...read].map(String), base64Of(inPlanes(read))]));"
    )
    done = subprocess.run(
        [node, "--input-type=module"], input=program, capture_output=True, text=True
    )
    assert done.stderr == ""
    read, again = json.loads(done.stdout)
    np.testing.assert_array_equal([float(x.replace("Infinity", "inf")) for x in read], row)
    assert again == packed(row)


def test_an_answer_with_bytes_too_many_is_refused():
    with pytest.raises(ValueError):
        unpacked("AAAAAAA=", "<f4")


def strategies(*tokens):
    ways = [
        Continuation(name, each, "", -float(len(each)))
        for name, each in zip(("greedy decoding", "beam search", "sampling"), tokens, strict=True)
    ]
    return Strategies(*ways, search=None)


@pytest.mark.parametrize(
    ("tokens", "right", "said"),
    [
        (((1,), (1,), (1,)), "a tie", "All three wrote the same text"),
        (
            ((1,), (1,), (1, 2)),
            "a tie",
            "**greedy decoding** and **beam search** wrote the same text",
        ),
        (((1,), (1, 2), (1,)), "a tie", "**greedy decoding** and **sampling** wrote the same text"),
        (((1, 2), (1,), (1, 3)), "beam search", "The likeliest of the three is the one by **beam"),
        (
            ((1,), (1, 2), (1, 3)),
            "greedy decoding",
            "The likeliest of the three is the one by **greedy decoding**",
        ),
        (((1, 2), (1, 3), (1,)), "sampling", "The likeliest of the three is the one by **samp"),
    ],
)
def test_who_is_right_is_told_and_a_tie_is_nobodys(tokens, right, said):
    found = compare_words.verdict(strategies(*tokens))
    assert found.right == right
    assert found.because.startswith(said)


def test_settings_after_a_temperature_of_0_are_not_said():
    assert summary(Settings(temperature=0, top_k=5, seed=3)) == "Greedy: temperature **0**"
    assert summary(Settings(top_k=5, seed=3)) == "Sampling: top-k **5** · seed **3**"


@pytest.mark.parametrize(("text", "tokens"), [(examples.APPLE, 23), (examples.FALCON, 14)])
def test_the_sentences_of_the_source_are_the_source_s(text, tokens):
    """It counts them in GPT-2 tokens."""
    assert len(cut("gpt2", text).tokens) == tokens


def test_shuffled_words_are_the_same_words():
    shuffled = examples.SCORED["The same words, shuffled"]["prompt"]
    assert sorted(shuffled.strip(".").split()) == sorted(examples.FOX.strip(".").split())


def test_the_presets_of_the_browser_are_those_of_the_server():
    program = script(FOLDER / "panel.js", TABLE=TABLE, PRESETS=SENT)
    assert f"const PRESETS = {json.dumps(SENT)};" in program
    assert SENT["E-mail"] == {"temperature": 0.3, "top_p": 0.5}
    assert SENT["All off"] == {}


@pytest.mark.parametrize(
    ("perplexity", "written"),
    [(1.0, "1"), (1.9536, "1.954"), (21259.7, "21,260"), (9.9e9, "over 100 million")],
)
def test_a_perplexity_is_never_written_as_a_power_of_ten(perplexity, written):
    assert perplexity_words.number(perplexity) == written


@pytest.mark.parametrize(
    ("gain", "said"),
    [(2.0, "7.39 times as likely"), (-9, "8,103 times less"), (99, "over 1,000,000")],
)
def test_a_gain_is_never_written_as_a_power_of_ten(gain, said):
    found = strategies((1,), (1, 2), (1, 3))
    beam = replace(found.beam, log_probability=found.greedy.log_probability + gain)
    assert said in compare_words.gained(replace(found, beam=beam))


SLID = [("temperature", value) for value in (0, 0.01, 0.3, 0.99, 1, 1.04, 2, 5)]
SLID += [("top_k", value) for value in (1, 7, 20, 1000, 0)] + [("top_p", 0.37), ("seed", 12)]


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this machine")
def test_a_slider_s_place_and_its_value_belong_together():
    """Also where the slider is no straight line: half of the temperature's goes to 1."""
    program = script(FOLDER / "panel.js", TABLE=TABLE, PRESETS=SENT)
    program += f"""
    const slid = {json.dumps(SLID)}.map(([name, value]) => fromSlider(name, toSlider(name, value)));
    const ends = [0, 1, 5].map((value) => toSlider("temperature", value));
    console.log(JSON.stringify([slid, ends]));"""
    done = subprocess.run(
        ["node", "--input-type=module"], input=program, capture_output=True, text=True, check=True
    )
    slid, ends = json.loads(done.stdout)
    assert slid == [value for _, value in SLID]
    assert ends == [0, 100, 200]
