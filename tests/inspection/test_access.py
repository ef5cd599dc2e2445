"""What readers may reach: all of one's own machine, and of a class's only what its owner named."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.inspection import access as module
from components.inspection import hub, sources
from components.inspection.access import ALONE, CLASS, SERVED, Access, access, grant
from components.inspection.errors import InspectionError
from components.inspection.load import load_model
from components.inspection.tokenizer import catalogue
from components.inspection.tokenizer.opening import ready
from tests import tiny


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What is granted here is granted to this test alone."""
    before = access()
    yield
    grant(before)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model in `open/`, another one beside it, and links between the two."""
    home = tmp_path_factory.mktemp("places")
    for name in ("open/mine", "closed"):
        tiny.model("llama").network.save_pretrained(home / name)
        tiny.tokenizer().save_pretrained(home / name)
    (home / "open" / "out").symlink_to(home / "closed")
    (home / "open" / "in").symlink_to(home / "open" / "mine")
    (home / "secret.json").write_text('"my-secret-password"')
    return home


def below(place: Path) -> Access:
    return replace(CLASS, folders=place)


def test_alone_any_folder_opens(places):
    grant(ALONE)
    assert load_model(str(places / "closed")).facts.layers == 3


@pytest.mark.parametrize("name", ["mine", "in", "./mine", "mine/../mine"])
def test_in_a_class_a_folder_below_the_named_one_opens_by_its_name_there(places, name):
    grant(below(places / "open"))
    assert load_model(name).facts.layers == 3
    assert load_model(str(places / "open" / name)).facts.layers == 3


@pytest.mark.parametrize(
    "source",
    ["{}/closed", "{}/open/out", "{}/open/../closed", "../closed", "{}/nothing/here", "/etc"],
)
@pytest.mark.parametrize("root", [None, "open"])
def test_elsewhere_the_same_is_said_whether_there_is_something_or_not(places, source, root):
    grant(CLASS if root is None else below(places / root))
    source = source.format(places)
    with pytest.raises(InspectionError) as of_model:
        load_model(source)
    with pytest.raises(InspectionError) as of_tokenizer:
        ready(source)
    assert {str(of_model.value), str(of_tokenizer.value)} == {SERVED}
    assert not catalogue.on_this_machine(source)


PIECES = st.lists(
    st.sampled_from(
        ["..", ".", "open", "closed", "mine", "out", "in", "etc", "~", "secret.json", ""]
    ),
    min_size=1,
    max_size=7,
).map("/".join)


@given(source=PIECES, absolute=st.booleans())
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_way_of_writing_a_path_leads_out(places, source, absolute):
    """Whatever it is written like, the place is below the root when all links are followed."""
    grant(below(places / "open"))
    written = f"{places}/{source}" if absolute else source
    place = sources.local(written, (".json", ".gguf"))
    if place is not None:
        root = os.path.realpath(places / "open")
        assert os.path.realpath(place).startswith(root)


def test_a_file_s_content_is_in_no_message(places):
    for given_ in (ALONE, CLASS):
        grant(given_)
        with pytest.raises(InspectionError) as error:
            ready(str(places / "secret.json"))
        assert "my-secret" not in str(error.value)


def test_what_ships_with_vitrine_opens_in_a_class():
    grant(CLASS)
    assert ready("gpt2").size == 50_257
    assert load_model("storyteller").facts.layers > 0


def test_in_a_class_nothing_is_fetched(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(hub, "reachable", lambda: asked.append("hub") or False)
    grant(CLASS)
    with pytest.raises(InspectionError) as error:
        load_model("owner/name")
    assert (str(error.value), asked) == (SERVED, [])
    grant(replace(CLASS, hub=True))
    with pytest.raises(InspectionError, match="cannot be reached"):
        load_model("owner/name")
    assert asked == ["hub"]


def test_one_grant_takes_the_place_of_another():
    for given_ in (CLASS, ALONE, CLASS):
        grant(given_)
    assert access() is CLASS
    assert len(module._granted) == 1
