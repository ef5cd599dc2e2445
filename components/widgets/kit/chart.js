/* A small chart in SVG, as wide as its place. It is laid out for text of 14 pixels, and drawn larger
 * where the page's text is: on a projector. */

import { drawn, element } from "./elements.js";

/* `parts` are drawn in their order, and found again by their names. */
export function makeChart(name, parts) {
  const svg = drawn("svg", { class: name, role: "img" }, ...Object.values(parts));
  return { node: element("figure", {}, svg), svg, ...parts };
}

function larger() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

/* The width that an element has room for, in the units of `frameChart`. */
export function widthOf(node) {
  return node.clientWidth / larger();
}

/* Size a chart, and put `marks` (lines, and words beside them) into its grid. */
export function frameChart(chart, width, height, marks) {
  chart.svg.setAttribute("width", width * larger());
  chart.svg.setAttribute("height", height * larger());
  chart.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  chart.grid.replaceChildren(...marks);
}

export function written(x, y, text, anchor) {
  return drawn("text", { x, y, "text-anchor": anchor }, text);
}

/* The `d` of a path through points [x, y]. */
export function through(points) {
  return points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}
