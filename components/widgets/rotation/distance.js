/* The score at every distance, with a mark at the distance of now. */

import { frameChart, makeChart, through, written } from "../kit/chart.js";
import { drawn } from "../kit/elements.js";
import { byDistance } from "./turning.js";

const HEIGHT = 150;
const EDGE = { left: 44, right: 12, top: 10, bottom: 34 };

export function makeDistance() {
  return makeChart("distance", {
    grid: drawn("g", { class: "grid" }), line: drawn("path", { class: "line" }),
    rule: drawn("line", { class: "rule" }), mark: drawn("circle", { class: "mark", r: 5 }),
  });
}

/* Make the curve anew for other vectors or another width. */
export function setDistance(view, data, width) {
  view.curve = byDistance(data, data.longest - 1);
  const scores = view.curve.map(([, score]) => score);
  const low = Math.min(0, ...scores), high = Math.max(0, ...scores);
  const pad = (high - low || 1) * 0.06;
  view.x = (distance) => EDGE.left + ((width - EDGE.left - EDGE.right) * distance) / (data.longest - 1);
  view.y = (score) => EDGE.top + ((HEIGHT - EDGE.top - EDGE.bottom) * (high + pad - score)) / (high - low + 2 * pad);
  view.line.setAttribute("d", through(view.curve.map(([d, s]) => [view.x(d), view.y(s)])));
  const marks = [drawn("line", { x1: EDGE.left, x2: width - EDGE.right, y1: view.y(0), y2: view.y(0) })];
  const apart = (score) => score === 0 || Math.abs(view.y(score) - view.y(0)) > 14;
  for (const score of [...new Set([low, 0, high])].filter(apart))
    marks.push(written(EDGE.left - 6, view.y(score) + 4, score.toFixed(1), "end"));
  for (let i = 0; i <= 4; i++) {
    const distance = Math.round(((data.longest - 1) * i) / 4);
    marks.push(written(view.x(distance), HEIGHT - EDGE.bottom + 16, String(distance), i === 4 ? "end" : "middle"));
  }
  marks.push(written(width - EDGE.right, HEIGHT - 3, "score by distance (positions from key to query)", "end"));
  frameChart(view, width, HEIGHT, marks);
}

export function drawDistance(view, distance, score) {
  const away = Math.abs(distance);
  const x = view.x(away), y = view.y(score);
  view.mark.setAttribute("cx", x);
  view.mark.setAttribute("cy", Math.min(HEIGHT, Math.max(0, y)));
  view.rule.setAttribute("x1", x);
  view.rule.setAttribute("x2", x);
  view.rule.setAttribute("y1", EDGE.top);
  view.rule.setAttribute("y2", HEIGHT - EDGE.bottom);
  view.mark.style.visibility = distance < 0 ? "hidden" : "visible";
  view.rule.style.visibility = distance < 0 ? "hidden" : "visible";
  view.svg.setAttribute("aria-label", distance < 0
    ? "The score at every distance; the key is now ahead of the query, which the curve does not show."
    : `The score at every distance; now the distance is ${Math.round(distance)} and the score ${score.toFixed(3)}.`);
}
