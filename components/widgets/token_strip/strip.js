// The token strip. Drawn anew only when its content changes; pointing and walking stay in the
// browser, only a choice goes to Python.

const LOOKS = ["plain", "added", "unknown", "faint"];
const NAMED = {
  "\u200b": "ZWSP", "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM",
  "\u00a0": "NBSP", "\ufeff": "BOM", "\u00ad": "SHY", "\u2028": "LS", "\u2029": "PS",
};
// Up to so many tokens are set in larger type.
const LARGE = 120;
const drawn = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let view = drawn.get(parentElement);
  if (!view) {
    view = new View(parentElement);
    drawn.set(parentElement, view);
  }
  view.choose = (place) => setStateValue("chosen", { sign: view.sign, place });
  view.update(data);
  return () => {
    view.root.remove();
    drawn.delete(parentElement);
  };
}

class View {
  constructor(parent) {
    this.root = make("div", "case");
    this.strip = make("div", "strip");
    this.strip.setAttribute("role", "listbox");
    this.plate = make("div", "plate");
    this.plate.id = "plate";
    this.root.append(this.strip, this.plate);
    parent.append(this.root);
    this.strip.onpointerover = (event) => this.point(this.placeOf(event));
    this.strip.onpointerleave = () => this.point(null);
    this.strip.onclick = (event) => this.toggle(this.placeOf(event));
    this.strip.onkeydown = (event) => this.walk(event);
    // Focus events have no on... properties.
    this.strip.addEventListener("focusin", (event) => this.point(this.placeOf(event)));
    this.strip.addEventListener("focusout", () => this.point(null));
  }

