/* Colours of the drawing: hue is the role, lightness the value, one scale for one quantity. */

import { element } from "../kit/elements.js";
import { paint, palette } from "../kit/pixels.js";
import { INKS } from "./given.js";

export function inksOf(dark) {
  const inks = INKS[dark ? "dark" : "light"];
  return { ...inks, dark, weightColours: named(palette(inks.weights), `weights ${dark}`),
    signedColours: named(palette(inks.signed), `signed ${dark}`) };
}

/* Levels, 0 to 254 (255 is see-through), as a picture of `columns`; each is made once, and kept with
 * the levels. */
export function picture(pen, box, columns, levels, colours) {
  levels.buffer.pictures ??= new Map();
  const kept = levels.buffer.pictures;
  const name = `${levels.byteOffset} ${levels.length} ${columns} ${colours.name}`;
  if (!kept.has(name)) kept.set(name, bitmap(columns, paint(levels, 0, levels.length, colours)));
  pen.image(box.x, box.y, box.w, box.h, kept.get(name));
}

function bitmap(columns, bytes) {
  const canvas = element("canvas", { width: columns, height: bytes.length / 4 / columns });
  canvas.getContext("2d").putImageData(new ImageData(bytes, canvas.width, canvas.height), 0, 0);
  return canvas;
}

function named(colours, name) {
  return Object.assign(colours, { name });
}
