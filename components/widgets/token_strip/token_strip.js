/* The token strip. Drawn anew only when its content changes; pointing and walking stay in the
 * browser, only a choice goes to Python. */

import { inkOn } from "../kit/colours.js";
import { element } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { signOf } from "../kit/text.js";
import { reachable, walk } from "../kit/walking.js";

const LOOKS = ["plain", "added", "unknown", "faint"];
const NAMED = {
  "\u200b": "ZWSP", "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM",
  "\u00a0": "NBSP", "\ufeff": "BOM", "\u00ad": "SHY", "\u2028": "LS", "\u2029": "PS",
};
/* Up to so many tokens are set in larger type. */
const LARGE = 120;
/* A slow run takes the strip away and puts it back: for so many milliseconds, what was chosen in
 * the last few is kept. */
const BACK = 60_000;
const KEPT = 8;
const left = (window.vitrineStrips ??= new Map());

export default live((host) => new Strip(host));

class Strip {
  constructor(host) {
    this.root = host;
    this.strip = element("div", { class: "strip", role: "listbox" });
    this.plate = element("div", { class: "plate", id: "plate" });
    host.append(this.strip, this.plate);
    this.strip.onpointerover = (event) => this.point(this.placeOf(event));
    this.strip.onpointerleave = () => this.point(null);
    this.strip.onclick = (event) => this.toggle(this.placeOf(event));
    this.strip.onkeydown = (event) => this.press(event);
    // Focus events have no on... properties.
    this.strip.addEventListener("focusin", (event) => this.point(this.placeOf(event)));
    this.strip.addEventListener("focusout", () => this.point(null));
  }

  take(data, tell) {
    this.choose = (place) => tell.state("chosen", { sign: this.sign, place });
    this.root.classList.toggle("quiet", !data.notes);
    this.root.classList.toggle("floating", data.floating);
    this.strip.setAttribute("aria-label", data.label);
    this.hint = data.hint;
    const drawing = `${data.sign} ${data.spaces} ${data.notes}`;
    if (this.drawing !== drawing) {
      if (this.sign !== data.sign) this.chosen = chosenBefore(data.sign, data.selected ?? null);
      this.drawing = drawing;
      this.sign = data.sign;
      [this.cells, this.names, this.first, this.after] = JSON.parse(data.content);
      this.draw(data);
    }
    this.mark();
  }

  leave() {
    left.delete(this.sign);
    left.set(this.sign, { place: this.chosen, at: performance.now() });
    if (left.size > KEPT) left.delete(left.keys().next().value);
  }

  draw({ spaces, notes }) {
    this.tokens = [];
    this.groups = [];
    const lines = [];
    let line = newLine(lines);
    let group = null;
    this.cells.forEach(([text, note, , joined, before, look, ground], place) => {
      if (!joined || !group) {
        if (before) line = this.loose(before, line, lines, spaces);
        group = this.group(text, look, spaces);
        line.append(group.element);
        this.groups.push(group);
        group.text = text;
      }
      const tint = ground || `var(--t${(this.first + place) % 6})`;
      const token = element("span", {
        class: "token", role: "option", "data-place": place, "aria-describedby": "plate",
        style: `--tint: ${tint}`,
        "aria-label": `Token ${this.first + place + 1}: ${spoken(group.text)}${note ? `, ${note}` : ""}`,
      }, notes ? note : "");
      group.row.append(token);
      group.tints.push(tint);
      group.places.push(place);
      this.tokens.push({ element: token, group, tint, ground });
      const next = this.cells[place + 1];
      if (!(next && next[3]) && /[\n\u2028\u2029]$/.test(text)) line = newLine(lines);
    });
    if (this.after) this.loose(this.after, line, lines, spaces);
    for (const { element: whole, glyphs, tints } of this.groups) {
      whole.classList.toggle("many", tints.length > 1);
      glyphs.style.background = tints.length > 1 ? stripes(tints) : tints[0];
      const plain = tints.length === 1 && tints[0].startsWith("#");
      if (plain) glyphs.style.color = inkOn(tints[0]);
    }
    reachable(this.tokens.map((token) => token.element));
    this.root.classList.toggle("large", this.tokens.length <= LARGE);
    this.strip.replaceChildren(...lines.filter((item) => item.childNodes.length));
  }

  group(text, look, spaces) {
    const glyphs = element("span", { class: "glyphs", "aria-hidden": "true" });
    write(glyphs, text, spaces);
    const row = element("span", { class: "tokens" });
    const whole = element("span", { class: `group ${LOOKS[look]}` }, glyphs, row);
    return { element: whole, glyphs, row, tints: [], places: [] };
  }

