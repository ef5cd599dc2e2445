/* From what was sent to arrays: each part is decoded once, when it comes. */

import { bytesOf } from "../kit/bytes.js";
import { ruler } from "./river.js";

export function floatsOf(text) {
  return text && new Float32Array(bytesOf(text).buffer);
}

function bytesOrNone(text) {
  return text && bytesOf(text);
}

export function overviewOf(sent) {
  return sent && { ...sent, rivers: sent.rivers.map(riverFrom) };
}

function riverFrom(sent) {
  const river = {
    ...sent, shown: sent.tokens, along: {},
    norms: floatsOf(sent.norms), attention: floatsOf(sent.attention), cross: floatsOf(sent.cross),
    mlp: floatsOf(sent.mlp), active: floatsOf(sent.active), whole: bytesOrNone(sent.whole),
    strips: sent.strips?.map(bytesOf), heads: headsFrom(sent.heads), crossing: headsFrom(sent.crossing),
  };
  for (const [name, text] of Object.entries(sent.along)) river.along[name] = floatsOf(text);
  river.ruler = ruler(river);
  return river;
}

function headsFrom(sent) {
  return sent && { ...sent, levels: bytesOf(sent.levels), means: bytesOf(sent.means),
    at: (layer) => sent.numbers.indexOf(layer) };
}

export function pathOf(sent) {
  if (!sent) return sent;
  const reading = floatsOf(sent.reading), arcs = {}, rows = reading ? reading.length / sent.numbers.length : null;
  if (reading) sent.numbers.forEach((layer, i) => { arcs[layer] = reading.subarray(i * rows, (i + 1) * rows); });
  return { ...sent, rows, arcs, hidden: bytesOrNone(sent.hidden), headWrites: floatsOf(sent.headWrites),
    lens: sent.lens && { ...sent.lens, shares: floatsOf(sent.lens.shares) } };
}

export function blockOf(sent) {
  if (!sent) return sent;
  const stations = {};
  for (const [name, one] of Object.entries(sent.stations)) {
    stations[name] = { ...one, levels: bytesOf(one.levels), vector: floatsOf(one.vector) };
  }
  const steps = {};
  for (const [name, text] of Object.entries(sent.square.steps)) steps[name] = floatsOf(text);
  const square = { ...sent.square, steps, visible: bytesOf(sent.square.visible),
    elsewhere: floatsOf(sent.square.elsewhere), columns: sent.keys.length };
  square.range = scaleOfScores(square);
  return { ...sent, stations, square };
}

/* One scale for all scores of the square, before and after they are scaled: [usual, largest]. */
function scaleOfScores({ steps, visible }) {
  const sizes = [];
  for (const [name, values] of Object.entries(steps)) {
    if (name !== "weights") values.forEach((value, i) => { if (visible[i]) sizes.push(Math.abs(value)); });
  }
  sizes.sort((a, b) => a - b);
  return [Math.max(sizes[sizes.length >> 1] ?? 0, 1e-9), Math.max(sizes.at(-1) ?? 0, 1e-9)];
}

/* A score as a level: 127 is 0, by the inverse hyperbolic sine of the common scale; 255 is hidden. */
export function scoreLevels(values, visible, [usual, largest], masking) {
  const bent = Math.asinh(largest / usual);
  return Uint8Array.from(values, (value, i) => (masking && !visible[i] ? 255
    : Math.round(127 + 127 * Math.max(-1, Math.min(1, Math.asinh(value / usual) / bent)))));
}

export function weightLevels(values, visible) {
  return Uint8Array.from(values, (value, i) => (visible[i] ? Math.round(254 * value) : 255));
}

/* What there was before parts were switched off. */
export function beforeOf(sent) {
  return sent && { ...sent, norms: floatsOf(sent.norms),
    shares: new Map(Object.entries(sent.shares).map(([id, share]) => [Number(id), share])) };
}
