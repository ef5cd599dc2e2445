/* What stands under a point of the drawing: numbers in, a plain description out. */

import { headBox } from "./bands.js";
import { headPitch, pagerOf } from "./opened.js";

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
  if (!box || !top || x < box.x || y < box.y) return null;
  const pitch = Math.min(30, (box.h - 6) / (top.texts.length + 1));
  const index = Math.floor((y - box.y) / pitch);
  return index < top.texts.length ? { kind: "answer", index } : null;
}

function inRiver(scene, at, river, x, y) {
  const row = at.rows.findIndex((one) => y >= one.y && y < one.y + one.h);
  const { lookup } = scene.place;
  if (row >= 0 && lookup.w && river.width && x >= lookup.x && x < lookup.x + 50) {
    const cells = river.strips[0].length / river.rows, cell = Math.floor(((x - lookup.x) / 50) * cells);
    return { kind: "lookup", row, cell, index: cell * Math.ceil(river.width / cells) };
  }
  if (x < at.left) return row >= 0 ? { kind: "token", row } : null;
  const spine = at.spines.find((one) => x >= one.x && x < one.x + one.w);
  if (at.lens && y >= at.lens.y) return lensAt(at, x);
  if (!spine) return row >= 0 ? { kind: "end", row } : null;
  const { layer } = spine;
  if (spine.open && scene.block) {
    return inOpen(scene, at, river, layer, row, x, y);
  }
  if (y < at.heads.y + at.heads.h) {
    for (const [kind, mosaic] of [["head", spine.mosaic], ["cross", spine.crossing]]) {
      const head = mosaic && !mosaic.merged ? headAt(mosaic, river.heads?.heads ?? 0, x, y) : null;
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
    const head = headAt(pagerOf(at.open.pager, river), river.heads?.heads ?? 0, x, y);
    return head === null ? { kind: "layer", layer } : { kind: "head", layer, head };
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
    return { kind: "cell", name, row, cell, index: cell * Math.ceil(station.width / station.cells) };
  }
  return row >= 0 ? { kind: "stream", layer, row } : { kind: "layer", layer };
}
