/* Two positions, what the play button moves, and the numbers of now. */

import { element, positions, say, signed, visible } from "./shapes.js";

const MOVES = { both: "both", query: "the query", key: "the key" };

export function makeControls(handlers) {
  const controls = { move: "both", handlers };
  const slider = (name) => {
    const input = element("input", {
      type: "range", min: 0, max: 1, step: 1, "aria-label": `Position of the ${name}`,
      oninput: () => handlers.slide(name, Number(input.value), false),
      onchange: () => handlers.slide(name, Number(input.value), true),
    });
    const number = element("output", {});
    const token = element("code", {});
    const row = element("label", { class: `position ${name}` },
      element("span", {}, `${name === "query" ? "Query" : "Key"} of `, token, " at position "), number, input);
    return { input, number, token, row };
  };
  controls.query = slider("query");
  controls.key = slider("key");
  controls.play = element("button", { type: "button", class: "play", onclick: handlers.play }, "▶ Play");
  controls.choices = Object.entries(MOVES).map(([name, words]) => {
    const radio = element("input", { type: "radio", name: "moves", value: name, onchange: () => { controls.move = name; } });
    radio.checked = name === controls.move;
    return element("label", {}, radio, words);
  });
  controls.home = element("button", { type: "button", class: "home", onclick: handlers.home }, "Reset positions");
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
