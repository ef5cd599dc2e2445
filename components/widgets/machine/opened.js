/* The block that is open: every token's rows from station to station, and one head's square. */

import { scoreLevels, weightLevels } from "./data.js";
import { drawHeads, headBox } from "./bands.js";
import { picture } from "./inks.js";
import { squares } from "./layout.js";
import { grouped } from "../kit/numbers.js";

const STATION_NAMES = { norm1: "norm", norm2: "norm", query: "query", key: "key", value: "value", square: "scores",
  output: "output", heads: "heads write", gate: "gate", up: "up", before: "before", hidden: "hidden",
  experts: "experts", write: "write" };
const HUES = { query: "query", key: "key", value: "value", square: "attention", output: "attention",
  heads: "attention", gate: "mlp", up: "mlp", before: "mlp", hidden: "mlp", experts: "mlp", write: "mlp" };
const STEP_NAMES = { scores: "query · key", scaled: "scaled", capped: "capped", biased: "+ position bias", masked: "masked",
  weights: "softmax: weights" };

/* The stations that a block has, from left to right. */
export function stationsOf(block) {
  const there = ["norm1", "query", "key", "value", "square", "output", "heads", "norm2", "gate", "up",
    "before", "hidden", "experts", "write"];
  return there.filter((name) => name === "square" || (name === "heads" && block.headWrites)
    || (name === "experts" && block.experts) || block.stations[name]);
}

export function stationName(name, block, step, pushing) {
  if (name === "heads" && pushing) return "heads push";
  if (name === "square") return STEP_NAMES[step in block.square.steps ? step : "weights"];
  return STATION_NAMES[name];
}

export function drawOpened(pen, inks, place, river, block, look) {
  const { open } = place;
  for (const name of open.shown) {
    const box = open.stations[name];
    if (name === "square") drawSquare(pen, inks, place, box, block, look);
    else if (name === "heads") drawHeadBars(pen, inks, box, block, look);
    else if (name === "experts") drawExperts(pen, inks, box, block);
    else drawRowsOf(pen, inks, place, box, block.stations[name], inks[HUES[name]] ?? inks.line, look);
  }
  drawPager(pen, inks, place, river, block, look);
  drawFlow(pen, inks, place, block, look);
}

/* The rows of a station: the tokens', or another stack's, evenly where they are not as many. */
function stationRows(place, box, station) {
  const count = station.levels.length / station.cells, h = box.h / count;
  return count === place.rows.length ? place.rows
    : Array.from({ length: count }, (_, i) => ({ y: box.y + i * h, middle: box.y + (i + 0.5) * h, h }));
}

function drawRowsOf(pen, inks, place, box, station, hue, look) {
  const rows = stationRows(place, box, station), aligned = rows === place.rows;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i], h = Math.min(row.h * 0.74, 17);
    picture(pen, { x: box.x, y: row.middle - h / 2, w: box.w, h }, station.cells,
      station.levels.subarray(i * station.cells, (i + 1) * station.cells), inks.signedColours);
    pen.rect(box.x, row.middle - h / 2, box.w, h, "", { stroke: hue, width: aligned && i === look.row ? 2 : 0.6,
      alpha: aligned && i === look.row ? 1 : 0.55 });
  }
}

/* One square that changes: scores, scaled, masked, and the softmax over each row. */
function drawSquare(pen, inks, place, box, block, look) {
  const { square } = block, step = look.step in square.steps ? look.step : "weights";
  const rows = place.rows.length, values = square.steps[step];
  square.levels ??= {};
  square.levels[step] ??= step === "weights" ? weightLevels(values, square.visible)
    : scoreLevels(values, square.visible, square.range, step === "masked");
  const colours = step === "weights" ? inks.weightColours : inks.signedColours;
  const w = box.w / square.columns;
  for (let i = 0; i < rows; i++) {
    const row = place.rows[i];
    picture(pen, { x: box.x, y: row.y + 0.5, w: box.w, h: row.h - 1 }, square.columns,
      square.levels[step].subarray(i * square.columns, (i + 1) * square.columns), colours);
    if (step === "masked" || step === "weights") hatch(pen, inks, box, row, w, square, i);
    if (look.row === i) pen.rect(box.x - 1, row.y - 0.5, box.w + 2, row.h + 1, "", { stroke: inks.query, width: 2 });
  }
  pen.rect(box.x, box.y, box.w, box.h, "", { stroke: inks.line, width: 1 });
  if (w >= 8) block.keys.forEach((text, j) => pen.text(box.x + (j + 0.5) * w, box.y + box.h + 6, text,
    { size: Math.min(11, w + 1), mono: true, fill: inks.quiet, turn: 60, most: 40 }));
}

