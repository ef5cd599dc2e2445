"""The figure over temperature holds the curve's own numbers."""

import numpy as np

from components.figures.temperature import temperature_lines
from components.inspection.sampling.temperature import temperature_curve


def test_a_line_for_each_token_the_entropy_below_and_the_marked_temperature():
    found = temperature_curve(np.array([4.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0], np.float32))
    figure = temperature_lines(found, [f"<b>{token}" for token in found.tokens], 0.7)
    *lines, entropy = figure.data
    assert len(lines) == len(found.tokens) == 6
    for line, row in zip(lines, found.probabilities.T, strict=True):
        np.testing.assert_array_equal(line.y, row)
        assert "<b>" not in line.name
    np.testing.assert_array_equal(entropy.y, found.entropy)
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 0.7
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.yaxis2.range[1] > found.most
