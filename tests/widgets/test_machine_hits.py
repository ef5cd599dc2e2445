"""The drawing of the machine under the pointer and the keys, in Node, over scenes of models."""

from dataclasses import fields, replace

import pytest
from hypothesis import Phase, settings
from hypothesis import given as over
from hypothesis import strategies as st

from components.widgets.machine.look import DEFAULT, Look, changed
from tests.widgets.machine_scenes import LONG, LOOKS, Scenes, found, given
from tests.widgets.test_kit import NODE

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node on this machine")
NAMES = list(LOOKS)
PHASES = (Phase.explicit, Phase.generate)
KEYS = [
    *("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "[", "]", "Enter", "Escape"),
    *("p", "P", "w", "W", "x", "X", "t", "T", "1", "9", " "),
]
ON_IT = "{ classList: { contains: () => true } }"
LEFT_ALONE = ["Tab", "F1", "Home", "End", "PageDown", " ", "a", "é", "0", "12", "", "Shift", "+"]


@pytest.fixture(scope="module")
def scenes():
    held = Scenes({name: given(name) for name in NAMES})
    yield held
    held.close()


def there(look, next_):
    """Whether a browser's change arrives whole: no value of it is dropped on the way."""
    names = {field.name for field in fields(Look)}
    assert set(next_) <= names, next_
    now = changed(look, next_)
    for name, value in next_.items():
        kept = getattr(now, name)
        assert (list(kept) if isinstance(kept, tuple) else kept) == value, (name, value, kept)
    return now


@pytest.mark.parametrize("name", NAMES)
def test_the_middle_of_each_thing_is_that_thing(scenes, name):
    missed = scenes.ask(
        name,
        """(() => {
          const missed = [], kinds = {};
          for (const { x, y, want } of thingsOf(scene)) {
            kinds[want.kind] = (kinds[want.kind] ?? 0) + 1;
            const { hit, wrong } = probed(scene, x, y);
            if (wrong.length || Object.entries(want).some(([key, one]) => hit?.[key] !== one))
              missed.push([x, y, want, hit, wrong]);
          }
          return { missed: missed.slice(0, 5), count: missed.length, kinds };
        })()""",
    )
    assert missed["missed"] == [], missed["count"]
    kinds = {"token", "end", "stream", "mlp"}
    if "open" in name or "across" in name:
        kinds |= {"cell", "cross" if "across" in name else "head"}
    assert kinds <= set(missed["kinds"])
    if name == "gpt2 closed":
        assert {"lookup", "lens", "answer", "head"} <= set(missed["kinds"])
    assert ("whole" in missed["kinds"]) == (name in LONG)


@pytest.mark.parametrize("name", NAMES)
def test_outside_of_the_drawing_there_is_nothing(scenes, name):
    outside = scenes.ask(
        name,
        """[[scene.place.width + 1, 100], [100, -1], [100, scene.place.height + 1], [-1e9, -1e9],
          [scene.place.width + 1, scene.place.height - 20], [1e9, 200], [NaN, NaN]]
          .map(([x, y]) => hitAt(scene, x, y))""",
    )
    assert outside == [None] * 7


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=20, phases=PHASES)
@over(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=20, max_size=60))
def test_any_point_is_something_that_there_is_or_nothing(scenes, name, points):
    found = scenes.ask(
        name,
        f"{[list(point) for point in points]}.map(([x, y]) => "
        "probed(scene, x * scene.place.width, y * scene.place.height))",
    )
    for at in found:
        assert at["wrong"] == [], at
        if at.get("next"):
            there(LOOKS[name][1], at["next"])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_not_spoken_of(scenes, name):
    """Scenes with parts that are still to come, or that there cannot be."""
    wrong = scenes.ask(
        name,
        """(() => {
          const things = thingsOf(scene), wrong = [];
          const bare = { norms: null, attention: null, cross: null, mlp: null, active: null,
            neurons: null, width: null, strips: null, along: {} };
          const less = {
            "no path": { path: null }, "no lens": { path: { ...scene.path, lens: null } },
            "no answers": { path: { ...scene.path, top: null, lens: null } },
            "no writes of heads": { path: { ...scene.path, headWrites: null } },
            "no reading": { path: { ...scene.path, headWrites: null, numbers: [] } },
            "no push": { path: { ...scene.path, push: null } },
            "no block": { block: null }, "writes nothing": { writes: false },
            "no stream": { overview: { ...scene.overview,
              rivers: scene.overview.rivers.map((one) => ({ ...one, ...bare })) } },
            "no heads": { block: null, overview: { ...scene.overview,
              rivers: scene.overview.rivers.map((one) => ({ ...one, heads: null })) } },
          };
          for (const [name, without] of Object.entries(less)) {
            const other = { ...scene, ...without };
            other.river = other.overview.rivers[scene.number];
            for (const { x, y } of things) {
              const found = probed(other, x, y);
              if (found.wrong.length) wrong.push([name, found]);
            }
          }
          return wrong.slice(0, 4);
        })()""",
    )
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_thing_has_a_title(scenes, name):
    silent = scenes.ask(
        name,
        """thingsOf(scene).map(({ want, x, y }) => probed(scene, x, y))
          .filter(({ words, hit }) => !words?.[0] && !(hit.kind === "layer")).slice(0, 3)""",
    )
    assert silent == []


