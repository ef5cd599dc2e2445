"""Settings accept what is in range, and say clearly what is not."""

import pytest

from components.inspection.errors import InspectionError
from components.inspection.sampling.settings import RANGES, Settings, checked, from_text


def test_the_defaults_change_nothing():
    assert Settings().changed() == {}


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_of_each_range_are_accepted(name):
    row = RANGES[name]
    for value in (row.low, row.high, row.off):
        assert checked(name, value) == value


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("strange", ["hot", "", "nan", "inf", "-inf", None, "1e999", "0x10", "1,5"])
def test_what_is_no_number_in_range_is_explained(name, strange):
    with pytest.raises(InspectionError, match=f"{RANGES[name].label}.*must be.*from.*to"):
        checked(name, strange)


@pytest.mark.parametrize("name", RANGES)
def test_just_outside_a_range_is_refused(name):
    row = RANGES[name]
    for value in (row.low - row.step, row.high + row.step):
        with pytest.raises(InspectionError, match="must be"):
            Settings(**{name: value})


def test_a_whole_number_is_asked_for_where_tokens_are_counted():
    with pytest.raises(InspectionError, match="a whole number from 0 to 1000"):
        Settings(top_k=2.5)


def test_text_is_read_and_what_cannot_be_read_stays_off():
    settings, refused = from_text({"temperature": "0.7", "top_p": "7", "model": "gpt2"})
    assert settings == Settings(temperature=0.7)
    assert len(refused) == 1
    assert "Top-p is '7', but must be a number from 0 to 1" in refused[0]
    assert "It is 1 now." in refused[0]


def test_a_long_value_is_cut_in_the_explanation():
    _, refused = from_text({"seed": "9" * 5000})
    assert len(refused[0]) < 250


def test_temperature_0_is_greedy():
    assert Settings(temperature=0).greedy
    assert not Settings(temperature=0.01).greedy
