"""The code that Search and Labels offer runs, and gives the numbers on screen."""

import io
import re
from contextlib import redirect_stdout
from types import SimpleNamespace

import numpy as np
import pytest

from components.engine import ModelChoice
from components.inspection.embeddings.classifier import trained
from components.inspection.embeddings.keywords import by_words
from components.inspection.embeddings.labels import graded, nearest_label
from components.inspection.embeddings.search import by_meaning
from components.inspection.embeddings.sentences import embed
from components.inspection.load import load_model
from pages.text.embeddings import code_search
from pages.text.embeddings.code_search import labels_code, search_code, trained_code
from pages.text.embeddings.corpus import Corpus
from tests import tiny

OWN = Corpus(("to be", "or not, or never", "that is 'the' question", "be it"), None, "yours")


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory):
    """A loaded model, and what its view asks with."""
    loaded = {}

    def of(family: str):
        if family not in loaded:
            source = str(tmp_path_factory.mktemp(family))
            tiny.network(family).save_pretrained(source)
            tiny.tokenizer().save_pretrained(source)
            model = load_model(source, device="cpu", dtype="float32")
            loaded[family] = model, SimpleNamespace(choice=ModelChoice(source), facts=model.facts)
        return loaded[family]

    return of


def run(code: str) -> list[str]:
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(code, "on-screen", "exec"), {})
    return said.getvalue().splitlines()


@pytest.mark.parametrize("way", ["mean", "cls", "last"])
@pytest.mark.parametrize("family", ["llama", "bert", "t5"])
def test_search(family, way, asking):
    model, ask = asking(family)
    vectors, query = embed(model, OWN.sentences, way), embed(model, ("To be or be?",), way)
    meant = by_meaning(vectors.vectors, query.vectors[0])
    shared = by_words(OWN.sentences, "To be or be?")
    lines = run(search_code(ask, vectors, query, OWN))
    numbers = [float(line.split(" ")[0]) for line in lines]
    np.testing.assert_allclose(numbers[:3], meant.scores[meant.order[:3]], atol=2e-4)
    np.testing.assert_allclose(numbers[3:], shared.scores[shared.order[:3]], atol=1e-4)
    assert [line.partition(" ")[2] for line in lines[3:]] == [
        OWN.sentences[at] for at in shared.order[:3]
    ]


def test_a_query_without_words(asking):
    model, ask = asking("bert")
    vectors = embed(model, OWN.sentences)
    lines = run(search_code(ask, vectors, embed(model, ("?!",)), OWN))
    assert [float(line.split(" ")[0]) for line in lines[3:]] == [0, 0, 0]


def test_labels_and_classifier_on_sentences_of_known_kinds(asking, monkeypatch, tmp_path):
    model, ask = asking("llama")
    lines = code_search.FILE.read_text(encoding="utf-8").splitlines()[::4]
    few = tmp_path / "sentences.tsv"
    few.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(code_search, "FILE", few)
    kinds_of, sentences = zip(*(line.split("\t") for line in lines), strict=True)
    chosen = Corpus(sentences, kinds_of, "the bundled set")
    kinds = tuple(sorted(set(chosen.kinds)))
    vectors, meanings = embed(model, chosen.sentences), embed(model, kinds)
    found = nearest_label(vectors.vectors, kinds, meanings.vectors)
    grade = graded(chosen.kinds, found.chosen.tolist(), len(kinds))
    taken, share = run(labels_code(ask, vectors, meanings, chosen, kinds))
    assert float(share) == pytest.approx(grade.accuracy, abs=1.5 / 90)
    for at, kind in enumerate(kinds):
        said = re.search(rf"'{kind}': (\d+)", taken)
        assert abs(int(said.group(1) if said else 0) - int((found.chosen == at).sum())) <= 1
    learned = trained(vectors.vectors, chosen.kinds, 0.5, 1)
    (line,) = run(trained_code(ask, vectors, chosen, len(learned.train), 1))
    assert float(line.split(" ")[0]) == pytest.approx(learned.grade.accuracy, abs=1.5 / 45)
    assert line.endswith("of 45 held out")
