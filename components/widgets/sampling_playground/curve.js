/* The whole vocabulary in one line: how much probability the likeliest so many tokens hold. */

import { frameChart, makeChart, through, written } from "../kit/chart.js";
import { drawn } from "../kit/elements.js";
import { grouped } from "../kit/numbers.js";

const HEIGHT = 96;
const EDGE = { left: 38, right: 10, top: 6, bottom: 32 };
const POINTS = 160;
const NARROW = 460;

export function makeCurve() {
  return makeChart("curve", {
    kept: drawn("rect", { class: "kept", y: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom }),
    grid: drawn("g", { class: "grid" }),
    before: drawn("path", { class: "line before" }),
    after: drawn("path", { class: "line after" }),
  });
}

export function drawCurve(view, prepared, result, width) {
  const { size } = prepared;
  const span = Math.max(Math.log(size), 1e-9);
  const wide = width - EDGE.left - EDGE.right, tall = HEIGHT - EDGE.top - EDGE.bottom;
  // Rank r stands at its number counted from 1, on a logarithmic scale.
  const x = (r) => EDGE.left + (wide * Math.log(Math.max(1, r))) / span;
  const y = (share) => EDGE.top + tall * (1 - share);
  if (view.drawnFor !== `${width} ${size}`) frame(view, width, size, x, y);
  if (!prepared.sums) prepared.sums = sums(prepared);
  const whole = prepared.mass[size];
  const greedy = result.stages[3].active && result.stages[3].tokens === 1 && size > 1;
  view.before.setAttribute("d", path(size, x, (r) => y(prepared.sums[r])));
  view.after.setAttribute("d", greedy ? `M${x(1)} ${y(1)}H${x(size)}`
    : path(size, x, (r) => y(prepared.mass[r] / whole)));
  const from = x(result.low + 1) - (result.low === 0 ? 4 : 0), to = x(result.high) + 4;
  view.kept.setAttribute("x", from);
  view.kept.setAttribute("width", Math.max(4, Math.min(to, width - EDGE.right + 4) - from));
  view.svg.setAttribute("aria-label", `Share of probability on the likeliest tokens; the ${
    grouped(result.high - result.low)} tokens left are shaded.`);
}

function sums({ order, before, size }) {
  const total = new Float64Array(size + 1);
  for (let r = 0; r < size; r++) total[r + 1] = total[r] + before.shares[order[r]];
  return total;
}

function path(size, x, y) {
  const ranks = new Set();
  for (let i = 0; i <= POINTS; i++) ranks.add(Math.max(1, Math.round(size ** (i / POINTS))));
  return through(Array.from(ranks, (r) => [x(r), y(r)]));
}

function frame(view, width, size, x, y) {
  view.drawnFor = `${width} ${size}`;
  const marks = [];
  for (const share of [0, 0.5, 1]) {
    marks.push(drawn("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(share), y2: y(share) }));
    marks.push(written(EDGE.left - 6, y(share) + 4, `${100 * share}%`, "end"));
  }
  for (let r = 1; r <= size; r *= 10) {
    const name = r >= 1e6 ? `${r / 1e6}M` : r >= 1e3 ? `${r / 1e3}k` : String(r);
    marks.push(written(x(r), HEIGHT - EDGE.bottom + 15, name, "middle"));
  }
  const tokens = width < NARROW ? "top k" : "the k most likely";
  marks.push(written(width - EDGE.right, HEIGHT - 3, `cumulative probability of ${tokens} tokens (k, log scale)`, "end"));
  frameChart(view, width, HEIGHT, marks);
}
