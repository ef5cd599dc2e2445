/* What stands under a point of the drawing: numbers in, a plain description out. */

import { headBox } from "./bands.js";
import { headPitch, pagerOf } from "./opened.js";
import { stripWidth, wholeBox } from "./river.js";

const OF_KEYS = ["key", "value"];

export function hitAt(scene, x, y) {
  const { place, overview } = scene;
  const answer = answerAt(place.bars, scene.path?.top, x, y);
  if (answer) return answer;
  for (let number = 0; number < place.rivers.length; number++) {
    const at = place.rivers[number], river = overview.rivers[number];
    if (y < at.heads.y - 18 || y > at.bottom) continue;
    const found = inRiver(scene, at, river, x, y);
    if (found) return { ...found, river: river.name };
  }
  return null;
}

function answerAt(box, top, x, y) {
  if (!box || !top || x < box.x || x >= box.x + box.w || y < box.y) return null;
  const pitch = Math.min(30, (box.h - 6) / (top.texts.length + 1));
  const index = Math.floor((y - box.y) / pitch);
  return index < top.texts.length ? { kind: "answer", index } : null;
}

function inRiver(scene, at, river, x, y) {
  const row = at.rows.findIndex((one) => y >= one.y && y < one.y + one.h);
  const { lookup } = scene.place;
  const wide = stripWidth(lookup);
  if (row >= 0 && lookup.w && river.strips && x >= lookup.x && x < lookup.x + wide) {
    const cells = river.strips[0].length / river.rows, cell = Math.floor(((x - lookup.x) / wide) * cells);
    return { kind: "lookup", row, cell, index: cell * Math.ceil(river.width / cells) };
  }
  if (river.whole && row >= 0 && x < wholeBox(at).w) {
    const box = wholeBox(at);
    return { kind: "whole", token: Math.min(river.total - 1, Math.floor(((y - box.y) / box.h) * river.total)) };
  }
  if (x < at.left) return row >= 0 ? { kind: "token", row } : null;
  const spine = at.spines.find((one) => x >= one.x && x < one.x + one.w);
  if (at.lens && y >= at.lens.y) return x < at.right + 20 ? lensAt(at, x) : null;
  if (!spine) return row >= 0 && x < at.right + scene.place.final.w ? { kind: "end", row } : null;
  const { layer } = spine;
  if (spine.open && scene.block) {
    return inOpen(scene, at, river, layer, row, x, y);
  }
  if (y < at.heads.y + at.heads.h) {
    for (const [kind, mosaic, heads] of [["head", spine.mosaic, river.heads], ["cross", spine.crossing, river.crossing]]) {
      // In hybrids some blocks have no heads; of a block that opens none are drawn yet.
      const there = mosaic && !mosaic.merged && !spine.open && heads?.at(layer) >= 0;
      const head = there ? headAt(mosaic, heads.heads, x, y) : null;
      if (head !== null) return { kind, layer, head };
    }
    return { kind: "layer", layer };
  }
  if (y >= at.mlp.y) return { kind: "mlp", layer };
  return row >= 0 ? { kind: "stream", layer, row } : { kind: "layer", layer };
}

function headAt(mosaic, count, x, y) {
  for (let head = 0; head < count; head++) {
    const box = headBox(mosaic, head);
    if (x >= box.x && x < box.x + box.w && y >= box.y && y < box.y + box.h) return head;
  }
  return null;
}

function lensAt(at, x) {
  const passed = at.spines.filter((spine) => x >= spine.x + spine.w - 4).length;
  return { kind: "lens", boundary: Math.min(passed, at.spines.length) };
}

function inOpen(scene, at, river, layer, row, x, y) {
  const { block } = scene;
  if (y < at.heads.y + at.heads.h) {
    const [kind, heads] = block.kind === "cross" ? ["cross", river.crossing] : ["head", river.heads];
    const head = headAt(pagerOf(at.open.pager, river), heads?.heads ?? 0, x, y);
    return head === null ? { kind: "layer", layer } : { kind, layer, head };
  }
  if (y >= at.mlp.y) return { kind: "mlp", layer };
  for (const name of at.open.shown) {
    const box = at.open.stations[name];
    if (x < box.x - 3 || x > box.x + box.w + 3) continue;
    if (name === "heads") {
      const count = block.headWrites.length, pitch = headPitch(box, count);
      const head = Math.floor((y - box.y) / pitch);
      return head >= 0 && head < count ? { kind: "headWrite", layer, head } : null;
    }
    if (row < 0) return null;
    const share = Math.min(0.9999, Math.max(0, (x - box.x) / box.w));
    if (name === "square") return { kind: "cell", name, row, index: Math.floor(share * block.square.columns) };
    if (name === "experts") return { kind: "expert", layer };
    const station = block.stations[name], cell = Math.floor(share * station.cells);
    const found = { kind: "cell", name, row, cell, index: cell * Math.ceil(station.width / station.cells) };
    if (block.kind !== "cross" || !OF_KEYS.includes(name)) return found;
    // Rows of the other stack: its keys stand evenly where they are not as many.
    const count = station.levels.length / station.cells;
    return { ...found, key: count === at.rows.length ? row : Math.floor(((y - box.y) / box.h) * count) };
  }
  return row >= 0 ? { kind: "stream", layer, row } : { kind: "layer", layer };
}
