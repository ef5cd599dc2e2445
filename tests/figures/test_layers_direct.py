"""Figures of direct attribution and of a score by parts, read back as data."""

import numpy as np
import pytest

from components.figures.layers import direct_attribution as direct
from components.figures.layers import neurons as of_neurons
from components.figures.layers import score_parts as of_scores
from components.inspection.layers.direct_attribution import direct_attribution
from components.inspection.layers.neurons import neurons
from components.inspection.layers.score_parts import score_parts
from tests import tiny

TEXT = "the keys near"


@pytest.fixture(scope="module", params=["llama", "gpt2", "t5", "gemma2"])
def found(request):
    """What each part adds: with and without biases, cross-attention, and heads."""
    model = tiny.model(request.param)
    return direct_attribution(model, TEXT, 1, 70, 90)


def test_the_bars_are_the_largest_terms_and_all_others_summed(found):
    (bars,) = direct.terms_bars(found).data
    order = np.argsort(-np.abs(found.terms), kind="stable")
    shown = min(direct.MOST, len(order))
    np.testing.assert_allclose(bars.x[:shown], found.terms[order[:shown]], rtol=1e-6)
    assert list(bars.customdata[:shown]) == [found.parts[n].short for n in order[:shown]]
    assert len(bars.x) == shown + (len(order) > shown)
    assert sum(bars.x) == pytest.approx(found.total, abs=1e-4)
    signs = [direct.theme.POSITIVE if x >= 0 else direct.theme.NEGATIVE for x in bars.x]
    assert list(bars.marker.color) == signs


def test_the_bars_by_layer_sum_to_the_same(found):
    figure = direct.layer_bars(found)
    assert sum(np.sum(bars.y) for bars in figure.data) == pytest.approx(found.total, abs=1e-4)
    by_name = {bars.name: bars for bars in figure.data}
    np.testing.assert_array_equal(by_name["MLP"].y, found.push.mlp)
    assert ("cross-attention" in by_name) == (found.push.cross is not None)


def test_the_map_has_each_part_of_a_layer_in_its_row(found):
    figure = direct.terms_map(found)
    (cells,) = figure.data
    names = list(figure.layout.xaxis.ticktext)
    ends = [p.layer is None for p in found.parts]
    assert names[-1] == "MLP" and cells.zmax == -cells.zmin
    np.testing.assert_allclose(np.nansum(cells.z), found.terms[~np.array(ends)].sum(), atol=1e-4)
    np.testing.assert_allclose(np.array(cells.z)[:, -1], found.push.mlp)
    if found.push.heads is not None:
        np.testing.assert_allclose(np.array(cells.z)[:, names.index("H2")], found.push.heads[:, 2])


def test_the_table_and_the_answers(found):
    table = direct.terms_table(found)
    assert table["added, in logits"].sum() == pytest.approx(found.total, abs=1e-4)
    assert list(table["part"][:1]) == ["embedding"] and table["layer"].isna()[0]
    (bars,) = direct.logit_bars(found).data
    np.testing.assert_array_equal(bars.x, found.logits)
    coloured = [color == direct.theme.POSITIVE for color in bars.marker.color]
    assert coloured == [name in (found.answer, found.contrast) for name in found.likeliest]


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_neurons_others_and_bias_sum_to_the_mlp(family):
    opened = neurons(tiny.model(family), TEXT, 4, 70, None, 1)
    (bars,) = of_neurons.neuron_bars(opened).data
    assert sum(bars.x) == pytest.approx(opened.total, abs=1e-4)
    assert [float(x) for x in bars.x[:12]] == [one.term for one in opened.most]
    assert ("bias" in bars.customdata) == (family == "gpt2")
    one = opened.most[0]
    (bars,) = of_neurons.token_bars(one).data
    assert list(bars.x) == [by for _, by in [*one.promoted, *reversed(one.suppressed)]]
    assert list(bars.x) == sorted(bars.x, reverse=True)


@pytest.mark.parametrize("layer", [0, 2])
def test_the_map_of_a_score_sums_to_it_whatever_is_gathered(layer):
    score = score_parts(tiny.model("gpt2"), TEXT, "decoder", layer, 1, 9, 3)
    figure = of_scores.parts_map(score)
    (cells,) = figure.data
    z = np.array(cells.z)
    assert z.sum() == pytest.approx(score.score, abs=1e-4)
    assert z.shape == ((2, 2) if layer == 0 else (10, 10))
    assert figure.layout.yaxis.ticktext[0] == f"embedding  {score.matrix[0].sum():+.2f}"
    if layer == 0:
        np.testing.assert_allclose(z, score.matrix)
        assert list(cells.customdata[0][1]) == ["embedding", "biases"]
    else:
        gathered = int(figure.layout.yaxis.ticktext[-1].split()[0])
        assert gathered == len(score.parts) - of_scores.MOST
    table = of_scores.parts_table(score)
    assert table["sum"].sum() == pytest.approx(score.score, abs=1e-4)
    assert len(table) == len(score.parts)


def test_the_scores_of_the_row_are_those_that_are_seen():
    score = score_parts(tiny.model("llama"), TEXT, "decoder", 1, 1, 9, 3)
    (bars,) = of_scores.score_bars(score).data
    np.testing.assert_array_equal(bars.y, score.scores)
    assert np.isnan(bars.y[10:]).all() and np.isfinite(bars.y[:10]).all()
    assert [n for n, c in enumerate(bars.marker.color) if c == of_scores.theme.KEY] == [3]
