/* The drawing in a notebook: an anywidget, whose model is given by the kernel. */

import { perFrame, sizesOf } from "../widgets/kit/dragged.js";
import { element, say } from "../widgets/kit/elements.js";
import { live } from "../widgets/kit/live.js";
import { machineView } from "../widgets/machine/machine.js";
import { hand, partsFor } from "../widgets/machine/parts.js";
import { STYLE } from "./given.js";

const drawing = live(machineView);
/* Frames that a change of theme may take. */
const PATIENCE = 120;

/* One view of `model`, of which there may be several, as there may be several copies of this module,
 * one for each model: every view has parts of its own, by a key that is no other's. */
class NotebookView {
  constructor(model, el) {
    [this.model, this.el, this.key, this.handed] = [model, el, Symbol("machine"), {}];
    // A root of its own: neither our style sheet nor the notebook's reaches into the other. And to the
    // notebook nothing within it has the focus, so plain keys are the drawing's alone.
    this.root = el.shadowRoot ?? el.attachShadow({ mode: "open" });
    this.problem = element("p", { class: "said problem", role: "alert", hidden: true });
    this.notes = element("div", { class: "notes" });
    this.frame = element("div", { class: "frame" }, element("div", { class: "live machine" }), this.problem, this.notes);
    this.root.replaceChildren(element("style", {}, STYLE), this.frame);
    this.refresh = () => this.show();
    this.names = ["told", ...model.get("names")];
    for (const name of this.names) model.on(`change:${name}`, this.refresh);
    this.sizes = sizesOf(this.refresh);
    this.sizes.observe(el);
    this.settle = perFrame(el, () => this.settled());
    this.themes = new MutationObserver(() => { this.frames = PATIENCE; this.settle(); });
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  }

  /* Colours and sizes are known once the view is on the page: before that, nothing is drawn. */
  show() {
    if (!this.el.isConnected || !this.el.clientWidth) return;
    const told = this.model.get("told");
    const light = document.body.dataset.jpThemeLight;
    if (light !== undefined) this.el.setAttribute("data-jp-light", light);
    this.say(told);
    if (!told.state) return;
    for (const name of this.names.slice(1)) {
      const value = this.model.get(name);
      if (this.handed[name] !== value) hand(this.key, name.replace("part_", ""), value);
      this.handed[name] = value;
    }
    this.end = drawing({
      data: { machine: this.key, state: told.state, label: told.label, writes: told.writes, answered: told.answered },
      parentElement: this.root,
      setStateValue: () => {},
      setTriggerValue: (name, value) => this.model.send(value),
    });
  }

  /* While JupyterLab changes its theme, it has no style sheet and nothing a width: what is drawn in
   * such a moment is empty, and no observer of sizes sees that it has passed. */
  settled() {
    if (!this.el.clientWidth && this.frames) {
      this.frames -= 1;
      this.settle();
    } else this.show();
  }

  say(told) {
    if (told === this.told) return;
    this.told = told;
    this.problem.hidden = !told.problem;
    say(this.problem, told.problem);
    const { hold = 0, fail = [] } = told.checks ?? {};
    const lines = [
      ...(told.unknown ?? []).map((text) => element("p", { class: "said" }, text)),
      ...fail.map((text) => element("p", { class: "said fails" }, `✗ ${text}`)),
      ...(hold ? [element("p", { class: "said" }, `✓ ${hold} checks hold`)] : []),
    ];
    this.notes.replaceChildren(...lines);
  }

  leave() {
    for (const name of this.names) this.model.off(`change:${name}`, this.refresh);
    for (const name of this.names.slice(1)) hand(this.key, name.replace("part_", ""), null);
    partsFor(this.key, null);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.end?.();
  }
}

export default {
  render({ model, el }) {
    const view = new NotebookView(model, el);
    view.show();
    return () => view.leave();
  },
};
