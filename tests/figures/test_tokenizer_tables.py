"""The tokenizer's tables hold what the results hold."""

import io

import pandas as pd
import pytest

from components.figures.tokenizer_tables import (
    all_tokens_csv,
    comparison_table,
    counted_table,
    decoded_table,
    differences_table,
    learned_table,
    special_table,
    windows_table,
)
from components.inspection.tokenizer.compare import compare
from components.inspection.tokenizer.cutting import encode
from components.inspection.tokenizer.decoding import decode_ids, entries
from components.inspection.tokenizer.roundtrip import round_trip
from components.inspection.tokenizer.statistics import text_statistics
from components.inspection.tokenizer.template import special_tokens
from components.inspection.tokenizer.training import train

TEXT = 'the rabbit said "no, no", and 🎵\r\nran'


def test_all_tokens_of_a_text_are_in_the_file_quotes_and_line_breaks_too():
    encoded = encode("gpt2", TEXT)
    named = entries("gpt2", encoded)
    table = pd.read_csv(io.StringIO(all_tokens_csv(encoded.ids, named)), keep_default_na=False)
    assert table["id"].tolist() == encoded.ids.tolist()
    assert table["position"].tolist() == list(range(len(encoded.ids)))
    assert table["vocabulary entry"].tolist() == [named[id_] for id_ in encoded.ids.tolist()]


def test_the_comparison_says_who_loses_what():
    table = comparison_table(compare(("gpt2", "wordpiece"), TEXT)).set_index("tokenizer")
    assert table.loc["WordPiece (bundled)", "unknown tokens"] == 1
    assert table["round trip"].to_dict() == {"GPT-2": True, "WordPiece (bundled)": False}
    assert table["marker"].tolist() == ["Ġ is a space", "## goes on with a word"]


def test_windows_are_filled_as_far_as_the_text_goes():
    table = windows_table(1_000, [("a", 500), ("b", 4_000)])
    assert table["windows filled"].tolist() == [2.0, 0.25]


def test_lists_of_tokens_keep_their_order_and_an_empty_one_its_columns():
    found = text_statistics("gpt2", "a a b")
    assert counted_table(found.frequent)["times"].tolist() == [t.count for t in found.frequent]
    assert counted_table(())["times"].tolist() == []


def test_special_tokens_are_listed_with_where_they_are_put():
    table = special_table(special_tokens("wordpiece")).set_index("token")
    assert table.loc["[CLS]", "added automatically"] == "before"
    assert table.loc["[SEP]", "added automatically"] == "after"
    assert table.loc["[MASK]", "added automatically"] == "no"
    assert set(table["if typed"]) == {"this one token"}


def test_what_became_another_is_listed():
    table = differences_table(round_trip("wordpiece", "the Cat"))
    assert table.to_dict("records") == [{"at character": 4, "was": "'C'", "became": "'c'"}]


def test_ids_are_listed_with_what_they_say():
    table = decoded_table(decode_ids("wordpiece", [2, 115]))
    assert table["vocabulary entry"].tolist() == ["[CLS]", "the"]
    assert table["special"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("method", "column"), [("BPE", "merged from"), ("Unigram", "log probability")]
)
def test_what_was_learned_is_listed_in_order(method, column):
    trained = train("low lower lowest newest widest " * 40, method, 300)
    table = learned_table(trained)
    assert table["piece"].tolist() == [item.piece for item in trained.learned]
    assert table["order"].tolist() == list(range(1, len(trained.learned) + 1))
    assert column in table
