"""Where the drawing of the machine puts things, in Node: laws over many shapes of networks."""

import json
from functools import cache

import pytest

from components.widgets.kit import script
from tests.widgets.test_kit import WIDGETS, run

MACHINE = WIDGETS / "machine"
LAW_NAMES = (
    "answers",
    "blocks",
    "bus",
    "finite",
    "focus",
    "groups",
    "height",
    "inside",
    "lens",
    "mosaics",
    "open",
    "order",
    "pager",
    "rivers",
    "rows",
    "stations",
)
LAWS = """
const STATIONS = {
  llama: ["norm1", "query", "key", "value", "square", "output", "heads", "norm2", "gate", "up",
    "hidden", "write"],
  gpt2: ["norm1", "query", "key", "value", "square", "output", "heads", "norm2", "before",
    "hidden", "write"],
  mixture: ["norm1", "query", "key", "value", "square", "output", "heads", "norm2", "experts",
    "write"],
  little: ["square"], waiting: [],
};
const EPS = 1e-6;
const some = (count) => [...new Set([0, count >> 1, count - 1])];
const broken = {};
let count = 0, now;
function law(name, holds, why = () => "") {
  broken[name] ??= [];
  if (!holds && broken[name].length < 4) broken[name].push(`${JSON.stringify(now)}: ${why()}`);
}

function finite(value, path = "") {
  if (typeof value === "number") law("finite", Number.isFinite(value), () => `${path} ${value}`);
  else if (value && typeof value === "object")
    for (const [key, one] of Object.entries(value)) finite(one, `${path}.${key}`);
}

/* Boxes side by side along one axis: each has room and ends before the next begins. */
function inLine(name, boxes, at, size, least) {
  boxes.forEach((box, i) => {
    law(name, box[size] > least - EPS, () => `${i} is ${box[size]}`);
    const next = boxes[i + 1];
    if (next) law(name, box[at] + box[size] <= next[at] + EPS, () => `${i} runs into the next`);
  });
}

function fills(name, boxes, at, size, from, to) {
  law(name, Math.abs(boxes[0][at] - from) < EPS, () => `begins at ${boxes[0][at]}, not ${from}`);
  const end = boxes.at(-1)[at] + boxes.at(-1)[size];
  law(name, Math.abs(end - to) < EPS, () => `ends at ${end}, not ${to}`);
  boxes.slice(1).forEach((box, i) => law(name,
    Math.abs(boxes[i][at] + boxes[i][size] - box[at]) < EPS, () => `a gap before ${i + 1}`));
}

const within = (box, { x, y, w, h }) => box.x >= x - EPS && box.y >= y - EPS
  && box.x + box.w <= x + w + EPS && box.y + box.h <= y + h + EPS;

function mosaicInside(spine, mosaic, box, heads) {
  const whole = { x: spine.x, y: box.y, w: spine.w, h: box.h };
  if (mosaic.merged) {
    const picture = { x: mosaic.left, y: mosaic.top, w: mosaic.side, h: mosaic.side };
    law("mosaics", mosaic.side === 0 || within(picture, whole), () => `mean ${spine.layer}`);
    return;
  }
  for (let head = 0; head < heads; head++)
    law("mosaics", within(headBox(mosaic, head), whole), () => `${head} ${spine.layer}`);
}

function river(place, at, given, open, focus) {
  const { rows, spines, heads, mlp } = at;
  law("blocks", at.left < at.right && spines.length === given.layers);
  fills("blocks", spines, "x", "w", at.left, at.right);
  inLine("blocks", spines, "x", "w", 0);
  law("rows", rows.length === given.rows);
  fills("rows", rows, "y", "h", heads.y + heads.h + GAP, rows.at(-1).y + rows.at(-1).h);
  inLine("rows", rows, "y", "h", 1);
  law("rows", rows.at(-1).y + rows.at(-1).h < mlp.y && mlp.y + mlp.h <= at.bottom);
  law("rows", rows.every((row) => Math.abs(row.middle - row.y - row.h / 2) < EPS));
  if (focus !== null) law("focus", rows[focus].h >= 13, () => `${rows[focus].h}`);
  const bands = given.crossing && !open ? 2 : 1;
  for (const spine of spines) {
    if (spine.open || !some(given.layers).includes(spine.layer)) continue;
    const half = { y: heads.y, h: heads.h / bands };
    mosaicInside(spine, spine.mosaic, half, given.heads);
    law("mosaics", Boolean(spine.crossing) === (bands === 2));
    if (spine.crossing)
      mosaicInside(spine, spine.crossing, { ...half, y: heads.y + half.h }, given.heads);
  }
  law("lens", Boolean(at.lens) === (given.answers && at === place.rivers.at(-1)));
  if (at.lens) law("lens", at.lens.y >= mlp.y + mlp.h && at.lens.y + at.lens.h <= at.bottom);
  const whole = { x: 0, y: 0, w: place.width, h: place.height };
  for (const box of [heads, mlp, at.lens].filter(Boolean))
    law("inside", within({ x: at.left, w: at.right - at.left, ...box }, whole));
  law("open", Boolean(at.open) === open);
  if (open) opened(at, given);
}

function opened(at, given) {
  const { open, spines } = at, spine = spines.find((one) => one.open);
  law("open", open.x === spine.x && open.w === spine.w);
  const names = given.stations;
  law("stations", open.shown.every((name) => names.includes(name)));
  law("stations", open.shown.length > 0 || !names.length, () => "none is shown");
  const order = open.shown.map((name) => names.indexOf(name));
  law("order", order.every((at, i) => !i || order[i - 1] < at));
  const boxes = open.shown.map((name) => open.stations[name]);
  law("stations", Object.keys(open.stations).length === boxes.length);
  inLine("stations", boxes, "x", "w", 6);
  const block = { x: open.x, y: open.top, w: open.w, h: open.bottom - open.top };
  boxes.forEach((box, i) => law("stations", within(box, block), () => `${open.shown[i]} leaves`));
  const pager = pagerOf(open.pager, { heads: { heads: given.heads } });
  const above = { x: open.x, y: open.y, w: open.w, h: at.heads.h };
  for (let head = 0; head < given.heads; head++)
    law("pager", within(headBox(pager, head), above), () => `head ${head} leaves the block`);
  law("pager", pager.side > 3, () => `${pager.side}`);
  if (open.stations.heads) law("pager", headPitch(open.stations.heads, given.heads)
    * given.heads <= open.stations.heads.h + EPS);
  // Every group can be turned to, and together they are all stations.
  const groups = groupsOf(names);
  law("groups", groups.flat().length === names.length
    && groups.every((one, i) => names.length === 0
      || fitting(names, i, 0).join() === one.join()));
}

function check(width, rivers, open, foci) {
  const shape = { width, rivers };
  const place = layout(shape, { open, focus: foci });
  count += 1;
  now = [width, rivers.map((one) => [one.rows, one.layers, one.heads]), open, foci];
  finite(place);
  place.rivers.forEach((at, number) => {
    const here = open?.river === number;
    river(place, at, { ...rivers[number], stations: here ? open.stations : [] }, here,
      foci[number]);
  });
  law("inside", place.tokens.w + place.lookup.w <= place.rivers[0].left);
  law("inside", place.final.x + place.final.w <= width);
  law("inside", place.rivers.at(-1).bottom <= place.height);
  if (place.bars) {
    const whole = { x: place.final.x + place.final.w, y: 0, w: width, h: place.height };
    law("answers", within(place.bars, { ...whole, w: width - whole.x }));
    law("answers", (place.bars.h - 6) / 9 >= 13, () => `8 answers and a line in ${place.bars.h}`);
  }
  law("bus", Boolean(place.bus) === rivers.length > 1);
  if (rivers.length === 1) {
    const most = open ? 900 : 760;
    law("height", place.height < most, () => `${place.height}`);
    return;
  }
  const [from, to] = place.rivers, { bus } = place;
  law("rivers", from.bottom < to.heads.y - 18, () => "no room for the lower one's numbers");
  law("bus", bus.y > from.bottom && bus.y + 4 < to.heads.y, () => `at ${bus.y}`);
  law("bus", bus.right > to.right + 20 && bus.right + 4 < width, () => `${bus.right}`);
  law("bus", bus.entries.every((x, i) => x >= to.spines[i].x
    && x <= to.spines[i].x + to.spines[i].w) && bus.entries.length === to.spines.length);
}

const ROWS = [1, 2, 11, 64], LAYERS = [1, 2, 4, 12, 30, 48, 80, 126];
const HEADS = [1, 4, 9, 12, 32, 128], WIDTHS = [360, 720, 980, 1140, 1400, 2000];
for (const width of WIDTHS) for (const layers of LAYERS) for (const rows of ROWS)
  for (const heads of HEADS) {
    const one = { rows, layers, heads, crossing: false, answers: true };
    check(width, [one], null, [rows >> 1]);
    const names = Object.keys(STATIONS), turn = (layers + heads + rows) % 4;
    for (const layer of some(layers)) check(width, [one],
      { river: 0, layer, stations: STATIONS[names[(turn + layer) % 5]], group: turn }, [rows - 1]);
    const pair = [{ ...one, answers: false }, { ...one, rows: 5, layers: 2, crossing: true }];
    if (heads % 4 === 0) {
      check(width, pair.map((river) => ({ ...river, rows })), null, [rows - 1, null]);
      check(width, pair, { river: 0, layer: 0, stations: STATIONS.llama }, [0, null]);
      check(width, pair, { river: 1, layer: 1, stations: STATIONS.gpt2, group: 0 }, [null, 4]);
    }
  }
for (const width of WIDTHS) for (const stations of Object.values(STATIONS))
  for (const group of [undefined, 0, 1, 2, 3]) for (const layer of some(12))
    check(width, [{ rows: 11, layers: 12, heads: 12, answers: true }],
      { river: 0, layer, stations, group }, [0]);
for (let rows = 1; rows <= 64; rows++) for (const most of [150, 200, 340])
  for (let focus = 0; focus < rows; focus++) {
    now = [rows, most, focus];
    law("focus", rowsOf(rows, 10, most, focus)[focus].h >= 13);
  }
console.log(JSON.stringify({ count, broken }));
"""


