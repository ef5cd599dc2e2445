/* The live sampling playground: logits come once, settings are dragged, every frame is real. */

import { bytesOf } from "../kit/bytes.js";
import { widthOf } from "../kit/chart.js";
import { Dragged } from "../kit/dragged.js";
import { element, say } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { bits, grouped, percent } from "../kit/numbers.js";
import { save } from "../kit/saving.js";
import { OFF, prepare, processLogits } from "./core.js";
import { drawCurve, makeCurve } from "./curve.js";
import { digest } from "./digest.js";
import { drawLine, makeLine } from "./line.js";
import { nameOf, textsOf } from "./names.js";
import { drawPanel, makePanel, openUsed } from "./panel.js";
import { pictureOf } from "./picture.js";
import { outOfPlanes } from "./planes.js";
import { drawRows, makeRows } from "./rows.js";

export default live((host) => new Playground(host));

function named(settings) {
  return Object.keys(OFF).map((name) => settings[name]).join();
}

class Playground extends Dragged {
  constructor(host) {
    super(host);
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
      element("button", { type: "button", class: "push", onclick: () => this.picture() },
        "Save picture (SVG)"));
    host.append(this.panel.presets,
      element("div", { class: "figure" }, legend, this.rows.table, this.line.node),
      this.panel.panel, this.curve.node, this.status);
  }

  take(data, tell) {
    this.number = data.number;
    const settings = { ...OFF, ...data.settings };
    if (data.signature !== this.subject)
      this.prepared = prepare(new Float32Array(outOfPlanes(bytesOf(data.logits)).buffer), data.history);
    this.texts = textsOf(data, this.prepared.order);
    const brought = this.brings(data.signature, named(settings), data.release, tell.state);
    if (brought) {
      this.settings = settings;
      openUsed(this.panel, settings);
    }
    this.redraw(brought);
  }

  state() {
    return named(this.settings);
  }

  change(settings, released) {
    this.settings = settings;
    this.redraw(released);
  }

  draw() {
    const result = processLogits(this.prepared, this.settings);
    drawPanel(this.panel, this.settings, result);
    const width = widthOf(this.line.node);
    const greedy = this.settings.temperature === 0;
    const drawn = drawLine(this.line, result, this.texts, this.number, greedy, width);
    drawRows(this.rows, this.prepared, result, this.texts, drawn, width);
    drawCurve(this.curve, this.prepared, result, width);
    return result;
  }

  picture() {
    const on = Object.keys(OFF).filter((name) => this.settings[name] !== OFF[name]);
    const title = on.map((name) => `${name} ${this.settings[name]}`).join(", ");
    const result = processLogits(this.prepared, this.settings);
    save(pictureOf(this.prepared, result, this.texts, title || "the model's own distribution"),
      "distribution.svg", "image/svg+xml");
  }

  tell(result) {
    const { tokens, entropy } = result.stages.at(-1);
    say(this.status, `${grouped(tokens)} tokens left, ${bits(entropy)}; likeliest: ${
      nameOf(this.texts, result.order[result.low])}, ${percent(result.share(result.low))}`);
    return { settings: this.settings, ...digest(result) };
  }
}
