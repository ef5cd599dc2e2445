/* The live sampling playground: logits come once, settings are dragged, every frame is real. */

import { OFF, prepare, reshape } from "./core.js";
import { digest } from "./digest.js";
import { bits, element, grouped, percent, say, visible } from "./format.js";
import { drawCurve, makeCurve } from "./curve.js";
import { drawLine, makeLine } from "./line.js";
import { drawPanel, makePanel, openUsed } from "./panel.js";
import { pictureOf, save } from "./picture.js";
import { drawRows, makeRows } from "./rows.js";

const SHELLS = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".playground");
  if (!host || !data) return undefined;
  if (!SHELLS.has(host)) SHELLS.set(host, new Shell(host));
  const shell = SHELLS.get(host);
  shell.take(data, setStateValue);
  return () => shell.sizes.disconnect();
}

function named(settings) {
  return Object.keys(OFF).map((name) => settings[name]).join();
}

class Shell {
  constructor(host) {
    this.rows = makeRows();
    this.line = makeLine();
    this.curve = makeCurve();
    this.status = element("p", { class: "hidden", role: "status" });
    this.panel = makePanel(
      (name, value, released) => this.change({ ...this.settings, [name]: value }, released),
      (preset) => this.change({ ...OFF, seed: this.settings.seed, ...preset }, true));
    const legend = element("p", { class: "legend" },
      element("span", { class: "key before" }), "the model",
      element("span", { class: "key after" }), "after the settings",
      element("button", { type: "button", class: "save", onclick: () => this.picture() },
        "Save picture (SVG)"));
    host.append(this.panel.presets,
      element("div", { class: "figure" }, legend, this.rows.table, this.line.node, this.curve.node),
      this.panel.panel, this.status);
    this.sizes = new ResizeObserver(() => this.redraw());
    this.host = host;
    this.own = new Set();
  }

  /* New data from the server: logits if they are others, settings if somebody else set them. */
  take(data, send) {
    this.send = send;
    this.number = data.number;
    this.texts = data.texts; // of the token drawn, too, once its settings are known there
    this.sizes.observe(this.host);
    const settings = { ...OFF, ...data.settings };
    if (data.signature !== this.signature) {
      this.signature = data.signature;
      const bytes = Uint8Array.from(atob(data.logits), (char) => char.charCodeAt(0));
      this.prepared = prepare(new Float32Array(bytes.buffer), data.history);
    }
    // The answer to an earlier release must not take back what was dragged since.
    if (!this.own.has(named(settings))) {
      this.own.clear();
      this.settings = settings;
      openUsed(this.panel, this.settings);
    }
    this.redraw(true);
  }

  change(settings, released) {
    this.settings = settings;
    if (released) this.own.add(named(settings));
    this.redraw(released);
  }

  /* At most once per frame; after a release also tell the server. */
  redraw(released = false) {
    this.released ||= released;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const result = reshape(this.prepared, this.settings);
    drawPanel(this.panel, this.settings, result);
    const width = this.curve.node.clientWidth;
    const greedy = this.settings.temperature === 0;
    const drawn = drawLine(this.line, result, this.texts, this.number, greedy, width);
    drawRows(this.rows, this.prepared, result, this.texts, drawn);
    drawCurve(this.curve, this.prepared, result, width);
    if (!this.released) return;
    this.released = false;
    this.tell(result);
  }

  picture() {
    const on = Object.keys(OFF).filter((name) => this.settings[name] !== OFF[name]);
    const title = on.map((name) => `${name} ${this.settings[name]}`).join(", ");
    const result = reshape(this.prepared, this.settings);
    save(pictureOf(this.prepared, result, this.texts, title || "the model's own distribution"),
      "distribution.svg", "image/svg+xml");
  }

  tell(result) {
    const told = this.signature + named(this.settings);
    if (told === this.told) return;
    this.told = told;
    const { tokens, entropy } = result.stages.at(-1);
    const first = result.order[result.low];
    say(this.status, `${grouped(tokens)} tokens left, ${bits(entropy)}; likeliest: ${
      visible(this.texts[first] ?? `#${first}`)}, ${percent(result.share(result.low))}`);
    this.send("released", {
      signature: this.signature, settings: this.settings, ...digest(result),
    });
  }
}