  update(data) {
    this.root.classList.toggle("dark", isDark(this.root));
    this.root.classList.toggle("quiet", !data.notes);
    this.root.classList.toggle("floating", data.floating);
    this.strip.setAttribute("aria-label", data.label);
    this.hint = data.hint;
    const drawing = `${data.sign} ${data.spaces} ${data.notes}`;
    if (this.drawing !== drawing) {
      const fresh = this.sign !== data.sign;
      this.drawing = drawing;
      this.sign = data.sign;
      if (fresh) this.chosen = data.selected ?? null;
      [this.cells, this.names, this.first, this.after] = JSON.parse(data.content);
      this.draw(data);
      if (!fresh) this.mark();
    }
    this.mark();
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
      const token = make("span", "token");
      const tint = ground || `var(--t${(this.first + place) % 6})`;
      token.style.setProperty("--tint", tint);
      token.textContent = notes ? note : "";
      token.dataset.place = place;
      token.tabIndex = place === 0 ? 0 : -1;
      token.setAttribute("role", "option");
      token.setAttribute("aria-label", `Token ${this.first + place + 1}: ${spoken(group.text)}` +
        (note ? `, ${note}` : ""));
      token.setAttribute("aria-describedby", "plate");
      group.row.append(token);
      group.tints.push(tint);
      group.places.push(place);
      this.tokens.push({ element: token, group, tint, ground });
      const next = this.cells[place + 1];
      if (!(next && next[3]) && /[\n\u2028\u2029]$/.test(text)) line = newLine(lines);
    });
    if (this.after) this.loose(this.after, line, lines, spaces);
    for (const { element, glyphs, tints } of this.groups) {
      element.classList.toggle("many", tints.length > 1);
      glyphs.style.background = tints.length > 1 ? stripes(tints) : tints[0];
      const plain = tints.length === 1 && tints[0].startsWith("#");
      if (plain) glyphs.style.color = inkOn(tints[0]);
    }
    this.root.classList.toggle("large", this.tokens.length <= LARGE);
    this.strip.replaceChildren(...lines.filter((item) => item.childNodes.length));
  }

  group(text, look, spaces) {
    const element = make("span", `group ${LOOKS[look]}`);
    const glyphs = make("span", "glyphs");
    glyphs.setAttribute("aria-hidden", "true");
    write(glyphs, text, spaces);
    const row = make("span", "tokens");
    element.append(glyphs, row);
    return { element, glyphs, row, tints: [], places: [] };
  }

  loose(text, line, lines, spaces) {
    for (const part of text.split(/(?<=\n)/)) {
      const span = make("span", /^\s+$/.test(part) ? "loose blank" : "loose");
      span.title = "No token covers this";
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

  walk(event) {
    const here = this.placeOf(event);
    if (here === null) return;
    const last = this.tokens.length - 1;
    const to = {
      ArrowRight: Math.min(here + 1, last), ArrowLeft: Math.max(here - 1, 0),
      Home: 0, End: last,
      ArrowDown: this.across(here, 1), ArrowUp: this.across(here, -1),
    }[event.key];
    if (to !== undefined) {
      this.tokens[here].element.tabIndex = -1;
      this.tokens[to].element.tabIndex = 0;
      this.tokens[to].element.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      this.toggle(here);
    } else if (event.key === "Escape" && this.chosen !== null) {
      this.toggle(this.chosen);
    } else {
      return;
    }
    event.preventDefault();
  }

  // The nearest token in the row above or below.
  across(here, step) {
    const boxes = this.tokens.map(({ element }) => element.getBoundingClientRect());
    const from = boxes[here];
    let best = here;
    let bestScore = Infinity;
    boxes.forEach((box, place) => {
      const down = (box.top - from.top) * step;
      if (down < 8) return;
      const score = down * 10 + Math.abs(box.left + box.width / 2 - from.left - from.width / 2);
      if (score < bestScore) [best, bestScore] = [place, score];
    });
    return best;
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
      this.plate.replaceChildren(make("span", "hint", this.tokens.length ? this.hint : "No tokens."));
      return;
    }
    const [, , details, , , look] = this.cells[place];
    const big = make("span", look === 1 || look === 3 ? "big bare" : "big");
    big.style.setProperty("--tint", token.tint);
    if (token.ground) big.style.color = inkOn(token.ground);
    write(big, token.group.text, true);
    const rows = make("dl");
    const share = token.group.places;
    const named = this.names.map((name, row) => [name, details[row]]);
    if (share.length > 1) {
      named.push(["shares its character", `${share.indexOf(place) + 1} of ${share.length} tokens`]);
    }
    for (const [name, value] of named) {
      const pair = make("div");
      pair.append(make("dt", "", name), make("dd", "", value));
      rows.append(pair);
    }
    this.plate.replaceChildren(big, rows);
  }
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function newLine(lines) {
  const line = make("div", "line");
  line.dir = "auto";
  lines.push(line);
  return line;
}

// Text with a sign for what cannot be seen. A line break always has one: it is a token too.
function write(element, text, spaces) {
  let plain = "";
  const flush = () => {
    if (plain) element.append(plain);
    plain = "";
  };
  const sign = (shown, named = "") => {
    flush();
    element.append(make("span", `sign ${named}`, shown));
  };
  for (const char of text) {
    const code = char.codePointAt(0);
    if (char === " ") spaces ? sign("·") : (plain += " ");
    else if (char === "\n") sign("↵");
    else if (char === "\t") sign(spaces ? "⇥   " : "    ");
    else if (code < 32) sign(String.fromCodePoint(0x2400 + code));
    else if (code === 127) sign("␡");
    else if (NAMED[char] && text.length === 1) sign(NAMED[char], "named");
    else plain += char;
  }
  flush();
  if (!text) sign("∅");
}

function spoken(text) {
  return text.replace(/ /g, "space ").replace(/\n/g, "line break ").replace(/\t/g, "tab ") || "nothing";
}

// One ground in as many stripes as there are tokens.
function stripes(tints) {
  const stops = tints.map((tint, n) =>
    `${tint} ${(100 * n) / tints.length}% ${(100 * (n + 1)) / tints.length}%`);
  return `linear-gradient(90deg, ${stops.join(", ")})`;
}

function isDark(element) {
  const probe = make("span");
  probe.style.color = "var(--st-background-color)";
  element.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return light > 0.179 ? "#1D1D1B" : "#F3F1EC";
}
