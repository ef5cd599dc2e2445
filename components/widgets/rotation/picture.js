/* The clocks as a picture that stands alone: an SVG file with its colours written in. */

import { positions } from "../kit/numbers.js";
import { escaped } from "../kit/text.js";
import { hand } from "./turning.js";

const CELL = { width: 110, height: 138, radius: 44 };
const MARGIN = 16, HEAD = 44;

export function pictureOf(data, at, now, most) {
  const pairs = data.rope.places.length;
  const columns = Math.min(pairs, 8), rows = Math.ceil(pairs / columns);
  const width = 2 * MARGIN + Math.max(columns, 5) * CELL.width, height = 2 * MARGIN + HEAD + rows * CELL.height;
  const clocks = data.rope.places.map((place, pair) => {
    const x = MARGIN + (pair % columns) * CELL.width + CELL.width / 2;
    const y = MARGIN + HEAD + Math.floor(pair / columns) * CELL.height + CELL.height / 2 - 12;
    const wavelength = (2 * Math.PI) / data.rope.frequencies[pair];
    return `<g transform="translate(${x} ${y})"><circle r="${CELL.radius}" fill="none" stroke="#bbb"/>`
      + needle(now.key, place, most.key, "#D55E00", 6) + needle(now.query, place, most.query, "#0072B2", 3.5)
      + `<text y="${CELL.radius + 16}" text-anchor="middle" font-size="11" fill="#555">${pair} · ${positions(wavelength)}</text></g>`;
  });
  const words = `Query of “${data.tokens.query}” at ${Math.round(at.query)} (blue), key of “${data.tokens.key}” at `
    + `${Math.round(at.key)} (vermilion): score ${now.score.toFixed(4)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif">`
    + `<rect width="100%" height="100%" fill="#fff"/><text x="${MARGIN}" y="${MARGIN + 16}" font-size="14">${escaped(words)}</text>`
    + `${clocks.join("")}</svg>`;
}

function needle(vector, place, most, color, width) {
  const { angle, length } = hand(vector, place);
  const reach = CELL.radius * Math.max(0.1, Math.sqrt(length / most));
  return `<line x2="${(reach * Math.cos(angle)).toFixed(2)}" y2="${(-reach * Math.sin(angle)).toFixed(2)}" `
    + `stroke="${color}" stroke-width="${width}" stroke-linecap="round"/>`;
}
