/* Two positions, what the play button moves, and the numbers of now. */

import { slider } from "../kit/dragged.js";
import { element, say } from "../kit/elements.js";
import { positions, signed } from "../kit/numbers.js";
import { visible } from "../kit/text.js";

const MOVES = { both: "both", query: "the query", key: "the key" };

export function makeControls(handlers) {
  const controls = { move: "both", handlers };
  const position = (name) => {
    const input = slider({ min: 0, max: 1, step: 1, "aria-label": `Position of the ${name}` },
      (value, released) => handlers.slide(name, value, released));
    const number = element("output", {});
    const token = element("code", {});
    const row = element("label", { class: `position ${name}` },
      element("span", {}, `${name === "query" ? "Query" : "Key"} of `, token, " at position "), number, input);
    return { input, number, token, row };
  };
  controls.query = position("query");
  controls.key = position("key");
  controls.play = element("button", { type: "button", class: "push play", onclick: handlers.play }, "▶ Play");
  controls.choices = Object.entries(MOVES).map(([name, words]) => {
    const radio = element("input", { type: "radio", name: "moves", value: name, onchange: () => { controls.move = name; } });
    radio.checked = name === controls.move;
    return element("label", {}, radio, words);
  });
  controls.home = element("button", { type: "button", class: "push", onclick: handlers.home }, "Reset positions");
  const number = (words) => {
    const value = element("dd", {});
    controls.numbers.append(element("div", {}, element("dt", {}, words), value));
    return value;
  };
  controls.numbers = element("dl", { class: "numbers" });
  controls.distance = number("distance");
  controls.degrees = number("angle between them");
  controls.score = number("score");
  controls.node = element("div", { class: "controls" }, controls.query.row, controls.key.row,
    element("div", { class: "bar" },
      element("div", { class: "moves" }, controls.play,
        element("fieldset", {}, element("legend", {}, "moves"), ...controls.choices), controls.home),
      controls.numbers));
  return controls;
}

export function setControls(controls, data) {
  for (const name of ["query", "key"]) {
    controls[name].input.max = data.longest - 1;
    say(controls[name].token, visible(data.tokens[name]));
  }
}

export function drawControls(controls, at, now, playing) {
  for (const name of ["query", "key"]) {
    controls[name].input.value = Math.round(at[name]);
    say(controls[name].number, String(Math.round(at[name])));
  }
  say(controls.distance, positionsApart(at.query - at.key));
  say(controls.degrees, `${now.degrees.toFixed(1)}°`);
  say(controls.score, signed(now.score, 4));
  say(controls.play, playing ? "❚❚ Pause" : "▶ Play");
  controls.play.setAttribute("aria-pressed", String(playing));
}

function positionsApart(distance) {
  const whole = Math.round(distance);
  return whole < 0 ? `${positions(-whole)} ahead` : String(whole);
}
