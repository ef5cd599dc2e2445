/* The rivers: each token's stream through the blocks, as wide as its norm; and what flows into it. */

import { picture } from "./inks.js";

const THINNEST = 1, THICKEST = 11;

/* Widths for norms: one ruler for streams and writes, by the logarithm of the norm. */
export function ruler(river) {
  const found = [river.norms, river.attention, river.cross, river.mlp].filter(Boolean)
    .flatMap((one) => [...one]).filter((one) => one > 0 && one < Infinity);
  const low = Math.log(Math.min(...found)), high = Math.log(Math.max(...found));
  return {
    low: Math.exp(low), high: Math.exp(high),
    width: (norm) => (norm > 0 && high > low
      ? THINNEST + (THICKEST - THINNEST) * ((Math.log(Math.min(norm, Math.exp(high))) - low) / (high - low)) : THINNEST),
  };
}

export function drawRows(pen, inks, place, river, look) {
  const { rows, spines } = place;
  const most = Math.min(...rows.map((row) => row.h)) * 0.8;
  rows.forEach((row, i) => {
    const chosen = i === look.row, alpha = chosen ? 1 : look.row === null ? 0.8 : 0.45;
    const colour = chosen ? inks.ink : inks.stream;
    const wide = (boundary) => (river.norms
      ? Math.min(river.ruler.width(river.norms[boundary * river.rows + i]), chosen ? THICKEST : most)
      : 1);
    const upper = [[place.left, row.middle - wide(0) / 2]];
    const lower = [[place.left, row.middle + wide(0) / 2]];
    for (const { layer, x, w } of spines) {
      const from = wide(layer), to = wide(layer + 1);
      // It widens where the block writes to it: over the second half of the block's column.
      for (const [at, width] of [[x + 0.45 * w, from], [x + 0.95 * w, to]]) {
        upper.push([at, row.middle - width / 2]);
        lower.push([at, row.middle + width / 2]);
      }
    }
    const end = wide(spines.length);
    upper.push([place.right, row.middle - end / 2]);
    lower.push([place.right, row.middle + end / 2]);
    pen.area([...upper, ...lower.reverse()], colour, chosen ? 0.85 : 0.55 * alpha);
    if (chosen && look.before) drawBefore(pen, inks, place, river, row, look.before);
  });
}

/* How wide the stream was before parts were switched off: two dashed lines. */
function drawBefore(pen, inks, place, river, row, norms) {
  for (const side of [-1, 1]) {
    const points = [[place.left, row.middle + (side * river.ruler.width(norms[0])) / 2]];
    for (const { layer, x, w } of place.spines) {
      points.push([x + 0.45 * w, row.middle + (side * river.ruler.width(norms[layer])) / 2]);
      points.push([x + 0.95 * w, row.middle + (side * river.ruler.width(norms[layer + 1])) / 2]);
    }
    pen.line(points, inks.against, 1, { dash: [3, 2] });
  }
}

/* A norm on the stream (BERT): it is cut where each block hands on, and begins anew. */
export function drawNorms(pen, inks, place) {
  const { rows, spines } = place;
  if (!rows.length) return;
  const top = rows[0].y, bottom = rows.at(-1).y + rows.at(-1).h;
  for (const { x, w, open } of spines) {
    if (!open && w >= 12) pen.rect(x + w - 3, top, 3, bottom - top, inks.ground, { alpha: 1 });
  }
}

/* What the chosen token reads in each block: from the rows that it looks at, to its own. */
export function drawReading(pen, inks, place, arcs, row) {
  for (const { layer, x, w, open } of place.spines) {
    const weights = arcs?.[layer];
    if (!weights || open || w < 12) continue;
    weights.forEach((weight, i) => {
      if (i === row || !(weight >= 0.04) || !place.rows[i]) return;
      const from = place.rows[i].middle, to = place.rows[row].middle, half = x + 0.5 * w;
      pen.curve([[x, from], [half, from], [x + 0.1 * w, to], [x + 0.55 * w, to]], inks.attention,
        0.6 + 5 * weight, { alpha: 0.25 + 0.6 * weight });
    });
  }
}

