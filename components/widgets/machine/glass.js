/* One number under the glass: what it is made of, term by term, and whether that gives it. */

import { element } from "../kit/elements.js";
import { grouped, signed } from "../kit/numbers.js";
import { short } from "./words.js";

const COLUMNS = 32;

export class Glass {
  constructor(act) {
    this.act = act;
    this.node = element("section", { class: "glass", "aria-label": "A number opened", hidden: true });
  }

  show(scene) {
    const { state, block, cell, inks, waiting } = scene;
    this.node.hidden = !state.station;
    if (this.node.hidden) { this.shown = null; return; }
    const name = `${state.station} ${state.index} ${block?.layer} ${block?.head} ${block?.place} ${cell?.name} ${cell?.recorded} ${waiting}`;
    if (this.shown === name) return;
    this.shown = name;
    const focused = this.node.contains(this.node.getRootNode().activeElement);
    const station = stationNamed(block, state.station);
    const answer = ["logit", "probability"].includes(state.station);
    this.node.replaceChildren(
      element("div", { class: "vector" }, ...this.vector(station, state, inks)),
      element("div", { class: "terms" }, ...(cell && cell.station === state.station && cell.index === state.index
        ? cellParts(cell) : [element("p", {}, waiting ? "…" : (cell?.error ?? ""))])),
      ...(answer ? [element("div", { class: "answer" }, ...this.answerButtons(scene))] : []),
      element("button", { type: "button", class: "push close", title: "Close (Esc)", onclick: () => this.act({ station: "" }) }, "×"));
    if (focused) this.node.querySelector(".numbers")?.focus();
  }

  /* Of an answer: its logit, its probability, and that it is written. */
  answerButtons({ state, writes }) {
    const other = state.station === "logit" ? "probability" : "logit";
    const push = (text, change) => element("button", { type: "button", class: "push", onclick: () => this.act(change) }, text);
    return [push(`its ${other}`, { station: other }),
      ...(writes ? [push("write it on", { written: [...state.written, state.index], token: null, station: "" })] : [])];
  }

  /* The whole vector of the chosen token as cells to pick from. */
  vector(station, state, inks) {
    if (!station?.vector) return [];
    const { vector } = station, columns = Math.min(COLUMNS, vector.length), rows = Math.ceil(vector.length / columns);
    const size = Math.max(3, Math.min(14, Math.floor(420 / columns), Math.floor(190 / rows)));
    const canvas = element("canvas", { class: "numbers", tabindex: 0, width: columns * size, height: rows * size,
      role: "slider", "aria-label": `${station.label}: ${grouped(vector.length)} numbers; arrow keys choose one`,
      "aria-valuemin": 0, "aria-valuemax": vector.length - 1, "aria-valuenow": state.index });
    paintVector(canvas.getContext("2d"), vector, columns, size, state.index, inks);
    const told = element("p", { class: "at" }, `${station.label}, number ${state.index} of ${grouped(vector.length)}: ${signed(vector[state.index] ?? 0, 4)}`);
    const indexAt = (event) => {
      const box = canvas.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left) / size), row = Math.floor((event.clientY - box.top) / size);
      return Math.max(0, Math.min(vector.length - 1, row * columns + Math.min(column, columns - 1)));
    };
    canvas.onpointermove = (event) => {
      const index = indexAt(event);
      told.textContent = `${station.label}, number ${index} of ${grouped(vector.length)}: ${signed(vector[index], 4)}`;
    };
    canvas.onclick = (event) => this.act({ index: indexAt(event) });
    canvas.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.act({ index: Math.max(0, Math.min(vector.length - 1, state.index + step)) });
    };
    return [canvas, told];
  }
}

function stationNamed(block, name) {
  return block && Object.values(block.stations).find((one) => one.station === name);
}

function paintVector(context, vector, columns, size, chosen, inks) {
  const usual = [...vector].map(Math.abs).sort((a, b) => a - b)[vector.length >> 1] || 1e-9;
  const most = Math.asinh(Math.max(...vector.map(Math.abs)) / usual) || 1;
  vector.forEach((value, i) => {
    const level = Math.round(127 + (127 * Math.asinh(value / usual)) / most);
    const [r, g, b] = inks.signedColours.subarray(4 * level, 4 * level + 3);
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect((i % columns) * size, Math.floor(i / columns) * size, size - (size > 5 ? 1 : 0), size - (size > 5 ? 1 : 0));
  });
  context.strokeStyle = inks.picked;
  context.lineWidth = 2;
  context.strokeRect((chosen % columns) * size, Math.floor(chosen / columns) * size, size, size);
}

function cellParts(cell) {
  const most = Math.max(...cell.terms.map((term) => Math.abs(term.value)), 1e-12);
  const rows = cell.terms.map((term) => element("tr", {},
    element("th", { scope: "row" }, term.label),
    element("td", {}, term.left === null ? "" : `${short(term.left)}${term.right === null ? "" : ` × ${short(term.right)}`}`),
    element("td", {}, element("i", { class: term.value < 0 ? "bar against" : "bar", style: `width: ${(60 * Math.abs(term.value)) / most}px` })),
    element("td", { class: "number" }, short(term.value))));
  if (cell.restCount) rows.push(element("tr", { class: "rest" }, element("th", { scope: "row" }, `+ ${grouped(cell.restCount)} smaller`),
    element("td", {}), element("td", {}), element("td", { class: "number" }, short(cell.rest))));
  for (const step of cell.after) rows.push(element("tr", { class: "after" }, element("th", { scope: "row" }, step.label),
    element("td", {}), element("td", {}), element("td", { class: "number" }, short(step.value))));
  return [
    element("strong", {}, cell.name),
    element("p", { class: "formula" }, cell.symbols),
    element("p", { class: "formula" }, cell.numbers),
    element("table", {}, ...rows),
    element("p", { class: cell.holds ? "holds" : "fails", role: "status" },
      `${cell.holds ? "✓" : "✗"} recorded ${short(cell.recorded)}, recomputed ${short(cell.recomputed)}; ${cell.verdict}`),
  ];
}
