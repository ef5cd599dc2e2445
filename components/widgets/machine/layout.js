/* Where everything of the drawing stands: plain numbers from plain numbers, without a browser.
 *
 * A river is one stack: its tokens are rows, its blocks are columns (spines). Above the rows stands
 * the band of the heads, below them that of the MLPs, below the last river what the model would say
 * if it stopped after each block. One block may be open: it takes the room that the others leave. */

export const GAP = 8;
const TITLE = 20, LENS = 40, MLP = 26, FINAL = 30, NAMES = 38, BARS = 132;
const CLOSED = { tokens: 108, lookup: 56, bars: 236 };
const OPEN = { tokens: 88, lookup: 0, bars: 152 };
const NARROW = { tokens: 76, lookup: 0, bars: 0 };
export const NARROWEST = 720;

/* `shape`: { width, most (height of all rows), rivers: [{ rows, layers, heads, crossing, mlp, answers }] }; `state`: { open: null
 * or { river, layer, stations }, focus: [row of each river] }. */
export function layout(shape, state) {
  const narrow = shape.width < NARROWEST;
  const sides = narrow ? NARROW : state.open ? OPEN : CLOSED;
  const most = shape.rivers.length > 1 ? [150, 200] : [shape.most ?? 340];
  const left = sides.tokens + sides.lookup + GAP, right = shape.width - sides.bars - FINAL;
  const rivers = [];
  let y = TITLE;
  shape.rivers.forEach((river, number) => {
    const open = state.open?.river === number ? state.open : null;
    const least = open ? 15 * Math.min(river.rows, 20) : 0;
    const made = riverOf(river, { y, left, right, most: Math.max(most[number], least), open,
      focus: state.focus[number], last: number === shape.rivers.length - 1, narrow });
    rivers.push(made);
    y = made.bottom + (number < shape.rivers.length - 1 ? TITLE + 14 : 0);
  });
  const end = rivers.at(-1);
  // Of a short text the bars go on beside the lens: each needs a line of its own.
  const bars = { y: end.heads.y, h: Math.max(end.mlp.y - end.heads.y, BARS) };
  return {
    width: shape.width, height: Math.max(y, sides.bars && bars.y + bars.h) + 4, narrow, rivers,
    tokens: { x: 0, w: sides.tokens }, lookup: { x: sides.tokens, w: sides.lookup },
    final: { x: right, w: FINAL },
    bars: sides.bars && { x: right + FINAL, w: sides.bars, ...bars },
    bus: rivers.length > 1 && busOf(rivers, Math.min(right + FINAL + 4, shape.width - 5)),
  };
}

function riverOf(river, { y, left, right, most, open, focus, last, narrow }) {
  const spines = spinesOf(river.layers, left, right, open?.layer ?? null, narrow);
  const mosaics = (open ? 1 : river.crossing ? 2 : 1);
  const heads = { y, h: open ? 96 : mosaicBand(river.heads, spines[0]?.w ?? 0) * mosaics };
  const rows = rowsOf(river.rows, y + heads.h + GAP, most, focus);
  const bottom = rows.length ? rows.at(-1).y + rows.at(-1).h : y + heads.h + GAP;
  // Below the square of the open block stand the names of its key tokens.
  const mlp = { y: bottom + GAP + (open ? NAMES : 0), h: MLP };
  const lens = last && river.answers ? { y: mlp.y + mlp.h + GAP, h: LENS } : null;
  for (const spine of spines) {
    spine.mosaic = mosaicIn(river.heads, { x: spine.x + 1, y: heads.y, w: spine.w - 2, h: heads.h / mosaics });
    if (mosaics > 1) spine.crossing = mosaicIn(river.heads,
      { x: spine.x + 1, y: heads.y + heads.h / 2, w: spine.w - 2, h: heads.h / 2 });
  }
  return { left, right, heads, rows, mlp, lens, spines, open: open && openedOf(open, spines, heads, rows),
    bottom: lens ? lens.y + lens.h : mlp.y + mlp.h };
}

/* The columns of the blocks, of which one may be open. */
export function spinesOf(layers, left, right, opened, narrow = false) {
  const room = right - left;
  const even = room / Math.max(layers, 1);
  let closed = even;
  if (opened !== null && layers > 1) {
    closed = narrow ? Math.max(1, Math.min(6, 0.15 * room / (layers - 1))) : Math.min(22, Math.max(3, 0.18 * room / (layers - 1)), 0.5 * room / (layers - 1));
  }
  const wide = opened === null ? even : room - closed * (layers - 1);
  const spines = [];
  let x = left;
  for (let layer = 0; layer < layers; layer++) {
    const w = layer === opened ? wide : closed;
    spines.push({ layer, x, w, open: layer === opened });
    x += w;
  }
  return spines;
}

/* How high a row of mosaics is, so that the squares of one block fill its width. */
function mosaicBand(heads, width) {
  const { side, rows } = squares(heads, width - 2, 84);
  return Math.min(84, Math.max(24, rows * side));
}

