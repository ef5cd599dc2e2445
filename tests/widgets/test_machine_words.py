"""What the drawing of the machine says of a thing, in Node: its own numbers, and no other's."""

import pytest

from tests.widgets.machine_scenes import Scenes, given
from tests.widgets.test_kit import NODE

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node on this machine")


@pytest.fixture(scope="module")
def scenes():
    held = Scenes({name: given(name) for name in ("gpt2 closed", "bart closed", "bart across")})
    yield held
    held.close()


def test_of_another_stack_only_its_own_is_said(scenes):
    """The path is one token's, of one stack, through its own attention: not another's numbers."""
    words = """(kind, river) => { const { x, y } = thingsOf(scene).find(({ want }) =>
      want.kind === kind && want.river === river);
      return wordsFor(hitAt(scene, x, y), scene).join(); }"""
    said = {
        (kind, river): scenes.ask("bart closed", f"({words})('{kind}', '{river}')")
        for kind, river in (
            *(("head", "encoder"), ("head", "decoder"), ("cross", "decoder")),
            *(("mlp", "encoder"), ("mlp", "decoder")),
        )
    }
    assert "this token" in said["head", "decoder"] and "this token" in said["mlp", "decoder"]
    for other in (("head", "encoder"), ("cross", "decoder"), ("mlp", "encoder")):
        assert "this token" not in said[other], other


def test_where_no_heads_are_drawn_there_are_none(scenes):
    """In hybrids some blocks do not attend."""
    kinds = scenes.ask(
        "gpt2 closed",
        """(() => {
          const at = (layer) => (layer === 1 ? -1 : 0);
          const heads = { ...scene.overview.rivers[0].heads, at };
          const other = { ...scene, overview: { ...scene.overview,
            rivers: [{ ...scene.overview.rivers[0], heads }] } };
          const of = (layer) => [...new Set(thingsOf(scene).filter(({ want }) =>
            want.kind === "head" && want.layer === layer)
            .map(({ x, y }) => hitAt(other, x, y).kind))];
          return [of(0), of(1)];
        })()""",
    )
    assert kinds == [["head"], ["layer"]]


def test_keys_of_the_encoder_are_its_tokens(scenes):
    """Also where there are as many of them as the decoder has tokens."""
    words = """(() => {
      const { block } = scene, texts = block.keys.map((_, i) => `key ${i}`);
      const other = { ...scene, block: { ...block, keys: texts } };
      return thingsOf(scene).filter(({ want }) => want.name === "key" || want.name === "value")
        .every(({ x, y, want }) => wordsFor(hitAt(scene, x, y), other)[0]
          .endsWith(` of key ${want.key}`));
    })()"""
    assert scenes.ask("bart across", words) is True


def test_numbers_are_short_and_say_what_is_none(scenes):
    said = scenes.ask(
        "gpt2 closed",
        "[0, 1, -1, 0.5, 123.456, -0.00012, 2e6, -Infinity, NaN, undefined, null].map(short)",
    )
    assert said == [
        *("0.0000", "1.000", "−1.000", "0.5000", "123.5", "−1.20e−4", "2.00e+6"),
        *("−∞", "none", "none", "none"),
    ]
