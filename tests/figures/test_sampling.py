"""Figures say what the results say: read back as data."""

import numpy as np
import pytest

from components.figures import beam, sampling_several, sampling_surprisal, theme
from components.figures import sampling as figures
from components.inspection.sampling.beam import beam_search
from components.inspection.sampling.draws import draws
from components.inspection.sampling.generation import choose
from components.inspection.sampling.perplexity import surprisals
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import Settings
from components.inspection.sampling.several import Several


@pytest.fixture
def step(tiny_causal):
    return choose(tiny_causal, process_logits(np.linspace(4, 0, 40), [], Settings(top_k=9)), 0.62)


def test_each_candidate_has_its_two_probabilities_and_the_chosen_one_its_own_colour(step):
    before, after = figures.candidate_bars(step).data
    shown = step.candidates[: figures.CANDIDATES]
    assert list(before.x) == [each.before for each in shown]
    assert list(after.x) == [each.after for each in shown]
    marked = [i for i, color in enumerate(after.marker.color) if color == theme.HIGHLIGHT]
    assert [shown[i] for i in marked] == [step.chosen]


def test_an_unlikely_choice_is_added_below_the_likeliest(tiny_causal):
    step = choose(tiny_causal, process_logits(np.linspace(1, 0, 60), [], Settings()), 0.999)
    before, after = figures.candidate_bars(step).data
    assert len(after.x) == figures.CANDIDATES + 1
    assert after.x[-1] == step.chosen.after
    assert after.marker.color[-1] == theme.HIGHLIGHT
    assert len(before.y) == len(after.y)


def test_the_line_is_laid_end_to_end_and_the_number_marked(step):
    figure = figures.draw_line(step)
    ground, stretches = figure.data
    assert list(ground.x) == [1]
    ends = 0.0
    for begins, share in zip(stretches.base, stretches.x, strict=True):
        assert begins == pytest.approx(ends)
        ends += share
    assert ends == pytest.approx(1)
    drawn = stretches.marker.color.index(theme.HIGHLIGHT)
    assert stretches.base[drawn] <= 0.62 <= stretches.base[drawn] + stretches.x[drawn]
    assert set(stretches.y) == {0}
    assert len(stretches.text) == len(stretches.hovertemplate) == len(stretches.x)
    assert figure.layout.shapes[0].x0 == 0.62


def test_line_and_bars_stand_in_one_figure_and_keep_what_they_say(step):
    figure, line, bars = (
        draw(step) for draw in (figures.why_taken, figures.draw_line, figures.candidate_bars)
    )
    below, above = figure.data[:2], figure.data[2:]
    assert [list(trace.x) for trace in below] == [list(trace.x) for trace in bars.data]
    assert [list(trace.x) for trace in above] == [list(trace.x) for trace in line.data]
    assert {(trace.xaxis, trace.yaxis) for trace in above} == {("x2", "y2")}
    (mark,) = figure.layout.shapes
    assert (mark.x0, mark.xref, mark.yref) == (0.62, "x2", "y2 domain")
    assert figure.layout.yaxis.domain[1] < figure.layout.yaxis2.domain[0]


def test_without_a_random_number_there_is_no_line(tiny_causal):
    step = choose(
        tiny_causal, process_logits(np.linspace(4, 0, 40), [], Settings(temperature=0)), None
    )
    assert len(figures.why_taken(step).data) == 2


def test_rows_end_where_nearly_all_is_shown_and_five_are(tiny_causal):
    logits = np.array([9.0, 0, 0, 0, 0, 0, 0, 0], dtype=np.float32)
    step = choose(tiny_causal, process_logits(logits, [], Settings()), 0.1)
    assert len(figures.candidate_bars(step).data[0].x) == figures.FEWEST
    found = draws(logits, (), Settings(), 10)
    assert len(figures.draws_against_exact(found, {}).data[0].x) == figures.FEWEST


def test_surprisal_by_hand_is_in_bits():
    assert list(sampling_surprisal.surprisal_by_hand((0.5, 0.25)).data[0].y) == [1, 2]


def test_names_in_the_tree_are_of_what_was_kept_and_of_the_winner_alone_where_it_is_wide(
    tiny_causal, monkeypatch
):
    search = beam_search(tiny_causal, "to be", 3, 4)
    kept = sum(node.fate != "dropped" for node in search.nodes)

    def named():
        return sum(bool(text) for mark in beam.beam_tree(search).data[3:] for text in mark.text)

    assert named() == kept
    monkeypatch.setattr(beam, "MOST_NAMED", 3)
    assert named() == len(search.beams[0].tokens) < kept
    monkeypatch.setattr(beam, "MOST_NAMED", 1)
    assert named() == 0