/* What the mask hides is hatched: it has no number. */
function hatch(pen, inks, box, row, w, square, i) {
  let first = null;
  for (let j = 0; j <= square.columns; j++) {
    const hidden = j < square.columns && !square.visible[i * square.columns + j];
    if (hidden && first === null) first = j;
    if (!hidden && first !== null) {
      const x = box.x + first * w, end = box.x + j * w;
      pen.rect(x, row.y, end - x, row.h, inks.faint, {});
      for (let at = x + 3; at < end; at += 7)
        pen.line([[at, row.y + row.h], [Math.min(end, at + row.h * 0.6), row.y + row.h - Math.min(row.h, (end - at) / 0.6)]], inks.line, 0.7);
      first = null;
    }
  }
}

/* What each head writes to the chosen token: how much, or how far toward one answer. */
function drawHeadBars(pen, inks, box, block, look) {
  const values = look.pushes ?? block.headWrites;
  const pitch = headPitch(box, values.length), h = Math.min(18, pitch * 0.64), room = box.w - 20;
  const most = Math.max(...values.map(Math.abs), 1e-9);
  values.forEach((value, head) => {
    const y = box.y + (head + 0.5) * pitch, off = look.off(head), chosen = head === block.head;
    const hue = look.pushes ? (value < 0 ? inks.against : inks.probability) : inks.attention;
    if (pitch >= 8) pen.text(box.x + 14, y, String(head), { size: Math.min(13, pitch), fill: chosen ? inks.ink : inks.quiet, anchor: "end", bold: chosen });
    pen.rect(box.x + 18, y - h / 2, Math.max(1, (room * Math.abs(value)) / most), h,
      off ? "" : hue, { alpha: chosen ? 1 : 0.55, radius: 2, stroke: off ? inks.against : chosen ? inks.picked : undefined });
    if (off) pen.line([[box.x + 18, y], [box.x + box.w, y]], inks.against, 1.5);
  });
}

/* How high the bar of one head is: few heads fill the rows that there are. */
export function headPitch(box, count) {
  return Math.min(48, box.h / count);
}

function drawExperts(pen, inks, box, { experts }) {
  const count = experts.probabilities.length, pitch = Math.min(22, box.h / count);
  const most = Math.max(...experts.loads, 1);
  experts.probabilities.forEach((share, expert) => {
    const y = box.y + (expert + 0.5) * pitch, chosen = experts.chosen[expert] !== undefined;
    if (pitch >= 9) pen.text(box.x + 14, y, String(expert), { size: 11, fill: inks.quiet, anchor: "end" });
    pen.rect(box.x + 18, y - pitch * 0.32, Math.max(1, (box.w - 44) * share), pitch * 0.64, inks.mlp, { alpha: chosen ? 1 : 0.35 });
    const load = (18 * experts.loads[expert]) / most;
    pen.rect(box.x + box.w - load, y - 2, load, 4, inks.quiet, { alpha: 0.7 });
  });
}

/* All heads of the block in a line, if there is room, those that share keys and values underlined together. */
function drawPager(pen, inks, place, river, block, look) {
  const mosaic = pagerOf(place.open.pager, river);
  const heads = block.kind === "cross" ? river.crossing : river.heads;
  if (!heads) return;
  drawHeads(pen, inks, mosaic, heads, heads.at(block.layer), { head: block.head, off: look.off });
  const group = heads.heads / heads.kvHeads;
  if (group > 1 && mosaic.side > 8 && mosaic.rows === 1) {
    for (let kv = 0; kv < heads.kvHeads; kv++) {
      const a = headBox(mosaic, kv * group), b = headBox(mosaic, (kv + 1) * group - 1);
      if (a.y !== b.y) continue;
      pen.rect(a.x, a.y + a.h + 3, b.x + b.w - a.x, 3, kv === block.kvHead ? inks.key : inks.line, { radius: 1.5 });
    }
  }
  if (block.clocks && clockRoom(place.open.pager)) drawClocks(pen, inks, place.open.pager, block);
}

export function pagerOf(box, river) {
  const count = (river.heads ?? river.crossing)?.heads ?? 1, beside = clockRoom(box), room = box.w - beside - 4;
  const side = Math.min(box.h - 20, Math.floor(room / count), 56);
  const found = side < 8 ? squares(count, room, box.h - 10) : { side, columns: count, rows: 1 };
  return { ...found, merged: false, left: box.x + beside, top: box.y + 4 };
}

