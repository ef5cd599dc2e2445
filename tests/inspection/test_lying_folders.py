"""Whatever a model folder says: it is loaded as transformers loads it, or refused in words.

Never another exception, never longer or larger than a bound, and nothing computed that is none.
"""

import json
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import tiny
from tests.inspection.lying import Loader, Outcome

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the bounds are Linux's own"),
]
ABSURD = (0, -1, -3, 1, 2, 3, 7, 10**6, 10**9, 10**12, 2**63, 10**400)
ABSURD_SIZES = (*ABSURD, float("nan"), float("inf"), -0.5, 0.3, 1e300, "7", None, True, [], {})
FILES = ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json")
LISTED = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    with Loader() as found:
        yield found


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of each family, not to be changed."""
    root = tmp_path_factory.mktemp("families")
    for family in tiny.FAMILIES:
        tiny.network(family).save_pretrained(root / family)
        tiny.tokenizer().save_pretrained(root / family)
    return {family: root / family for family in tiny.FAMILIES}


def checked(outcome: Outcome, *named: str) -> Outcome:
    """See that a folder was loaded truly, or that what is said is meant for a reader."""
    assert outcome.verdict in ("same", "said"), outcome
    if outcome.verdict == "said":
        said = outcome.text
        assert said.endswith(".") and "\n" not in said and len(said) < 900, said
        for odd in ("Traceback", "above report", 'File "', "<class", "  "):
            assert odd not in said, said
        words = (*named, *FILES, "configuration", "weights")
        assert any(word in said for word in words), said
    return outcome


def places(config: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield where the numbers of a configuration stand."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from places(value, (*path, name))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield (*path, name)


def lied(folder: Path, copy: Path, changes: dict[tuple[str, ...], object]) -> Path:
    """Copy `folder` with other values in its configuration."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    for (*parents, name), value in changes.items():
        home = config
        for parent in parents:
            home = home[parent]
        home[name] = value
    (copy / "config.json").write_text(json.dumps(config))
    return copy


class TestConfigurations:
    """One number after the other is made absurd."""

    @pytest.mark.parametrize("family", tiny.FAMILIES)
    def test_as_it_was_saved_it_is_what_transformers_gives(self, family, folders, loader):
        assert loader.load(folders[family]).verdict == "same"

    @settings(LISTED, max_examples=150)
    @given(data=st.data())
    def test_one_value_is_absurd(self, data, folders, loader, tmp_path):
        family = data.draw(st.sampled_from(sorted(tiny.FAMILIES)), "family")
        config = json.loads((folders[family] / "config.json").read_text())
        place = data.draw(st.sampled_from(sorted(places(config))), "place")
        value = data.draw(st.sampled_from(ABSURD_SIZES), "value")
        folder = lied(folders[family], tmp_path / "liar", {place: value})
        checked(loader.load(folder), place[-1])

    @settings(LISTED, max_examples=50)
    @given(data=st.data())
    def test_two_values_are_absurd(self, data, folders, loader, tmp_path):
        family = data.draw(st.sampled_from(sorted(tiny.FAMILIES)), "family")
        config = json.loads((folders[family] / "config.json").read_text())
        chosen = st.sampled_from(sorted(places(config)))
        changes = {
            data.draw(chosen, "place"): data.draw(st.sampled_from(ABSURD), "value")
            for _ in range(2)
        }
        folder = lied(folders[family], tmp_path / "liar", changes)
        checked(loader.load(folder), *(place[-1] for place in changes))


class TestBytes:
    """Files are cut short or garbled at random places."""

    @settings(LISTED, max_examples=100)
    @given(
        family=st.sampled_from(["llama", "gpt2", "bert", "t5"]),
        name=st.sampled_from(FILES),
        how=st.sampled_from(["cut", "garbled", "longer", "zeroed", "in the header"]),
        seed=st.integers(0, 10**6),
    )
    def test_a_file_is_damaged(self, family, name, how, seed, folders, loader, tmp_path):
        folder = tmp_path / "liar"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(folders[family], folder)
        (folder / name).write_bytes(damaged((folder / name).read_bytes(), how, seed))
        checked(loader.load(folder), "tokenizer", "file")


def damaged(content: bytes, how: str, seed: int) -> bytes:
    """Return `content` with damage of one kind, at places that `seed` says."""
    draw = random.Random(seed)
    place = draw.randrange(len(content))
    if how == "cut":
        return content[:place]
    if how == "longer":
        return content[:place] + draw.randbytes(draw.randrange(1, 100)) + content[place:]
    if how == "zeroed":
        return content[:place] + bytes(len(content) - place)
    found = bytearray(content)
    for _ in range(draw.randrange(1, 6)):
        # The header of weights is a small part of them, and most of what can lie.
        found[draw.randrange(min(len(found), 2_000) if how == "in the header" else len(found))] = (
            draw.randrange(256)
        )
    return bytes(found)