@pytest.mark.parametrize("name", NAMES)
def test_a_key_asks_for_what_there_is(scenes, name):
    _, look, _ = LOOKS[name]
    made = given(name)
    river = next(
        one for one in made["parts"]["overview"]["rivers"] if one["name"] == made["state"]["stack"]
    )
    most = {"open": river["layers"], "token": river["total"], "head": 4, "stop": 13}
    for key in KEYS:
        next_ = scenes.ask(
            name,
            f"keyed({{ key: '{key}', target: {ON_IT} }}, scene)",
        )
        if isinstance(next_, dict):
            there(look, next_)
            for field, value in next_.items():
                assert field not in most or value is None or 0 <= value < most[field], (key, next_)
        else:
            assert next_ in (None, "write", "tour")


def test_other_keys_are_left_to_the_page(scenes):
    for name in NAMES:
        assert scenes.ask(
            name,
            f"{LEFT_ALONE!r}.map((key) => keyed({{ key, target: {{}} }}, scene) === undefined)",
        ) == [True] * len(LEFT_ALONE)
        for held in ("ctrlKey", "metaKey", "altKey"):
            assert scenes.ask(
                name,
                f"{KEYS!r}.every((key) => keyed({{ key, {held}: true, target: {{}} }}, scene)"
                " === undefined)",
            )


@pytest.mark.parametrize(
    ("state", "next_", "events"),
    [
        ("place: 3", "token: 4", ["token"]),
        ("place: 3", "token: 3", []),
        ("place: 3", "token: null, open: 2", ["open"]),
        ("head: 1", "head: 0", ["head"]),
        ("head: 1", 'head: 1, step: "scores"', ["phase"]),
        ('station: ""', 'station: "query", index: 4', ["cell"]),
        ('station: "query"', "index: 5", ["cell"]),
        ('station: "query"', 'station: ""', []),
        ("push: false", "push: true", ["push"]),
        ("push: true", "push: false", []),
        ("off: []", 'off: ["mlp 0"]', ["off"]),
        ('off: ["mlp 0"]', "off: []", []),
        ("written: []", "written: [7], token: null", ["write"]),
        ("written: [7]", "written: []", []),
    ],
)
def test_the_tour_is_told_what_was_done(scenes, state, next_, events):
    at = '{ place: 0, head: 0, station: "", off: [], written: [], '
    assert scenes.ask(NAMES[0], f"eventsOf({{ {next_} }}, {at} {state} }})") == events


@pytest.mark.parametrize("name", ["llama open", "gpt2 open, pushed", "mixture open", "bart across"])
def test_a_click_on_a_cell_opens_a_number(scenes, name):
    """Each station's cell in the chosen row, as far as the model itself: no click is refused."""
    family, look, _ = LOOKS[name]
    clicks = scenes.ask(
        name,
        """Object.values(Object.fromEntries(thingsOf(scene).filter(({ want }) =>
          want.kind === "cell" && want.row === 2).map(({ x, y, want }) =>
          [want.name, asked(hitAt(scene, x, y), scene)]).filter(([, next]) => next?.station)))""",
    )
    assert len(clicks) > 3
    for click in clicks:
        made = found(family, there(look, click))
        cell = made.parts["cell"]
        assert cell is not None
        # What experts wrote is not taken apart, and that is said.
        assert (
            "experts" in cell.get("error", "")
            if "mixture" in name and click["station"] == "MLP write"
            else "error" not in cell
        ), cell


def test_one_head_is_opened_where_it_stands(scenes):
    """What is clicked in the decoder's look across stays across, and the encoder's is its own."""
    pick = """(kind, river) => { const { x, y } = thingsOf(scene).find(({ want }) =>
      want.kind === kind && want.river === river && want.head === 2);
      return asked(hitAt(scene, x, y), scene); }"""
    across = scenes.ask("bart across", f"({pick})('cross', 'decoder')")
    assert across["cross"] is True and across["head"] == 2
    closed = scenes.ask("bart closed", f"({pick})('head', 'encoder')")
    assert closed["stack"] == "encoder" and closed["cross"] is False
    assert replace(DEFAULT, **closed).head == 2


def test_what_feeds_a_number_is_lit_where_it_stands(scenes):
    """Tokens are counted over the whole text; the rows may begin later."""
    lit = """(() => {
      const at = scene.place.rivers[scene.number], rects = [];
      const pen = { rect: (x, y, w, h) => rects.push([x, y, w, h]) };
      const inks = { picked: "" }, { stations } = at.open;
      const over = ([x, y, w, h], box, row) => x >= box.x - 3 && x + w <= box.x + box.w + 6
        && y < row.middle && row.middle < y + h && y > row.middle - 18;
      const told = (operand, first) => {
        rects.length = 0;
        drawLit(pen, inks, at, scene.block, [operand], first);
        return rects;
      };
      const rows = at.rows, box = stations.query, value = stations.value, { square } = stations;
      return [
        over(told({ name: "query", row: 102, indices: "all" }, 100)[0], box, rows[2]),
        over(told({ name: "query", row: 2, indices: [0] }, 0)[0], box, rows[2]),
        over(told({ name: "square", row: 3, indices: "all" }, 0)[0], square, rows[3]),
        told({ name: "query", row: 99, indices: "all" }, 100).length,
        told({ name: "nothing", row: 0, indices: "all" }, 0).length,
        told({ name: "value", row: null, indices: [1] }, 0).every((one, i) =>
          scene.block.kind === "cross" || over(one, value, rows[i])),
        told({ name: "value", row: null, indices: [1] }, 100).length,
        told({ name: "key", row: 1, indices: "all" }, 100).length,
      ];
    })()"""
    own, across = scenes.ask("llama open", lit), scenes.ask("bart across", lit)
    tokens = given("llama open")["parts"]["overview"]["rivers"][0]["rows"]
    keys = len(given("bart across")["parts"]["block"]["keys"])
    assert own == [True, True, True, 0, 0, True, tokens, 0]
    assert across == [True, True, True, 0, 0, True, keys, 1]