/* The largest squares of which `count` fit into width and height. */
export function squares(count, width, height) {
  let best = { side: 0, columns: 1, rows: count };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const side = Math.floor(Math.min(width / columns, height / rows, 44));
    if (side > best.side) best = { side, columns, rows };
  }
  return best;
}

/* Below 5 pixels a head is no picture: `merged` stands for the mean of all. */
function mosaicIn(count, box) {
  const found = squares(count, box.w, box.h);
  if (found.side < 5) {
    const side = Math.max(0, Math.floor(Math.min(box.w, box.h)));
    return { ...box, merged: true, side, columns: 1, rows: 1, left: box.x + (box.w - side) / 2,
      top: box.y + box.h - side };
  }
  return { ...box, merged: false, ...found, left: box.x + (box.w - found.side * found.columns) / 2,
    top: box.y + box.h - found.side * found.rows };
}

/* Rows of tokens: where they are too thin for words, those near `focus` are thicker. */
export function rowsOf(count, top, most, focus) {
  const pitch = Math.min(26, Math.max(5, most / Math.max(count, 1)));
  const shares = [];
  for (let i = 0; i < count; i++) {
    const near = pitch < 14 && focus !== null ? Math.exp(-((i - focus) ** 2) / 4) : 0;
    shares.push(1 + (14 / pitch - 0.2) * near);
  }
  const total = shares.reduce((sum, share) => sum + share, 0) || 1;
  const rows = [];
  let y = top;
  for (const share of shares) {
    const h = (pitch * count * share) / total;
    rows.push({ y, h, middle: y + h / 2 });
    y += h;
  }
  return rows;
}

/* The stations of an open block, from left to right; their widths are shares of its room. */
const WANTED = { norm1: 34, query: 44, key: 44, value: 44, square: 250, output: 46, heads: 96,
  norm2: 34, gate: 50, up: 50, before: 70, hidden: 70, experts: 110, write: 44 };
/* The stream's vectors beside the MLP's, in true proportion: `ratio` is neurons to width. */
export function wantedOf(ratio) {
  if (!ratio) return WANTED;
  const stream = Math.max(14, Math.min(44, 88 / ratio)), neurons = ratio * stream;
  return { ...WANTED, norm1: stream, norm2: stream, write: stream, gate: neurons, up: neurons, before: neurons, hidden: neurons };
}

const LEAST = { square: 130, heads: 70 };

export function openedOf(open, spines, heads, rows) {
  const box = spines[open.layer];
  const top = rows[0]?.y ?? heads.y + heads.h, bottom = rows.length ? rows.at(-1).y + rows.at(-1).h : top;
  const inner = { x: box.x + 10, w: box.w - 20 };
  const wanted = wantedOf(open.ratio);
  const shown = fitting(open.stations, open.group, inner.w, wanted);
  const gap = shown.length > 1 ? 10 : 0;
  const free = inner.w - gap * (shown.length - 1);
  const total = shown.reduce((sum, name) => sum + wanted[name], 0);
  // Nothing is drawn much wider than it is made for: what is left stands around.
  const scale = Math.min(1.5, free / total);
  let x = inner.x + Math.max(0, (free - total * scale) / 2);
  const stations = {};
  for (const name of shown) {
    const w = wanted[name] * scale;
    stations[name] = { x, y: top, w, h: bottom - top };
    x += w + gap;
  }
  if (stations.square) {
    // Its rows are the tokens' rows; it is no wider than high, but where rows are few.
    const square = stations.square, w = Math.min(square.w, Math.max(bottom - top, 160));
    square.x += (square.w - w) / 2;
    square.w = w;
  }
  return { x: box.x, w: box.w, y: heads.y, top, bottom, stations, shown,
    pager: { x: inner.x, y: heads.y + 22, w: inner.w, h: heads.h - 26 } };
}

const GROUPS = [
  ["norm1", "query", "key", "value"], ["square", "output"], ["heads"],
  ["norm2", "gate", "up", "before", "hidden", "experts", "write"],
];

export function groupsOf(stations) {
  return GROUPS.map((names) => names.filter((name) => stations.includes(name))).filter((names) => names.length);
}

/* All stations if there is room for them, else those of one group. */
export function fitting(stations, group, room, wanted = WANTED) {
  const all = stations.reduce((sum, name) => sum + (LEAST[name] ?? 0.5 * wanted[name]) + 10, 0);
  if (all <= room) return stations;
  const there = groupsOf(stations);
  return there[(group ?? 1) % there.length] ?? [];
}

/* The encoder's output on its way under the decoder's heads. */
function busOf(rivers, right) {
  const [from, to] = rivers;
  const y = to.heads.y - 28;
  return { right, top: from.rows[0]?.y ?? y, bottom: from.rows.at(-1)?.y ?? y, y,
    entries: to.spines.map((spine) => spine.x + Math.min(8, spine.w / 6)) };
}
