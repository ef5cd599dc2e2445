"""The pen: what choices cost, and that chance comes from the seed alone."""

import math

import pytest

from components.teaching_models.pen import Pen
from components.teaching_models.template import Scene


def test_the_cost_is_the_negative_log_probability_of_all_choices():
    pen = Pen(0)
    pen.pick("abcd")  # one of 4
    pen.several("xyz", 2)  # one of 3, then one of 2
    happened = pen.chance(0.2)
    weight = {"rare": 1, "common": 3}[pen.weighted(["rare", "common"], [1, 3])]
    by_hand = 1 / 4 * 1 / 3 * 1 / 2 * (0.2 if happened else 0.8) * weight / 4
    assert pen.cost == pytest.approx(-math.log(by_hand))


def test_a_new_document_costs_nothing_yet():
    pen = Pen(0)
    pen.pick("ab")
    pen.combine("pair", "a", "b")
    pen.restart()
    assert pen.cost == 0
    assert not pen.combinations()


def test_choices_come_as_often_as_their_weights_say():
    pen = Pen(5)
    drawn = [pen.weighted("ab", (1, 3)) for _ in range(4000)]
    assert drawn.count("b") / 4000 == pytest.approx(0.75, abs=0.03)


def test_the_same_seed_makes_the_same_choices():
    first, second = Pen(9), Pen(9)
    assert [first.between(0, 99) for _ in range(20)] == [second.between(0, 99) for _ in range(20)]


def test_a_template_costs_only_the_choices_that_were_written():
    pen = Pen(1)
    Scene(pen).write("[sang|cried|[laughed|laughed]]")
    assert pen.cost in (pytest.approx(math.log(3)), pytest.approx(math.log(6)))


def test_a_role_is_paid_once_and_stays_the_same():
    pen = Pen(2)
    words = Scene(pen).write("{pet} {pet} {pet2}").split()
    assert words[0] == words[1] != words[2]
    assert pen.cost == pytest.approx(math.log(11) + math.log(10))


def test_articles_agree_with_the_word_that_was_chosen():
    scene = Scene(Pen(0), first="owl", second="useful", third="key")
    assert scene.write("A~ {first}, a~ {second} a~ {third}") == "An owl, a useful a key"


def test_unbalanced_brackets_are_refused():
    with pytest.raises((ValueError, IndexError)):
        Scene(Pen(0)).write("one] [two")
