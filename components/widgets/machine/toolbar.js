/* The row of controls above the drawing, and the line below it that says what the widths mean. */

import { element, say } from "../kit/elements.js";
import { grouped, percent } from "../kit/numbers.js";
import { short } from "./words.js";

export class Toolbar {
  constructor(act) {
    this.act = act;
    this.size = this.button("Size", "Ribbons are as wide as the norm of what is written", () => act({ push: false }));
    this.push = this.button("Push",
      "Ribbons are as wide as their push toward one answer rather than another (p)", () => act({ push: true }));
    this.toward = element("select", { "aria-label": "toward", onchange: () => act({ toward: Number(this.toward.value) }) });
    this.rather = element("select", { "aria-label": "rather than", onchange: () => act({ rather: Number(this.rather.value) }) });
    this.pair = element("span", { class: "pair" }, "toward ", this.toward, " rather than ", this.rather);
    this.write = this.button("", "Let the model read its own likeliest token behind the text (w)",
      () => act(this.further ? { stack: "", token: null, station: "" } : "write"));
    this.back = this.button("Take back", "Take the last written token back", () => act("back"));
    this.offs = element("span", { class: "offs" });
    this.put = element("select", { "aria-label": "what stands in its place", onchange: () => act({ put: this.put.value }) },
      element("option", { value: "zero" }, "zero"), element("option", { value: "mean" }, "its mean"));
    this.tour = this.button("Tour", "Twelve stops through the drawing (t)", () => act("tour"));
    this.svg = this.button("SVG", "Save the drawing as a vector picture", () => act("svg"));
    this.png = this.button("PNG", "Save the drawing as a picture", () => act("png"));
    const ribbons = element("span", { class: "choice", role: "group", "aria-label": "Ribbons show" }, this.size, this.push);
    this.node = element("div", { class: "tools" }, ribbons, this.pair, this.write, this.back, this.offs,
      element("span", { class: "gap" }), this.tour, this.svg, this.png);
  }

  button(text, title, pressed) {
    return element("button", { type: "button", class: "push", title, onclick: pressed }, text);
  }

  show(scene) {
    const { state, path, writes } = scene;
    this.further = scene.further;
    this.size.setAttribute("aria-pressed", String(!state.push));
    this.push.setAttribute("aria-pressed", String(state.push));
    this.push.hidden = !path?.pairs;
    this.pair.hidden = !state.push || !path?.pairs;
    if (path?.pairs) {
      fill(this.toward, path.choices, path.pairs[0]);
      fill(this.rather, path.choices, path.pairs[1]);
    }
    this.write.hidden = !scene.further && (!writes || !path?.top);
    say(this.write, scene.further ? "To the last token" : `Write on: ${path?.top?.texts[0]}`);
    this.back.hidden = !state.written.length;
    this.tour.hidden = !scene.tours;
    this.tour.setAttribute("aria-pressed", String(state.stop > 0));
    this.showOff(state);
  }

  showOff({ off, put }) {
    const name = `${off.join()} ${put}`;
    if (this.off === name) return;
    this.off = name;
    this.put.value = put;
    this.offs.replaceChildren(...(off.length ? ["off: ", ...off.map((part) =>
      element("button", { type: "button", class: "chip", title: "Switch it on again",
        onclick: () => this.act({ off: off.filter((one) => one !== part) }) }, `${part} ×`)), " replaced by ", this.put] : []));
  }
}

function fill(select, choices, chosen) {
  const name = `${choices.map(([id]) => id).join()} ${chosen}`;
  if (select.dataset.filled === name) return;
  select.dataset.filled = name;
  select.replaceChildren(...choices.map(([id, text]) => element("option", { value: id, selected: id === chosen }, text)));
  select.value = String(chosen);
}

/* What the widths and colours mean, with their range. */
export function legendWords(scene, river) {
  const { state, path } = scene;
  if (state.push && path?.push) {
    const { push, choices } = path, text = (id) => choices.find(([one]) => one === id)?.[1] ?? `id ${id}`;
    return `Width: push on the logit of ${text(push.toward)} (teal) less that of ${text(push.rather)} (orange). `
      + `All terms: ${short(push.sum)}; the logits differ by ${short(push.difference)}.`;
  }
  if (!river.norms) return "";
  if (scene.before?.best) {
    const [text, share] = scene.before.best;
    const now = `${path.top.texts[0]} ${percent(path.top.shares[0])}`;
    return `Off: ${state.off.join(", ")}. Before, dashed: ${text} ${percent(share)}; now ${now}.`;
  }
  const { low, high } = river.ruler;
  if (scene.kept) {
    const count = scene.kept.rows.reduce((sum, one) => sum + one, 0);
    const how = scene.kept.largest ? `but for rounding, ${short(scene.kept.largest)}` : "to the last bit";
    return `${count} of ${scene.kept.rows.length - 1} earlier rows, marked, are what they were (${how}): `
      + "they are kept (that is the key-value cache), and only the new token's row is computed.";
  }
  return `Width: norm of the stream and of what is written to it, from ${short(low)} to ${short(high)} (logarithmic). `
    + "Dashed: against the stream. Thin violet lines: what this token reads."
    + (river.total > river.rows ? ` Tokens ${river.first} to ${river.first + river.rows - 1} of ${grouped(river.total)}.` : "");
}
