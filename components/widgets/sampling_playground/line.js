/* The line from 0 to 1 on which the random number falls: tokens end to end, likeliest first,
 * each as long as its probability. */

import { element, say } from "../kit/elements.js";
import { grouped, percent } from "../kit/numbers.js";
import { nameOf } from "./names.js";

const SEGMENTS = 40;

export function makeLine() {
  const segments = Array.from({ length: SEGMENTS }, () => element("span"));
  const rest = element("span", { class: "rest" });
  const marker = element("div", { class: "marker" }, element("span"));
  const track = element("div", { class: "track", "aria-hidden": "true" }, ...segments, rest);
  const said = element("p", { class: "said" });
  const node = element("div", { class: "line" },
    element("div", { class: "place" }, track, marker), said);
  return { node, segments, rest, marker, said };
}

/* Return the rank that `number`, from 0 up to 1, falls on; null for the greedy choice's none. */
export function drawnRank(result, number) {
  let sum = 0, r = result.low;
  for (; r < result.high - 1; r++) {
    sum += result.share(r);
    if (sum > number) break;
  }
  return r;
}

export function drawLine(view, result, texts, number, greedy, width) {
  const rank = greedy ? result.low : drawnRank(result, number);
  let from = 0, low = 0;
  view.segments.forEach((segment, i) => {
    const r = result.low + i, share = r < result.high ? result.share(r) : 0;
    const wide = share * width;
    segment.hidden = wide < 1.5;
    if (segment.hidden) return;
    segment.style.left = `${100 * from}%`;
    segment.style.width = `${100 * share}%`;
    segment.className = r === rank ? "drawn" : i % 2 ? "odd" : "";
    say(segment, wide > 26 ? nameOf(texts, result.order[r]) : "");
    from += share;
  });
  view.rest.style.left = `${100 * from}%`;
  view.rest.style.width = `${Math.max(0, 100 * (1 - from))}%`;
  for (let r = result.low; r < rank; r++) low += result.share(r);
  const name = nameOf(texts, result.order[rank]);
  view.marker.hidden = greedy;
  view.marker.style.left = `${100 * number}%`;
  view.marker.classList.toggle("late", number > 0.9);
  say(view.marker.firstChild, number.toFixed(4));
  say(view.said, greedy
    ? `Greedy: “${name}” is the likeliest, so it is taken. No random number is used.`
    : `${number.toFixed(4)} falls between ${low.toFixed(4)} and ${
      Math.min(1, low + result.share(rank)).toFixed(4)}: “${name}” is drawn, number ${
      grouped(rank + 1)} in line, with ${percent(result.share(rank))}.`);
  return rank;
}
