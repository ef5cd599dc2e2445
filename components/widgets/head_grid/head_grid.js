/* The grid: a button with a canvas for each head, and a pane that tells of the one looked at. */

import { bytesOf } from "../kit/bytes.js";
import { element } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { paint, palette } from "../kit/pixels.js";
import { keepingFocus, reachable, walk } from "../kit/walking.js";
import { shareOf } from "./shares.js";

export default live((host) => ({
  take(data, tell) {
    keepingFocus(host, () => drawGrid(host, data, (place) => tell.event("opened", place)));
  },
}));

function picture(data, levels, colours, place) {
  const canvas = element("canvas", { width: data.columns, height: data.rows });
  const count = data.rows * data.columns;
  const bytes = paint(levels, place * count, count, colours);
  canvas.getContext("2d").putImageData(new ImageData(bytes, data.columns, data.rows), 0, 0);
  return canvas;
}

function drawGrid(host, data, open) {
  const levels = bytesOf(data.levels);
  const colours = palette(data.scale);
  const pane = element("div", { class: "pane", "aria-live": "polite" });
  const grid = element("div", { class: data.table ? "grid table" : "grid", role: "group",
    "aria-label": "Heads; arrow keys walk, Enter opens" });
  if (data.table) grid.style.setProperty("--columns", data.table);
  host.classList.toggle("as-table", Boolean(data.table));
  /* All rows of a small model stand above the fold; the pane takes the width that is left. */
  const room = Math.max(320, 0.42 * window.innerHeight) - 30;
  const side = data.table ? room / (data.heads.length / data.table) - 14 : 168;
  host.style.setProperty("--side", `${Math.min(168, Math.max(56, side))}px`);
  host.style.setProperty("--shape", `${data.columns} / ${data.rows}`);

  /* Names the pair of tokens under the pointer in the large picture. */
  const point = (large, place, pair) => (event) => {
    const box = large.getBoundingClientRect();
    const cell = (at, from, size, count) =>
      Math.min(count - 1, Math.max(0, Math.floor(((at - from) / size) * count)));
    const row = cell(event.clientY, box.top, box.height, data.rows);
    const column = cell(event.clientX, box.left, box.width, data.columns);
    const level = levels[(place * data.rows + row) * data.columns + column];
    const share = shareOf(level, data.log);
    pair.textContent = share
      ? `${data.tokens[0][row]} → ${data.tokens[1][column]}: ${share}`
      : `${data.tokens[0][row]} cannot see ${data.tokens[1][column]}`;
  };

  const look = (place) => {
    const head = data.heads[place];
    const large = picture(data, levels, colours, place);
    large.className = "large";
    const pair = element("p", { class: "pair" }, "Point at the picture to read a pair of tokens.");
    large.onpointermove = point(large, place, pair);
    const table = element("table", {}, ...head.rows.map(([name, value]) =>
      element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value))));
    pane.replaceChildren(
      element("strong", {}, `Layer ${head.layer}, head ${head.head}`),
      element("p", { class: "kind" }, swatch(head.colour), head.kind),
      element("div", { class: "body" }, element("div", {}, large, pair), table));
  };

  const buttons = data.heads.map((head, place) => {
    const name = `${head.layer}.${head.head}`;
    const button = element("button", { type: "button", "data-name": name,
      "aria-label": `Layer ${head.layer}, head ${head.head}: ${head.kind}. ${
        head.rows.map((row) => row.join(" ")).join(", ")}`,
      "aria-pressed": String(place === data.selected),
      onpointerenter: () => look(place), onfocus: () => look(place), onclick: () => open(place) },
    picture(data, levels, colours, place), swatch(head.colour, "strip"));
    if (!data.table) button.append(element("span", { class: "name" }, name));
    if (head.note) button.append(element("span", { class: "note" }, head.note));
    return button;
  });
  reachable(buttons);
  grid.onkeydown = (event) => { walk(event, buttons); };

  if (data.table) {
    grid.append(element("span", { class: "corner" }, "layer"));
    for (let head = 0; head < data.table; head++) {
      grid.append(element("span", { class: "top" }, head ? String(head) : "head 0"));
    }
  }
  buttons.forEach((button, place) => {
    if (data.table && place % data.table === 0) {
      grid.append(element("span", { class: "side" }, String(data.heads[place].layer)));
    }
    grid.append(button);
  });
  const before = host.querySelector(".scroll");
  const scroll = element("div", { class: "scroll", tabindex: -1 }, grid);
  const [top, left] = before ? [before.scrollTop, before.scrollLeft] : [0, 0];
  host.replaceChildren(scroll, pane);
  scroll.scrollTo(left, top);
  if (buttons.length) look(Math.max(0, data.selected));
}

function swatch(colour, name) {
  return element("i", { class: name, style: `background: ${colour}` });
}