@cache
def laid() -> dict[str, object]:
    drawn = script(MACHINE / "layout.js", MACHINE / "opened.js", MACHINE / "bands.js", INKS={})
    return json.loads(run(f"{drawn}\n{LAWS}"))


@pytest.mark.parametrize("law", LAW_NAMES)
def test_the_drawing_is_laid_out_by_its_laws(law):
    assert laid()["count"] > 5000
    assert laid()["broken"][law] == []


def test_every_law_was_asked():
    assert set(laid()["broken"]) == set(LAW_NAMES)


def test_the_laws_see_what_is_wrong():
    """A wrong layout, in one number each, is told by the law for it."""
    drawn = script(MACHINE / "layout.js", MACHINE / "opened.js", MACHINE / "bands.js", INKS={})
    cases = """
    const shape = { width: 1140, rivers: [{ rows: 11, layers: 12, heads: 12, answers: true }] };
    const right = layout, seen = {};
    const wrong = {
      rows: (place) => { place.rivers[0].rows[3].h += 9; },
      blocks: (place) => { place.rivers[0].spines[4].x -= 2; },
      mosaics: (place) => { place.rivers[0].spines[0].mosaic.left -= 40; },
      stations: (place) => { place.rivers[0].open.stations.key.w += 30; },
      lens: (place) => { place.rivers[0].lens.y -= 20; },
      answers: (place) => { place.bars.w += 2; },
      height: (place) => { place.height = 1000; },
      finite: (place) => { place.rivers[0].mlp.h = NaN; },
    };
    for (const [name, spoil] of Object.entries(wrong)) {
      for (const all of Object.values(broken)) all.length = 0;
      layout = (...given) => { const place = right(...given); spoil(place); return place; };
      check(1140, shape.rivers, { river: 0, layer: 5, stations: STATIONS.llama }, [3]);
      seen[name] = (broken[name] ?? []).length > 0;
    }
    console.log(JSON.stringify(seen));
    """
    laws = LAWS[: LAWS.index("const ROWS")]
    seen = json.loads(run(f"{drawn}\n{laws}\n{cases}"))
    assert len(seen) == 8 and all(seen.values()), seen
