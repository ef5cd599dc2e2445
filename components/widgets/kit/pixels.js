/* Levels to colours: arithmetic apart from drawing. */

import { rgb } from "./colours.js";

/* 256 colours, four bytes each: levels 0 to 254 along the scale, 255 see-through. */
export function palette(scale) {
  const colours = new Uint8ClampedArray(4 * 256);
  for (let level = 0; level < 255; level++) {
    const share = level / 254;
    let next = scale.findIndex(([stop]) => stop >= share);
    if (next < 1) next = 1;
    const [from, low] = scale[next - 1], [to, high] = scale[next];
    const part = (share - from) / (to - from);
    const [a, b] = [rgb(low), rgb(high)];
    for (let i = 0; i < 3; i++) colours[4 * level + i] = a[i] + part * (b[i] - a[i]);
    colours[4 * level + 3] = 255;
  }
  return colours;
}

/* The bytes of one picture: `count` levels from `start` on. */
export function paint(levels, start, count, colours) {
  const bytes = new Uint8ClampedArray(4 * count);
  for (let i = 0; i < count; i++) {
    const from = 4 * levels[start + i];
    for (let j = 0; j < 4; j++) bytes[4 * i + j] = colours[from + j];
  }
  return bytes;
}
