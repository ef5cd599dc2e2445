/* The names of the open block's stations, as buttons over the drawing: keyboard and screen reader
 * reach all of it through them. */

import { element } from "../kit/elements.js";
import { headPart, nextStep, toggled } from "./keys.js";
import { groupsOf } from "./layout.js";
import { proportion, stationName, stationsOf } from "./opened.js";

export class Stations {
  constructor(act) {
    this.act = act;
    this.node = element("div", { class: "stations", role: "group", "aria-label": "Stations of the open block" });
  }

  show(scene, scale) {
    this.node.style.transform = scale === 1 ? "" : `scale(${scale})`;
    const { place, block, state, river, number } = scene;
    const at = place.rivers[number], open = at?.open;
    const name = open && block ? [
      open.shown.join(), open.x, open.w, open.top, place.width, block.layer, block.head, block.kind,
      state.step, Boolean(scene.path?.push), state.off.join(),
    ].join(" ") : "";
    if (this.shown === name) return;
    this.shown = name;
    const focused = this.node.getRootNode().activeElement?.dataset?.name;
    this.node.replaceChildren(...(name ? this.buttons(scene, at, open, block, state, river) : []));
    if (focused) this.node.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  buttons(scene, at, open, block, state, river) {
    const made = open.shown.map((name) => {
      const box = open.stations[name];
      const pushed = Boolean(scene.path?.push?.heads) && block.kind === "self";
      return this.button(name, stationName(name, block, state.step, pushed),
        box.x + box.w / 2, at.heads.y + at.heads.h + 1, () => this.press(name, block, state));
    });
    const known = Boolean(river.attention);
    const part = headPart(block), off = state.off.includes(part);
    const y = at.mlp.y + at.mlp.h / 2 + 2;
    const turn = (one) => () => this.act({ off: toggled(state.off, one) });
    if (known) made.push(this.button("off", off ? `head ${block.head} off ✓` : `head ${block.head} off`,
      open.x + Math.min(60, 0.2 * open.w), y, turn(part)));
    const attends = [block.kind === "cross" ? "cross" : "attention", "attention off", 0.5];
    for (const [what, label, x] of known ? [attends, ["mlp", "MLP off", 0.82]] : []) {
      const other = `${what} ${block.layer}`;
      made.push(this.button(what === "cross" ? "attention" : what,
        state.off.includes(other) ? `${label} ✓` : label,
        open.x + (open.w > 400 ? 60 + 120 * (x - 0.2) / 0.3 : x * open.w), y, turn(other)));
    }
    const groups = groupsOf(stationsOf(block)), here = groups.findIndex((names) => names[0] === open.shown[0]);
    if (open.shown.length < stationsOf(block).length) {
      for (const [step, sign, x] of [[-1, "‹ before", 40], [1, "further ›", open.w - 40]])
        made.push(this.button(`group${step}`, sign, open.x + x, at.heads.y + 11,
          () => this.act({ group: (here + step + groups.length) % groups.length })));
    }
    if (river.crossing) made.push(this.button("other",
      block.kind === "cross" ? "cross-attention" : "self-attention", open.x + 60, at.heads.y - 11,
      () => this.act({ cross: block.kind !== "cross", station: "" })));
    made.push(this.button("close", "close ×", open.x + open.w - 34, at.heads.y - 11, () => this.act({ open: null, station: "" })));
    const words = proportion(block, river.width);
    if (words && open.w > 560) made.push(element("span", { class: "words", style: `left: ${open.x + open.w - 12}px; top: ${y}px` }, words));
    return made;
  }

  button(name, label, x, y, pressed) {
    return element("button", { type: "button", "data-name": name, class: `station ${name}`,
      style: `left: ${x}px; top: ${y}px`, onclick: pressed }, label);
  }

  press(name, block, state) {
    if (name === "square") this.act({ step: nextStep(state.step, block) });
    else if (name === "heads") this.act({ station: "attention write", index: 0 });
    else if (block.stations[name]?.vector) this.act({ station: block.stations[name].station, index: 0 });
  }
}
