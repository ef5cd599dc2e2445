"""Thumbnails: levels in Python, colours in the browser."""

import base64
import json
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.figures import theme
from components.widgets.head_grid import HIDDEN, LEVELS, SIDE, script, thumbnail

NODE = shutil.which("node")


def test_levels_say_the_weights():
    weights = np.array([[1, 0], [0.25, 0.75]], dtype=np.float32)
    levels = thumbnail(weights, np.tri(2, dtype=bool), log=False)
    assert levels.tolist() == [[LEVELS, HIDDEN], [64, 190]]


def test_the_logarithmic_levels_tell_small_weights_apart():
    weights = np.array([[1, 0.1, 0.01, 0.0001, 0]], dtype=np.float32)
    levels = thumbnail(weights, np.ones((1, 5), bool), log=True)
    assert levels[0].tolist() == [254, 190, 127, 0, 0]


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300))
def test_a_thumbnail_is_small_and_shows_the_largest_weight(rows, columns):
    weights = np.zeros((rows, columns), dtype=np.float32)
    weights[rows // 2, columns // 3] = 1
    levels = thumbnail(weights, np.ones((rows, columns), bool), log=False)
    assert max(levels.shape) <= SIDE
    assert levels.max() == LEVELS and (levels == LEVELS).sum() == 1


def test_a_cell_is_hidden_only_if_all_of_it_is():
    visible = np.zeros((128, 128), bool)
    visible[1, 0] = True
    levels = thumbnail(np.zeros((128, 128), np.float32), visible, log=False)
    assert levels[0, 0] == 0 and (levels == HIDDEN).sum() == SIDE * SIDE - 1


@pytest.mark.skipif(NODE is None, reason="no Node on this machine")
def test_the_browser_paints_a_level_as_the_theme_colours_it():
    levels = np.array([0, 127, 254, 255], dtype=np.uint8)
    text = base64.b64encode(levels.tobytes()).decode()
    program = script().replace("export default", "const show =")
    program += f"""
    const colours = palette({json.dumps(theme.ATTENTION)});
    console.log(JSON.stringify([...paint(levelsOf({json.dumps(text)}), 1, 3, colours)]));
    """
    done = subprocess.run(
        [NODE, "--input-type=module"], input=program, capture_output=True, text=True, check=True
    )
    middle, dark, clear = np.array(json.loads(done.stdout)).reshape(3, 4).tolist()
    assert middle == [155, 132, 201, 255]  # #9B84C9, at one half
    assert dark == [63, 29, 120, 255]  # #3F1D78, at one
    assert clear[3] == 0