  loose(text, line, lines, spaces) {
    for (const part of text.split(/(?<=\n)/)) {
      const span = element("span", { title: "No token covers this",
        class: /^\s+$/.test(part) ? "loose blank" : "loose" });
      write(span, part, spaces);
      line.append(span);
      if (part.endsWith("\n")) line = newLine(lines);
    }
    return line;
  }

  placeOf(event) {
    const token = event.target.closest?.(".token");
    if (token) return Number(token.dataset.place);
    const glyphs = event.target.closest?.(".glyphs");
    if (!glyphs) return null;
    const group = this.groups.find((item) => item.glyphs === glyphs);
    const box = glyphs.getBoundingClientRect();
    const share = Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width));
    return group.places[Math.floor(share * group.places.length)];
  }

  point(place) {
    if (place === this.near) return;
    this.near = place;
    this.mark();
  }

  toggle(place) {
    if (place === null) return;
    this.chosen = place === this.chosen ? null : place;
    this.tokens[place].element.focus({ preventScroll: true });
    this.choose(this.chosen);
    this.mark();
  }

  press(event) {
    const here = this.placeOf(event);
    if (here === null || walk(event, this.tokens.map((token) => token.element))) return;
    if (event.key === "Enter" || event.key === " ") this.toggle(here);
    else if (event.key === "Escape" && this.chosen !== null) this.toggle(this.chosen);
    else return;
    event.preventDefault();
  }

  mark() {
    for (const item of this.strip.querySelectorAll(".near, .chosen, .held")) {
      item.classList.remove("near", "chosen", "held");
    }
    for (const item of this.strip.querySelectorAll("[aria-selected=true]")) {
      item.removeAttribute("aria-selected");
    }
    const chosen = this.tokens[this.chosen];
    if (chosen) {
      chosen.element.classList.add("chosen");
      chosen.element.setAttribute("aria-selected", "true");
      chosen.group.element.classList.add("held");
    }
    const near = this.tokens[this.near];
    if (near) {
      near.element.classList.add("near");
      near.group.element.classList.add("near");
    }
    this.label(near ? this.near : this.chosen);
  }

  label(place) {
    const token = this.tokens[place];
    this.plate.classList.toggle("empty", !token);
    if (!token) {
      this.plate.replaceChildren(element("span", { class: "hint" }, this.tokens.length ? this.hint : "No tokens."));
      return;
    }
    const [, , details, , , look] = this.cells[place];
    const big = element("span", { class: look === 1 || look === 3 ? "big bare" : "big",
      style: `--tint: ${token.tint}` });
    if (token.ground) big.style.color = inkOn(token.ground);
    write(big, token.group.text, true);
    const share = token.group.places;
    const named = this.names.map((name, row) => [name, details[row]]);
    if (share.length > 1) {
      named.push(["shares its character", `${share.indexOf(place) + 1} of ${share.length} tokens`]);
    }
    this.plate.replaceChildren(big, element("dl", {}, ...named.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value)))));
  }
}

function chosenBefore(sign, otherwise) {
  const strip = left.get(sign);
  return strip && performance.now() - strip.at < BACK ? strip.place : otherwise;
}

function newLine(lines) {
  const line = element("div", { class: "line", dir: "auto" });
  lines.push(line);
  return line;
}

/* Text with a sign for what cannot be seen. A line break always has one: it is a token too. */
function write(place, text, spaces) {
  let plain = "";
  const sign = (shown, named = "") => {
    place.append(plain, element("span", { class: `sign ${named}` }, shown));
    plain = "";
  };
  for (const char of text) {
    if (char === " " && !spaces) plain += " ";
    else if (char === "\t") sign(spaces ? `${signOf(char)}   ` : "    ");
    else if (signOf(char)) sign(signOf(char));
    else if (NAMED[char] && text.length === 1) sign(NAMED[char], "named");
    else plain += char;
  }
  place.append(plain);
  if (!text) sign("∅");
}

function spoken(text) {
  return text.replace(/ /g, "space ").replace(/\n/g, "line break ").replace(/\t/g, "tab ") || "nothing";
}

/* One ground in as many stripes as there are tokens. */
function stripes(tints) {
  const stops = tints.map((tint, n) =>
    `${tint} ${(100 * n) / tints.length}% ${(100 * (n + 1)) / tints.length}%`);
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}
