/* The clocks: each pair of numbers is a hand on a dial, one for the query and one for the key. */

import { drawn, element, say } from "../kit/elements.js";
import { positions, signed } from "../kit/numbers.js";
import { hand } from "./turning.js";

const SHORTEST = 0.1;

export function makeClocks(pick) {
  return { node: element("div", { class: "clocks", role: "group", "aria-label": "Pairs as clocks" }), pick, clocks: [] };
}

/* One dial for each pair: made anew for other vectors. */
export function setClocks(view, data) {
  const count = data.rope.places.length;
  const most = (vector) => Math.max(...data.rope.places.map((place) => hand(vector, place).length), 1e-9);
  view.most = { query: most(data.query) * data.rope.scaling, key: most(data.key) * data.rope.scaling };
  view.node.dataset.count = count <= 4 ? "few" : count <= 16 ? "some" : count <= 40 ? "many" : "most";
  view.clocks = data.rope.places.map((place, pair) => makeClock(view, data, place, pair));
  view.node.replaceChildren(...view.clocks.map((clock) => clock.node));
}

function makeClock(view, data, place, pair) {
  const before = (vector, name) => {
    const { angle, length } = hand(vector, place);
    return line(angle, (length * data.rope.scaling) / view.most[name], `before ${name}`);
  };
  const clock = {
    place,
    query: drawn("line", { class: "hand query" }), key: drawn("line", { class: "hand key" }),
    bar: element("i"),
  };
  const wavelength = (2 * Math.PI) / data.rope.frequencies[pair];
  const slow = wavelength > data.longest;
  clock.node = element("button", {
    type: "button", class: slow ? "clock slow" : "clock", onclick: () => view.pick(pair),
    title: `Pair ${pair}: a full turn every ${positions(wavelength)} positions`,
  },
  drawn("svg", { viewBox: "-1.1 -1.1 2.2 2.2", "aria-hidden": "true" },
    drawn("circle", { r: 1, class: "dial" }),
    before(data.query, "query"), before(data.key, "key"), clock.key, clock.query,
    drawn("circle", { r: 0.05, class: "pin" })),
  element("span", { class: "adds" }, clock.bar),
  element("span", { class: "name" }, `${pair} · ${positions(wavelength)}`));
  return clock;
}

function line(angle, length, kind) {
  const made = drawn("line", { class: `hand ${kind}` });
  aim(made, angle, length);
  return made;
}

function aim(made, angle, length) {
  // The square root, so that short pairs can still be seen turning.
  const reach = Math.max(SHORTEST, Math.sqrt(length));
  made.setAttribute("x2", (reach * Math.cos(angle)).toFixed(4));
  // Angles grow anticlockwise, as in the formulas; the screen's y points down.
  made.setAttribute("y2", (-reach * Math.sin(angle)).toFixed(4));
}

export function drawClocks(view, now, chosen) {
  const most = Math.max(...Array.from(now.added, Math.abs), 1e-9);
  view.clocks.forEach((clock, pair) => {
    for (const name of ["query", "key"]) {
      const { angle, length } = hand(now[name], clock.place);
      aim(clock[name], angle, length / view.most[name]);
    }
    const share = now.added[pair] / most;
    clock.bar.style.transform = `scaleX(${share.toFixed(4)})`;
    clock.node.setAttribute("aria-pressed", String(pair === chosen));
  });
}

/* One sentence on the pair that was picked. */
export function sayPair(node, data, now, pair, at, keyAt) {
  const [first, second] = data.rope.places[pair], frequency = data.rope.frequencies[pair];
  say(node, `Pair ${pair}: numbers ${first} and ${second}. It turns ${frequency.toPrecision(3)} rad a position, `
    + `a full turn every ${positions((2 * Math.PI) / frequency)}. The query has turned ${positions((at * frequency) / (2 * Math.PI))} times, `
    + `the key ${positions((keyAt * frequency) / (2 * Math.PI))}; the pair adds ${signed(now.added[pair])} to the score.`);
}
