/* The whole drawing with one pen: rivers, bands, answers, and the block that is open. */

import { drawAnswers, drawHeads, drawLens, drawMlps, drawNumbers, drawSpines } from "./bands.js";
import { headPart } from "./keys.js";
import { drawLit, drawNames, drawOpened } from "./opened.js";
import {
  drawBus, drawNorms, drawReading, drawRows, drawStrips, drawTokens, drawWhole, drawWrites, stripWidth
} from "./river.js";

/* `scene`: { place (layout), overview, path, block, before, state, inks }. */
export function drawAll(pen, scene) {
  const { place, overview, path, state, inks } = scene;
  place.rivers.forEach((at, number) => {
    const river = overview.rivers[number];
    const here = river.name === state.stack;
    const look = {
      row: here ? state.place - river.first : null, layer: null,
      push: here && state.push ? path?.push ?? null : null, before: here ? scene.before?.norms : null,
    };
    if (look.row !== null && !at.rows[look.row]) look.row = null;
    drawSpines(pen, inks, at, look);
    drawNumbers(pen, inks, at);
    drawRows(pen, inks, at, river, look);
    if (river.postNormed) drawNorms(pen, inks, at);
    if (here && path && look.row !== null) {
      drawReading(pen, inks, at, path.arcs, look.row);
      drawWrites(pen, inks, at, river, look);
    }
    for (const spine of at.spines) {
      if (spine.open) continue;
      const off = (kind) => (head) => state.off.includes(headPart({ kind, layer: spine.layer }, head))
        || state.off.includes(`${kind === "cross" ? "cross" : "attention"} ${spine.layer}`);
      drawHeads(pen, inks, spine.mosaic, river.heads, river.heads?.at(spine.layer) ?? -1, { off: off("self") });
      if (spine.crossing) drawHeads(pen, inks, spine.crossing, river.crossing, river.crossing?.at(spine.layer) ?? -1, { off: off("cross") });
    }
    if (at.open && scene.block && number === scene.number) {
      drawOpened(pen, inks, at, river, scene.block, lookOf(scene, look.row));
    }
    drawMlps(pen, inks, at, here ? path?.hidden : null,
      (layer) => state.off.includes(`mlp ${layer}`));
    if (here) drawLens(pen, inks, at, path?.lens, scene.before?.lens);
    drawWhole(pen, inks, at, river);
    drawTokens(pen, inks, at, river, look, place.tokens.w, number === place.rivers.length - 1 ? scene.kept : null);
    if (river.strips) {
      const w = stripWidth(place.lookup);
      drawStrips(pen, inks, at, { x: place.lookup.x, w }, river.strips[0]);
      drawStrips(pen, inks, at, { x: place.final.x + 2, w: place.final.w - 6 }, river.strips[1]);
    }
  });
  if (scene.cell?.operands && scene.block && state.station) {
    drawLit(pen, inks, place.rivers[scene.number], scene.block, scene.cell.operands, scene.river.first);
  }
  drawBus(pen, inks, place.bus, place.rivers.at(-1).spines);
  drawAnswers(pen, inks, place.bars, path?.top, scene.before?.shares, path?.top ? path.top.asked : "");
  drawTitles(pen, inks, place, overview);
}

export function drawAllNames(pen, { place, number, block, state, path, inks }) {
  if (block) drawNames(pen, inks, place.rivers[number], block, state, Boolean(path?.push?.heads) && block.kind === "self");
}

function drawTitles(pen, inks, place, overview) {
  if (overview.rivers.length > 1) place.rivers.forEach((at, i) => pen.text(2, at.heads.y - 11, overview.rivers[i].name, { size: 13, fill: inks.ink, bold: true }));
  const last = place.rivers.at(-1), size = 12, fill = inks.quiet;
  pen.text(place.tokens.w - 12, last.heads.y + last.heads.h - 8, "tokens", { size, fill, anchor: "end" });
  if (place.lookup.w) pen.text(place.lookup.x, last.heads.y + last.heads.h - 8, "look-up", { size, fill });
  pen.text(place.tokens.w - 12, last.heads.y + 10, "heads", { size, fill: inks.attention, anchor: "end" });
  pen.text(place.tokens.w - 12, last.mlp.y + last.mlp.h / 2, "MLP", { size, fill: inks.mlp, anchor: "end" });
  if (last.lens) pen.text(place.tokens.w - 12, last.lens.y + 10, "if it stopped here", { size, fill, anchor: "end", most: place.tokens.w - 14 });
}