def test_each_finished_beam_has_its_score_and_its_end(tiny_causal):
    search = beam_search(tiny_causal, "to be", 3, 30)
    (bars,) = beam.beam_scores(search).data
    assert list(bars.x) == [each.score for each in search.beams] == sorted(bars.x, reverse=True)
    assert bars.marker.color[0] == theme.HIGHLIGHT


def test_the_tree_shows_every_node_once_and_joins_it_to_its_parent(tiny_causal):
    search = beam_search(tiny_causal, "to be", 3, 4)
    dropped, kept, winner, *marks = beam.beam_tree(search).data
    assert sum(len(mark.x) for mark in marks) == len(search.nodes)
    assert {mark.name for mark in marks} == {"kept", "dropped", "finished"}
    joined = [x for line in (dropped, kept, winner) for x in line.x if x is not None]
    assert len(joined) == 2 * len(search.nodes)
    assert len([x for x in winner.x if x is not None]) == 2 * len(search.beams[0].tokens)


def test_likelier_beams_stand_higher(tiny_causal):
    search = beam_search(tiny_causal, "to be", 3, 3)
    height = beam._heights(search)
    for depth in (1, 2, 3):
        column = [i for i, node in enumerate(search.nodes) if node.depth == depth]
        by_height = sorted(column, key=lambda i: height[i])
        values = [search.nodes[i].log_probability for i in by_height]
        assert values == sorted(values, reverse=True)


def test_drawn_shares_stand_beside_exact_ones_with_two_standard_deviations():
    found = draws(np.array([1.0, 0.0], dtype=np.float32), (), Settings(), 400)
    drawn, exact = figures.draws_against_exact(found, {0: " a", 1: "b"}).data
    assert list(drawn.x) == [found.counts[0] / 400, found.counts[1] / 400]
    p = found.probabilities[0]
    assert exact.x[0] == pytest.approx(p)
    assert exact.error_x.array[0] == pytest.approx(2 * np.sqrt(p * (1 - p) / 400))


def test_removed_tokens_have_no_bar():
    found = draws(np.arange(20, dtype=np.float32), (), Settings(top_k=3), 10)
    assert len(figures.draws_against_exact(found, {}).data[0].x) == 3


def test_surprisal_is_drawn_in_bits_and_2_to_its_mean_is_the_perplexity(tiny_causal):
    found = surprisals(tiny_causal, "to be or not")
    figure = sampling_surprisal.surprisal_bars(found, 0, len(found.tokens))
    bars, running = figure.data
    np.testing.assert_allclose(bars.y, found.surprisal / np.log(2), rtol=1e-6)
    assert 2 ** running.y[-1] == pytest.approx(found.perplexity)
    assert running.customdata[-1] == pytest.approx(found.perplexity)
    assert list(figure.layout.xaxis.ticktext) == [theme.visible(token) for token in found.tokens]


def test_a_part_of_a_long_text_is_drawn_at_its_place(tiny_causal):
    found = surprisals(tiny_causal, "to be or not to be " * 8)
    bars, running = sampling_surprisal.surprisal_bars(found, 70, 140).data
    assert list(bars.x) == list(range(70, 140))
    assert len(running.y) == 70


def test_a_word_that_occurs_twice_keeps_both_its_places(tiny_causal):
    found = surprisals(tiny_causal, "aa")
    assert list(sampling_surprisal.surprisal_bars(found, 0, 2).data[0].x) == [0, 1]


def test_two_texts_have_one_scale_and_their_means(tiny_causal):
    one, other = (surprisals(tiny_causal, text) for text in ("to be or not", "or not to be to"))
    figure = sampling_surprisal.two_texts(one, other)
    assert [len(bars.x) for bars in figure.data] == [len(one.tokens), len(other.tokens)]
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range
    assert figure.layout.yaxis.range[1] >= max(max(bars.y) for bars in figure.data)
    for line, found, axis in zip(figure.layout.shapes, (one, other), ("y", "y2"), strict=True):
        assert line.yref == axis
        assert 2**line.y0 == pytest.approx(found.perplexity)
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1], "the first is above"


def test_different_texts_are_counted_token_by_token():
    ways = {
        "one": Several(Settings(), ((1, 2, 3), (1, 2, 4), (1, 5)), ("", "", "")),
        "two": Several(Settings(), ((1,), (1,), (1,)), ("", "", "")),
    }
    first, second = sampling_several.distinct_texts(ways).data
    assert list(first.y) == [1, 2, 3]
    assert list(second.y) == [1, 1, 1]
    assert first.line.dash != second.line.dash
