/* The controls, in the order in which their steps are applied, each with what it leaves. */

import { slider } from "../kit/dragged.js";
import { element, say } from "../kit/elements.js";
import { bits, grouped, percent } from "../kit/numbers.js";
import { OFF } from "./core.js";
import { PRESETS, TABLE } from "./given.js";

/* One for each run of rows with the same title; in it one step for each run with the same stage. */
const GROUPS = [];
for (const { name, stage, group: title } of TABLE.filter((row) => row.stage)) {
  if (GROUPS.at(-1)?.title !== title) GROUPS.push({ title, steps: [] });
  const { steps } = GROUPS.at(-1);
  if (steps.at(-1)?.[0] !== stage) steps.push([stage, []]);
  steps.at(-1)[1].push(name);
}
const MOST_SEED = 100; // The slider's reach; the number beside it takes any seed.

/* Top-k runs over four magnitudes: the slider walks through these, and ends with "all". */
const KS = [...Array(20).keys()].map((k) => k + 1);
for (let k = 22; k < 1000; k = Math.round(k * 1.12)) KS.push(k);
KS.push(1000, 0);

/* Half of the temperature's slider goes from 0 to 1, in hundredths; the other half to the end. */
const COLD = 100, HOT = 25;

export function toSlider(name, value) {
  if (name === "temperature") return Math.round(value <= 1 ? COLD * value : COLD + HOT * (value - 1));
  if (name !== "top_k") return value;
  if (value === 0) return KS.length - 1;
  return KS.findIndex((k) => k >= value || k === 0);
}

export function fromSlider(name, place) {
  if (name === "temperature") return place <= COLD ? place / COLD : 1 + (place - COLD) / HOT;
  return name === "top_k" ? KS[place] : place;
}

/* Build the controls; `changed(name, value, released)` is told of every move. */
export function makePanel(changed, choose) {
  const controls = {}, lines = {};
  const ranges = Object.fromEntries(TABLE.map((row) => [row.name, row]));
  const control = (name) => {
    const range = ranges[name];
    const id = `set-${name}`;
    const limits = name === "top_k" ? { min: 0, max: KS.length - 1, step: 1 }
      : name === "temperature" ? { min: 0, max: toSlider(name, range.high), step: 1 }
      : { min: range.low, max: name === "seed" ? MOST_SEED : range.high, step: range.step };
    const thumb = slider({ id, ...limits, "aria-describedby": `${id}-says` },
      (place, released) => changed(name, fromSlider(name, place), released));
    const number = element("input", { type: "number", min: range.low, max: range.high,
      step: range.step, "aria-label": `${range.label}, exact` });
    number.onchange = () => {
      const value = Math.min(range.high, Math.max(range.low, Number(number.value) || 0));
      changed(name, range.whole ? Math.round(value) : value, true);
    };
    controls[name] = { thumb, number };
    return element("div", { class: "control", title: `${range.label} ${range.says}` },
      element("label", { for: id }, range.label), number, thumb,
      element("p", { class: "hidden", id: `${id}-says` }, range.says));
  };
  const step = ([name, settings]) => {
    lines[name] = line();
    return element("li", { "data-step": name }, ...settings.map(control), lines[name].node);
  };
  const seed = element("div", { class: "seed" }, control("seed"));
  const groups = GROUPS.map(({ title, steps }) => {
    const list = element("ol", {}, ...steps.map(step));
    if (!title) return list;
    const state = element("span", { class: "state" });
    const details = element("details", {}, element("summary", {}, title, state), list);
    details.told = { state, names: steps.flatMap(([, settings]) => settings) };
    return details;
  });
  lines.model = line();
  const presets = element("div", { class: "presets", role: "group", "aria-label": "Presets" },
    ...Object.entries(PRESETS).map(([name, preset]) =>
      element("button", { type: "button", class: "push", onclick: () => choose(preset) }, name)));
  const panel = element("section", { class: "panel", "aria-label": "Settings, in order" },
    element("div", { class: "columns", "aria-hidden": "true" }, element("span", {}, "tokens left"),
      element("span", {}, "probability kept"), element("span", {}, "entropy")),
    element("div", { class: "model", "data-step": "model" },
      element("strong", {}, "The model"), lines.model.node),
    ...groups, seed);
  return { presets, panel, controls, lines, details: groups.filter((group) => group.told) };
}

function line() {
  const parts = [element("span"), element("span"), element("span")];
  return { node: element("div", { class: "leaves" }, ...parts), parts };
}

export function drawPanel(view, settings, result) {
  for (const [name, { thumb, number }] of Object.entries(view.controls)) {
    const value = settings[name];
    const place = toSlider(name, value);
    if (Number(thumb.value) !== place) thumb.value = place;
    if (Number(number.value) !== value || number.value === "") number.value = String(value);
    const spoken = name === "top_k" && value === 0 ? "all tokens"
      : name === "temperature" && value === 0 ? "0, greedy" : String(value);
    thumb.setAttribute("aria-valuetext", value === OFF[name] ? `${spoken}, off` : spoken);
  }
  for (const { name, active, tokens, mass, entropy } of result.stages) {
    const { node, parts } = view.lines[name];
    node.classList.toggle("off", !active);
    say(parts[0], active ? grouped(tokens) : "off");
    say(parts[1], active ? percent(mass) : "");
    say(parts[2], active ? bits(entropy) : "");
  }
  for (const { told } of view.details) {
    const on = told.names.filter((name) => settings[name] !== OFF[name]);
    say(told.state, on.length ? `${on.length} on` : "off");
  }
}

/* Open what is in use, once: afterwards the reader decides. */
export function openUsed(view, settings) {
  for (const details of view.details)
    if (details.told.names.some((name) => settings[name] !== OFF[name])) details.open = true;
}