/* The writes of the blocks into the chosen token's stream: tributaries from above and below. */
export function drawWrites(pen, inks, place, river, look) {
  const row = place.rows[look.row];
  if (!row) return;
  const kinds = [["attention", inks.attention, place.heads.y + place.heads.h, 0.3, river.attention],
    ["cross", inks.key, place.heads.y + place.heads.h, 0.42, river.cross],
    ["mlp", inks.mlp, place.mlp.y, 0.58, river.mlp]];
  for (const { layer, x, w, open } of place.spines) {
    if (open) continue;
    for (const [name, colour, from, share, norms] of kinds) {
      const tie = tieOf(name, layer, norms && norms[layer * river.rows + look.row], river, look, inks, colour);
      if (!tie) continue;
      const width = Math.min(tie.width, 0.4 * w), begin = x + share * w;
      const bend = Math.min(0.35 * w, 26);
      pen.curve([[begin, from], [begin, row.middle - Math.sign(row.middle - from) * 6],
        [begin + 0.2 * bend, row.middle], [begin + bend, row.middle]], tie.colour, width,
      { alpha: tie.alpha, dash: tie.dash, to: look.push ? undefined : inks.ink });
    }
  }
}

/* How a write is drawn: by its norm on the ruler, or by its push toward A rather than B. */
function tieOf(name, layer, norm, river, look, inks, colour) {
  if (look.push) {
    const pushes = look.push[name];
    if (!pushes) return null;
    const value = pushes[layer];
    return { width: 0.5 + (14 * Math.abs(value)) / look.push.largest, alpha: 0.85, dash: [],
      colour: value >= 0 ? inks.probability : inks.against };
  }
  if (norm === null || norm === undefined) return null;
  const along = river.along[name]?.[layer * river.rows + look.row];
  return { width: river.ruler.width(norm), alpha: 0.6, colour, dash: along < -0.1 ? [5, 3] : [] };
}

export function stripWidth(box) {
  return Math.min(box.w - 10, 50);
}

/* The vectors that enter and leave, pooled: 64 cells for each token. */
export function drawStrips(pen, inks, place, box, levels) {
  if (!levels || box.w < 24) return;
  const columns = levels.length / place.rows.length;
  place.rows.forEach((row, i) => {
    const h = Math.min(row.h * 0.72, 16);
    picture(pen, { x: box.x, y: row.middle - h / 2, w: box.w, h }, columns,
      levels.subarray(i * columns, (i + 1) * columns), inks.signedColours);
  });
}

/* The whole of a long text at its edge, a line for each token or a few, and which part is drawn. */
export function drawWhole(pen, inks, place, river) {
  if (!river.whole) return;
  const box = wholeBox(place), share = box.h / river.total;
  picture(pen, box, 1, river.whole, inks.weightColours);
  pen.rect(box.x, box.y + share * river.first, box.w, share * river.rows, "", { stroke: inks.picked, width: 2 });
}

export function wholeBox({ rows }) {
  return { x: 0, y: rows[0].y, w: 9, h: rows.at(-1).y + rows.at(-1).h - rows[0].y };
}

export function drawTokens(pen, inks, place, river, look, width, kept) {
  const edge = river.whole ? 11 : 0;
  place.rows.forEach((row, i) => {
    if (row.h < 9 && i !== look.row) return;
    const size = Math.max(9, Math.min(14, row.h * 0.78)), chosen = i === look.row;
    if (chosen) pen.rect(edge, row.middle - Math.max(row.h, 14) / 2, width - 6 - edge, Math.max(row.h, 14),
      inks.faint, { radius: 4, stroke: inks.picked, width: 1.5 });
    if (row.h >= 12 && width > 80) pen.text(edge + 6, row.middle, String(river.ids[i]), { size: 10, fill: inks.quiet, alpha: 0.8 });
    // As it was before the last token was written: it need not be computed anew.
    if (kept?.rows[i]) pen.rect(edge + 1, row.middle - Math.min(5, row.h / 3), 3, Math.min(10, row.h / 1.5), inks.probability, { radius: 1 });
    const written = river.written !== null && i + river.first >= river.written;
    pen.text(width - 12, row.middle, river.shown[i], { size, mono: true, anchor: "end", most: width - (width > 80 ? 44 : 20),
      fill: written ? inks.probability : chosen ? inks.ink : inks.quiet, bold: chosen });
  });
}

/* The encoder's output on its way into each cross-attention: keys and values. */
export function drawBus(pen, inks, bus, spines) {
  if (!bus) return;
  for (const [offset, colour] of [[0, inks.key], [4, inks.value]]) {
    pen.line([[bus.right + offset, bus.top], [bus.right + offset, bus.y + offset],
      [bus.entries[0], bus.y + offset]], colour, 2, { alpha: 0.8 });
    bus.entries.forEach((x, i) => pen.line([[x + offset - 2, bus.y + offset],
      [x + offset - 2, spines[i].crossing?.y ?? bus.y + 14]], colour, 1.5, { alpha: 0.8 }));
  }
}
