"""A small class reads without an error, and the load driver counts what it is there to count."""

import argparse
import asyncio
import doctest
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest

from tests.browser.conftest import running_app
from tests.load.__main__ import load
from tests.load.reader import OPEN, mark
from tests.load.tally import problems, report, total

READERS = 3
CARELESS = """
import streamlit as st

@st.cache_resource
def read_by_all():
    return []

read_by_all().append(st.sidebar.text_area("Prompt", "", key="prompt", bind="query-params"))
st.sidebar.text_input("Model", "one", key="model")
st.write(*read_by_all()[-9:])
st.error("Not today.")
raise RuntimeError("planted")
"""
"""A page that shows each reader what the others wrote, and ends in an exception."""


def read(url: str, seconds: float, cold: bool):
    """Let three readers read; return what they counted, and the server's process."""
    given = argparse.Namespace(
        readers=READERS, browsers=0, seconds=seconds, think=0.3, after=0, seed=0, cold=cold
    )
    # In a thread of its own: where browser tests ran before, this one has a loop already.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, load(url, given, ("storyteller",))).result()


@pytest.mark.slow
def test_three_readers_see_no_error_and_nobody_elses_text(tmp_path):
    log = tmp_path / "server.log"
    with running_app(log) as url:
        tally, watched = read(url, 6, cold=False)
    assert not tally.errors
    assert not tally.leaks
    assert not problems(log.read_text().splitlines())
    assert len(tally.seconds[OPEN]) >= READERS
    assert sum(map(len, tally.seconds.values())) > READERS, "they opened a page and did no more"
    assert 50e6 < watched.before <= watched.peak
    assert watched.used > 0


def test_what_goes_wrong_is_counted(tmp_path):
    careless, log = tmp_path / "careless.py", tmp_path / "server.log"
    careless.write_text(CARELESS)
    bare = (sys.executable, "-m", "streamlit", "run", str(careless))
    with running_app(log, bare, tmp_path) as url:
        tally, watched = read(url, 3, cold=True)
    runs = sum(map(len, tally.seconds.values()))
    assert tally.errors.total() == tally.refusals.total() == runs >= READERS
    assert set(tally.errors) <= {f"{page}: RuntimeError: planted" for page in PAGES}
    assert len(problems(log.read_text().splitlines())) == runs
    everyone = [mark(number) for number in range(READERS)]
    assert tally.leaks
    assert set(tally.leaks) <= {
        f"{one} to {two}" for one in everyone for two in everyone if one != two
    }
    said = report("careless", tally, watched, [])
    assert f"| {runs} | 0 | {runs} | {total(tally.leaks)} |" in said


PAGES = ("home", "attention", "tokenizer", "sampling")


@pytest.mark.parametrize("module", ["reader", "tally"])
def test_its_examples_are_so(module):
    tried = doctest.testmod(import_module(f"tests.load.{module}"))
    assert tried.attempted
    assert not tried.failed