/* How much of the pager's width is the clocks': a narrow one has none. */
function clockRoom(box) {
  return box.w < 260 ? 0 : 126;
}

/* RoPE's clocks of the chosen token: the fastest pair, one between, the slowest. */
function drawClocks(pen, inks, box, block) {
  block.clocks.forEach((clock, i) => {
    const x = box.x + 20 + i * 38, y = box.y + 24, r = 15;
    pen.circle(x, y, r, "", { stroke: inks.line, width: 1.5 });
    pen.line([[x, y], [x + r, y]], inks.line, 1, { dash: [2, 2] });
    pen.line([[x, y], [x + r * Math.cos(clock.angle), y - r * Math.sin(clock.angle)]], inks.query, 2);
    pen.text(x, y + r + 9, `pair ${clock.pair}`, { size: 10, fill: inks.quiet, anchor: "middle" });
  });
}

/* Both writes as ribbons into the chosen token's stream. */
function drawFlow(pen, inks, place, block, look) {
  const row = place.rows[look.row], { stations } = place.open;
  if (!row) return;
  const ribbon = (from, to, colour, width) => pen.curve([[from, row.middle], [from + (to - from) / 3, row.middle - 12],
    [to - (to - from) / 3, row.middle - 12], [to, row.middle]], colour, width, { alpha: 0.55 });
  if (stations.square && stations.value) ribbon(stations.value.x + stations.value.w, stations.square.x, inks.value, 3);
  if (stations.square && stations.output) ribbon(stations.square.x + stations.square.w, stations.output.x, inks.attention, 4);
  if (stations.output && stations.heads) ribbon(stations.output.x + stations.output.w, stations.heads.x, inks.attention, 5);
  if (stations.hidden && stations.write) ribbon(stations.hidden.x + stations.hidden.w, stations.write.x, inks.mlp, 5);
  for (const name of ["heads", "write"]) {
    const box = stations[name];
    if (!box) continue;
    const x = box.x + box.w + 6;
    pen.circle(x, row.middle, 7, inks.ground, { stroke: inks.ink, width: 1.5 });
    pen.text(x, row.middle, "+", { size: 13, fill: inks.ink, anchor: "middle", bold: true });
  }
}

/* The stations' names, where no buttons bear them: in a saved picture. */
export function drawNames(pen, inks, place, block, state, pushing) {
  const { open, heads } = place;
  for (const name of open?.shown ?? []) {
    const box = open.stations[name];
    pen.text(box.x + box.w / 2, heads.y + heads.h + 1, stationName(name, block, state.step, pushing),
      { size: 12, fill: inks.quiet, anchor: "middle" });
  }
}

/* How wide an MLP is beside the stream, in words. */
export function proportion(block, width) {
  if (!block.mlp || !width) return "";
  const times = block.mlp.neurons / width;
  return `MLP: ${grouped(width)} → ${grouped(block.mlp.neurons)} neurons (${times.toFixed(times % 1 ? 2 : 0)}×), ${block.mlp.activation}`;
}

/* The cells that a number is made of, lit wherever they stand. Tokens are counted over the whole
 * text, rows from `first`, the first token that is drawn; another stack's are drawn from its first. */
export function drawLit(pen, inks, place, block, operands, first) {
  for (const { name, row, indices } of operands) {
    const box = place.open?.stations[name], station = block.stations[name], square = name === "square";
    if (!box || (!square && !station)) continue;
    const rows = square ? place.rows : stationRows(place, box, station);
    const from = block.kind === "cross" && (name === "key" || name === "value") ? 0 : first;
    const cells = square ? block.square.columns : station.cells, w = box.w / cells;
    const group = square ? 1 : Math.ceil(station.width / cells);
    for (const at of row === null ? rows : rows.slice(Math.max(0, row - from), Math.max(0, row - from + 1))) {
      const h = square ? at.h : Math.min(at.h * 0.74, 17), y = at.middle - h / 2 - 2;
      if (indices === "all") pen.rect(box.x - 2, y, box.w + 4, h + 4, "", { stroke: inks.picked, width: 2.5 });
      else for (const index of indices.slice(0, 12)) pen.rect(box.x + Math.floor(index / group) * w - 1, y, Math.max(3, w) + 2, h + 4, "", { stroke: inks.picked, width: 2 });
    }
  }
}
