/* What stands above and below the rivers: heads, MLPs, and what would be said after each block. */

import { grouped, percent } from "../kit/numbers.js";
import { picture } from "./inks.js";

export function drawSpines(pen, inks, place, look) {
  const bottom = place.mlp.y + place.mlp.h;
  for (const { layer, x, w, open } of place.spines) {
    if (w < 3) continue;
    const lit = look.layer === layer;
    const gap = w > 10 ? 2 : 0.5;
    pen.rect(x + gap, place.heads.y - 2, w - 2 * gap, bottom - place.heads.y + 4,
      open ? inks.ground : inks.faint, { radius: Math.min(6, w / 3), alpha: open ? 1 : 0.55,
        stroke: open || lit ? inks.picked : undefined, width: open ? 1.5 : 1 });
  }
}

export function drawNumbers(pen, inks, place) {
  const every = place.spines[0].w < 16 ? 5 : 1;
  for (const { layer, x, w, open } of place.spines) {
    if (layer % every && !open) continue;
    if (w < 14 && open === false && place.open) continue;
    pen.text(x + w / 2, place.heads.y - 11, open || (w > 60 && layer === 0) ? `layer ${layer}` : String(layer),
      { size: 12, fill: open ? inks.ink : inks.quiet, anchor: "middle", bold: open, most: open ? Math.max(40, w - 190) : undefined });
  }
}

/* All heads of a block as small pictures of their weights, one for each place of `mosaic`. */
export function drawHeads(pen, inks, mosaic, heads, at, look) {
  if (at < 0 || !heads || mosaic.side < 3) return;
  const size = heads.side * heads.columns, count = heads.heads;
  if (mosaic.merged) {
    picture(pen, { x: mosaic.left, y: mosaic.top, w: mosaic.side, h: mosaic.side }, heads.columns,
      heads.means.subarray(at * size, (at + 1) * size), inks.weightColours);
    return;
  }
  for (let head = 0; head < count; head++) {
    const box = headBox(mosaic, head);
    const off = look.off?.(head);
    const from = (at * count + head) * size;
    if (off) {
      pen.rect(box.x, box.y, box.w, box.h, inks.ground, { stroke: inks.against, width: 1 });
      pen.line([[box.x, box.y], [box.x + box.w, box.y + box.h]], inks.against, 1.5);
    } else picture(pen, box, heads.columns, heads.levels.subarray(from, from + size), inks.weightColours);
    if (look.head === head) pen.rect(box.x - 1, box.y - 1, box.w + 2, box.h + 2, "", { stroke: inks.picked, width: 2 });
    else if (mosaic.side > 10) pen.rect(box.x, box.y, box.w, box.h, "", { stroke: inks.line, width: 0.5 });
  }
}

export function headBox(mosaic, head) {
  const gap = mosaic.side > 10 ? 2 : mosaic.side > 6 ? 1 : 0;
  const column = head % mosaic.columns, row = Math.floor(head / mosaic.columns);
  return { x: mosaic.left + column * mosaic.side + gap / 2, y: mosaic.top + row * mosaic.side + gap / 2,
    w: mosaic.side - gap, h: mosaic.side - gap };
}

/* The MLP of each block at the chosen token: its neurons, pooled, the strongest of each group. */
export function drawMlps(pen, inks, place, hidden, off) {
  const { y, h } = place.mlp, cells = hidden ? hidden.length / place.spines.length : 0;
  for (const { layer, x, w, open } of place.spines) {
    if (open || w < 3) continue;
    const box = { x: x + Math.min(4, w / 6), y: y + 2, w: w - 2 * Math.min(4, w / 6), h: h - 4 };
    if (off?.(layer)) {
      pen.rect(box.x, box.y, box.w, box.h, inks.ground, { stroke: inks.against });
      pen.line([[box.x, box.y], [box.x + box.w, box.y + box.h]], inks.against, 1.5);
    } else if (hidden) {
      picture(pen, box, cells, hidden.subarray(layer * cells, (layer + 1) * cells), inks.signedColours);
      pen.rect(box.x, box.y, box.w, box.h, "", { stroke: inks.mlp, width: 1, alpha: 0.8 });
    } else pen.rect(box.x, box.y, box.w, box.h, inks.mlp, { alpha: 0.25, radius: 2 });
  }
}

/* What the model would say if it stopped after each boundary: one box as long as it stays the same. */
export function lensRuns(lens) {
  const runs = [];
  lens.answers.forEach(([first], boundary) => {
    const last = runs.at(-1);
    if (last && last.words === first) last.to = boundary;
    else runs.push({ words: first, from: boundary, to: boundary });
  });
  return runs;
}

export function drawLens(pen, inks, place, lens, before) {
  if (!place.lens || !lens) return;
  const { y, h } = place.lens;
  const edge = (boundary) => (boundary === 0 ? place.left - 4 : place.spines[boundary - 1].x + place.spines[boundary - 1].w - 4);
  const end = (boundary) => (boundary < place.spines.length ? edge(boundary + 1) : place.right + 20);
  lens.answers.forEach((_, boundary) => {
    const x = edge(boundary), w = end(boundary) - x, share = lens.shares[boundary * lens.kept];
    if (w > 0) pen.rect(x, y + h - 20 * share - 1, w, 20 * share + 1, inks.probability, { alpha: 0.35 });
  });
  for (const run of lensRuns(lens)) {
    const x = edge(run.from), w = end(run.to) - x;
    pen.line([[x, y + 2], [x, y + h]], inks.line, 1);
    if (w < 20) continue;
    const share = lens.shares[run.to * lens.kept];
    const words = w > 90 ? `${run.words}  ${percent(share)}` : run.words;
    pen.text(x + 4, y + 9, words, { size: 12, mono: true, fill: inks.ink, most: w - 6 });
    if (before && before[run.to] !== run.words)
      pen.text(x + 4, y + 24, `was ${before[run.to]}`, { size: 11, mono: true, fill: inks.against, most: w - 6 });
  }
}

/* The next-token bars. */
export function drawAnswers(pen, inks, box, top, before, title) {
  if (!box || !top) return;
  pen.text(box.x + 6, box.y - 11, title, { size: 13, fill: inks.quiet });
  const pitch = Math.min(30, (box.h - 6) / (top.texts.length + 1)), room = box.w - 12;
  const words = Math.min(86, room * 0.4), bar = room - words - 50;
  top.texts.forEach((text, i) => {
    const y = box.y + (i + 0.5) * pitch, share = top.shares[i];
    pen.text(box.x + 6 + words - 6, y, text, { size: 13, mono: true, fill: inks.ink, anchor: "end", most: words - 6 });
    const x = box.x + 6 + words;
    if (before) {
      const was = before.get(top.ids[i]) ?? 0;
      pen.rect(x, y - pitch * 0.36, Math.max(1, bar * was), pitch * 0.72, "", { stroke: inks.quiet, dash: [3, 2] });
    }
    pen.rect(x, y - pitch * 0.3, Math.max(1, bar * share), pitch * 0.6, inks.probability, { radius: 2 });
    pen.text(x + bar + 44, y, percent(share), { size: 12, fill: inks.quiet, anchor: "end" });
  });
  const y = box.y + (top.texts.length + 0.5) * pitch;
  if (top.others) pen.text(box.x + 6, y, `${grouped(top.others)} others: ${percent(top.rest)}`, { size: 12, fill: inks.quiet });
}
