"""Fixtures for all tests. Small random models come from `tests.tiny`."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest

from components.inspection.model import Model
from tests import tiny


@pytest.fixture(scope="session")
def tiny_causal() -> Model:
    """A Llama of 3 layers, 4 query and 2 key-value heads of size 6, width 24."""
    return tiny.model("llama")


@pytest.fixture(scope="session")
def tiny_masked() -> Model:
    """A BERT of the same measures."""
    return tiny.model("bert")


@pytest.fixture(scope="session")
def tiny_seq2seq() -> Model:
    """A T5 of 3 encoder and 2 decoder blocks."""
    return tiny.model("t5")


@pytest.fixture(scope="session")
def tiny_classifier() -> Model:
    """A BERT that judges three classes."""
    return tiny.model("bert_classifier")
