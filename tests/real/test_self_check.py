"""Every premise and check on trained models, in three formats, from a file and from a folder."""

import pytest

from components.inspection.load import load_model
from components.inspection.self_check import self_check
from tests.real.models import MINILM, fetched

FORMATS = ("float32", "bfloat16", "float16")


def red(model) -> list[str]:
    *_, found = self_check(model)
    assert found.count("holds") > 30
    return [
        f"{row.view}: {row.says}: {row.numbers}" for row in found.rows if row.verdict == "fails"
    ]


def test_storyteller(dtype):
    assert red(load_model("storyteller", "cpu", dtype)) == []


def test_smollm2_from_its_file(smollm2_file, dtype):
    assert red(load_model(str(smollm2_file), "cpu", dtype)) == []


def test_smollm2_from_a_folder(smollm2_folder):
    assert red(load_model(str(smollm2_folder), "cpu", "auto")) == []


def test_minilm(dtype):
    assert red(load_model(str(fetched(MINILM)), "cpu", dtype)) == []


@pytest.fixture(params=FORMATS)
def dtype(request) -> str:
    return request.param