function lookOf({ state, block, path }, row) {
  const heads = state.push && block.kind === "self" ? path?.push?.heads : null;
  return { row, step: state.step, pushes: heads ? heads[block.layer] : null, off: (head) => state.off.includes(headPart(block, head)) };
}

/* What is under the pointer, lit: a row through the whole picture, and a cell's own row and column. */
export function drawHover(pen, scene, hit) {
  if (!hit) return;
  const { place, inks, overview } = scene;
  const number = overview.rivers.findIndex((one) => one.name === hit.river), at = place.rivers[number];
  if (!at) return;
  const row = at.rows[hit.row];
  if (row) pen.rect(0, row.y, at.right, row.h, inks.picked, { alpha: 0.12 });
  const spine = at.spines[hit.layer];
  if (spine && !spine.open) pen.rect(spine.x, at.heads.y - 2, spine.w, at.mlp.y + at.mlp.h - at.heads.y + 4, "", { stroke: inks.picked, width: 1.5, radius: 5 });
  if (hit.kind === "cell") drawHoverCell(pen, scene, at, hit);
}

/* A cell, and the rows that it is computed from. */
function drawHoverCell(pen, { inks, block }, at, hit) {
  const box = at.open?.stations[hit.name], row = at.rows[hit.row];
  if (!box || !row) return;
  const lit = (name, index) => {
    const other = at.open.stations[name], there = at.rows[index];
    if (other && there) pen.rect(other.x - 2, there.middle - 10, other.w + 4, 20, "", { stroke: inks.picked, width: 2 });
  };
  if (hit.name === "square") {
    const w = box.w / block.square.columns;
    pen.rect(box.x + hit.index * w, row.y, w, row.h, "", { stroke: inks.picked, width: 2.5 });
    lit("query", hit.row);
    if (block.kind !== "cross") { lit("key", hit.index); }
    return;
  }
  if (hit.name === "output") pen.rect(at.open.stations.square?.x ?? 0, row.y, at.open.stations.square?.w ?? 0, row.h, "", { stroke: inks.picked, width: 2 });
  const from = { query: "norm1", key: "norm1", value: "norm1", gate: "norm2", up: "norm2", before: "norm2", write: "hidden" }[hit.name];
  if (from) lit(from, hit.row);
  if (hit.name === "hidden") { lit("gate", hit.row); lit("up", hit.row); lit("before", hit.row); }
  const station = block.stations[hit.name], w = box.w / station.cells;
  pen.rect(box.x + hit.cell * w - 1, row.middle - 11, Math.max(3, w) + 2, 22, "", { stroke: inks.picked, width: 2.5 });
}

/* Where the tour stands. */
export function drawStop(pen, { place, inks, number }, station) {
  const at = place.rivers[number], { open } = at;
  if (!at.rows.length) return;
  const top = at.rows[0].y, high = at.rows.at(-1).y + at.rows.at(-1).h - top;
  const whole = { x: at.left, y: top, w: at.right - at.left, h: high };
  const box = {
    tokens: { x: 0, y: top, w: place.tokens.w, h: high },
    "look-up": place.lookup.w ? { x: place.lookup.x, y: top, w: 52, h: high } : whole,
    stream: whole,
    heads: open ? { x: open.x, y: open.y, w: open.w, h: at.heads.h } : { x: at.left, y: at.heads.y, w: at.right - at.left, h: at.heads.h },
    hidden: open?.stations.hidden ?? { x: at.left, y: at.mlp.y, w: at.right - at.left, h: at.mlp.h },
    lens: at.lens && { x: at.left, y: at.lens.y, w: at.right - at.left, h: at.lens.h },
    answers: place.bars && { x: place.bars.x, y: place.bars.y, w: place.bars.w, h: place.bars.h },
  }[station] ?? open?.stations[station] ?? (open && { x: open.x, y: open.top, w: open.w, h: open.bottom - open.top }) ?? whole;
  if (box) pen.rect(box.x - 4, box.y - 4, box.w + 8, box.h + 8, "", { stroke: inks.picked, width: 3, radius: 8, alpha: 0.9 });
}
