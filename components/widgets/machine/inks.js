/* Colours of the drawing: hue is the role, lightness the value, one scale for one quantity. */

import { paint, palette } from "../kit/pixels.js";
import { INKS } from "./given.js";

const bitmaps = new WeakMap();

export function inksOf(dark) {
  const inks = INKS[dark ? "dark" : "light"];
  return { ...inks, dark, weightColours: palette(inks.weights), signedColours: palette(inks.signed) };
}

/* Levels, 0 to 254 (255 is see-through), as a picture of `columns`; each is made once. */
export function picture(pen, box, columns, levels, colours) {
  if (!bitmaps.has(colours)) bitmaps.set(colours, new WeakMap());
  const made = bitmaps.get(colours);
  if (!made.has(levels.buffer)) made.set(levels.buffer, new Map());
  const kept = made.get(levels.buffer), name = `${levels.byteOffset} ${levels.length} ${columns}`;
  if (!kept.has(name)) kept.set(name, bitmap(columns, paint(levels, 0, levels.length, colours)));
  pen.image(box.x, box.y, box.w, box.h, kept.get(name));
}

function bitmap(columns, bytes) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, bytes.length / 4 / columns];
  canvas.getContext("2d").putImageData(new ImageData(bytes, canvas.width, canvas.height), 0, 0);
  return canvas;
}
