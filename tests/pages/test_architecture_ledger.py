"""The ledger's page: every area, a configuration, a pasted one, and what is no configuration."""

import contextlib
import io
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.engine import ModelChoice
from components.inspection.architecture.ledger_configs import CONFIGS
from components.inspection.architecture.module_tree import module_tree
from pages.inside.architecture import ledger_code
from tests import tiny

ROOT = Path(__file__).parents[2]
KEY = "architecture-ledger"


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/architecture/architecture.py")
    app.query_params["view"] = "Ledger"
    for name, value in address.items():
        app.query_params[name if name in ("model", "prompt") else f"architecture.{name}"] = value
    return app.run()


def printed(code: str) -> list[str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "shown", "exec"), {})
    return said.getvalue().splitlines()


@pytest.mark.parametrize("area", ["parameters", "operations", "time"])
def test_every_area_asks_and_its_checks_hold(area, drawn, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(area=area, blocks="model.layers.1")
    assert not app.exception
    assert not app.error
    shown = drawn[KEY]
    assert "fails" not in {check.verdict for check in shown.checks}
    assert shown.predict is not None
    assert shown.predict.right == next(iter(shown.facts["shares"]))
    assert shown.figure.data[0].ids[0] == "/model.layers.1"
    if area == "parameters":
        assert "**3,213,568**" in shown.told
        assert "`lm_head` uses `model.embed_tokens.weight`" in shown.told
        assert printed(shown.code)[-1] == "3213568"
    if area == "operations":
        assert printed(shown.code) == [str(int(shown.table()["operations"].sum()))]


def test_a_published_network_is_shown_without_loading_it(drawn):
    app = opened(network="from a configuration", config="Mixtral-8x7B")
    assert not app.exception
    shown = drawn[KEY]
    assert "**46,702,792,704**" in shown.told
    assert "one token meets **12.9 billion** parameters" in shown.told
    assert [check.verdict for check in shown.checks] == ["holds"] * 4


@pytest.mark.parametrize("name", ["BERT-base", "GPT-2", "Mixtral-8x7B"])
def test_the_code_prints_the_published_total(name):
    assert (
        printed(ledger_code.of_published(name))[-1]
        == {
            "BERT-base": "109482240",
            "GPT-2": "124439808",
            "Mixtral-8x7B": "46702792704",
        }[name]
    )
    assert set(CONFIGS) >= {name}


def test_a_pasted_configuration_is_counted_and_what_is_none_is_said(drawn):
    pasted = {"network": "from a configuration", "config": "paste a config.json"}
    opened(**pasted)
    assert "**354,823,168**" in drawn[KEY].told  # GPT-2 medium
    app = opened(**pasted, pasted='{"model_type": "gpt3"}')
    assert not app.exception
    assert "knows no family 'gpt3'" in app.error[0].value


def test_a_model_without_a_head_and_one_of_two_stacks(drawn, tmp_path):
    network = tiny.network("t5")
    network.save_pretrained(tmp_path / "t5")
    tiny.tokenizer().save_pretrained(tmp_path / "t5")
    app = opened(model=str(tmp_path / "t5"), area="operations")
    assert not app.exception
    assert "fails" not in {check.verdict for check in drawn[KEY].checks}
    tree = engine.inspect(module_tree, ModelChoice(str(tmp_path / "t5")))
    assert len(drawn[KEY].table()) <= len(tree.rows)
