/* A map of points: moved, zoomed, pointed at; the neighbours of one, in truth and in the picture. */

import { bytesOf } from "../kit/bytes.js";
import { rgb } from "../kit/colours.js";
import { perFrame, sizesOf } from "../kit/dragged.js";
import { element } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { save } from "../kit/saving.js";
import { Cloud } from "./cloud.js";
import { apart, moved, pixel, under, whole, zoomed } from "./looking.js";

const NEAR = 10; // Pixels within which a point is pointed at.
const STILL = 4; // Pixels that a click may move.
const SLOW = 12; // Milliseconds of a picture from which it is moved as it is, and drawn at rest.
const REST = 120; // Milliseconds without a move.
const WAY = 900; // Milliseconds in which points go from one map to the next.
const before = new Map(); // Where the points of a figure were last, though it is drawn anew.

export default live((host) => new Map_(host));

class Map_ {
  constructor(host) {
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.over = element("canvas", { class: "over", tabindex: 0, role: "img" });
    this.tip = element("div", { class: "tip", hidden: "" });
    const button = (label, title, onclick) => element("button", { class: "push", type: "button", title, "aria-label": title, onclick }, label);
    this.field = element("div", { class: "field" }, this.canvas, this.over, this.tip,
      element("div", { class: "tools" },
        button("+", "Closer", () => this.zoom(1.6)), button("−", "Farther", () => this.zoom(1 / 1.6)),
        button("⤢", "All of it", () => this.all()), button("⇩", "Save as a picture (PNG)", () => this.keep())));
    this.key = element("div", { class: "key" });
    this.lists = element("div", { class: "lists" });
    host.replaceChildren(this.key, this.field, this.lists);
    this.cloud = new Cloud(this.canvas);
    this.cloud.again = () => this.redraw();
    this.fingers = new Map();
    this.sizes = sizesOf(() => this.resized());
    this.ask = perFrame(this.field, (time) => this.frame(time));
    this.listen();
  }

  take(data, tell) {
    const same = this.data?.subject === data.subject;
    Object.assign(this, { data, tell, dark: this.field.closest(".live").classList.contains("dark") });
    const old = before.get(data.figure);
    const places = Float32Array.from(new Int16Array(bytesOf(data.places).buffer));
    this.levels = bytesOf(data.levels);
    if (!same) this.names = data.names.split("\n");
    this.field.style.height = `${data.height}px`;
    this.over.setAttribute("aria-label", data.label);
    this.sizes.observe(this.field);
    if (!same) {
      this.places = places;
      this.view = null;
      const moves = old && old.names === data.names && !matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.slow = undefined;
      this.from = moves && old.subject !== data.subject ? old.places : null;
      this.began = performance.now();
      if (old?.subject === data.subject) this.view = old.view;
    }
    before.set(data.figure, this.last = { subject: data.subject, names: data.names, places, view: this.view });
    this.paint();
    this.explain();
    this.resized();
  }

  leave() {
    this.sizes.disconnect();
  }

  /* The order in which points are drawn: those that are lit last, so on top. */
  paint() {
    const { colours, faint } = this.data, palette = (this.dark ? colours.dark : colours.light).map(rgb);
    const order = this.order = Uint32Array.from(this.levels.keys());
    order.sort((one, other) => faint.includes(this.levels[other]) - faint.includes(this.levels[one]) || one - other);
    const inks = new Uint8Array(4 * order.length);
    order.forEach((point, place) => {
      const level = this.levels[point];
      inks.set([...palette[level], faint.includes(level) ? 70 : this.data.faint.length ? 235 : 190], 4 * place);
    });
    this.inks = inks;
    this.load(this.places);
  }

  load(places) {
    const points = new Float32Array(2 * this.order.length);
    this.order.forEach((point, place) => {
      points[2 * place] = places[2 * point];
      points[2 * place + 1] = places[2 * point + 1];
    });
    this.seen = places;
    this.cloud.set(points, this.inks);
  }

  resized() {
    const { clientWidth: width, clientHeight: height } = this.field;
    if (!width || !this.places) return;
    this.view = this.view ? { ...this.view, width, height } : whole(this.places, width, height);
    this.redraw();
  }

  redraw() {
    this.last.view = this.view;
    this.ask();
  }

  frame(time) {
    if (!this.view) return;
    if (this.from) this.step(time);
    const ratio = Math.min(devicePixelRatio || 1, 2), rests = time - (this.touched ?? -REST) >= REST;
    if (this.from || rests || !this.slow) this.points(ratio);
    else this.carry();
    this.mark(ratio);
    if (this.from) this.redraw();
  }

  points(ratio) {
    const { view, cloud, canvas } = this, many = this.levels.length;
    // The closer one looks, the larger the points, and the more the fewer they are.
    const closer = Math.max(1, view.unit / whole(this.places, view.width, view.height).unit);
    const size = Math.max(2.5, 260 / Math.sqrt(many)) * closer ** 0.4;
    const how = [view, Math.min(size, many > 20000 ? 8 : 14), ratio];
    if (this.slow === undefined) this.slow = cloud.timed(...how) > SLOW;
    else cloud.draw(...how);
    canvas.style.transform = "";
    this.drawn = view;
  }

  /* Move the picture as it is to where its points are now; draw it anew once all is at rest. */
  carry() {
    const { view, drawn } = this, scale = view.unit / drawn.unit, [x, y] = pixel(view, drawn.x, drawn.y);
    this.canvas.style.transform =
      `translate(${x - view.width / 2}px, ${y - view.height / 2}px) scale(${scale})`;
    clearTimeout(this.later);
    this.later = setTimeout(() => { this.touched = undefined; this.redraw(); }, REST);
  }

  /* Part of the way from the last map to this one. */
  step(time) {
    const share = Math.min(1, Math.max(0, (time - this.began) / WAY)), gone = share * share * (3 - 2 * share);
    this.load(gone === 1 ? this.places : this.places.map((to, i) => this.from[i] + gone * (to - this.from[i])));
    if (share === 1) this.from = null;
  }

  at(point) {
    return pixel(this.view, this.seen[2 * point], this.seen[2 * point + 1]);
  }

  /* Lines from the chosen point to its neighbours, and their names. */
  mark(ratio) {
    const { over, view, data } = this, { chosen, near, shown, made } = data, pen = over.getContext("2d");
    const style = getComputedStyle(over), colour = (name) => style.getPropertyValue(name);
    Object.assign(over, { width: Math.round(view.width * ratio), height: Math.round(view.height * ratio) });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = `${data.type}px ${style.fontFamily}`;
    if (chosen < 0) return;
    const here = this.at(chosen);
    const line = (points, ink, dashes) => {
      pen.strokeStyle = colour(ink);
      pen.setLineDash(dashes);
      pen.lineWidth = 1.5;
      for (const point of points) {
        pen.beginPath();
        pen.moveTo(...here);
        pen.lineTo(...this.at(point));
        pen.stroke();
      }
    };
    line(near.filter((each) => !shown.includes(each)), "--query", [5, 4]);
    line(made, "--key", [2, 3]);
    line(shown, "--kept", []);
    pen.setLineDash([]);
    const ring = (point, radius, ink) => {
      pen.strokeStyle = colour(ink);
      pen.beginPath();
      pen.arc(...this.at(point), radius, 0, 7);
      pen.stroke();
    };
    for (const point of near) ring(point, 5, shown.includes(point) ? "--kept" : "--query");
    for (const point of made) ring(point, 5, "--key");
    pen.lineWidth = 3;
    ring(chosen, 7, "--st-text-color");
    this.write(pen, [chosen, ...near, ...made], colour);
  }

  write(pen, points, colour) {
    const high = this.data.type, placed = points.map((point) => {
      const [x, y] = this.at(point), wide = pen.measureText(this.names[point]).width;
      const left = x + 9 + wide > this.view.width ? x - 9 - wide : x + 9;
      return [left, y - high / 2, left + wide, y + high / 2];
    });
    pen.lineJoin = "round";
    pen.textBaseline = "middle";
    for (const place of apart(placed)) {
      const [left, top] = placed[place], words = this.names[points[place]];
      pen.lineWidth = 4;
      pen.strokeStyle = colour("--st-background-color");
      pen.strokeText(words, left, top + high / 2);
      pen.fillStyle = colour("--st-text-color");
      pen.fillText(words, left, top + high / 2);
    }
  }

  explain() {
    const { data } = this, palette = this.dark ? data.colours.dark : data.colours.light;
    const dot = (colour) => element("i", { style: `background:${colour}` });
    const [low, high] = data.ends;
    this.key.replaceChildren(...(data.ends.length
      ? [element("span", {}, low), element("b", { style: `background:linear-gradient(90deg,${palette.slice(data.first)})` }), element("span", {}, high)]
      : []), ...data.legend.map(([level, words]) => element("span", {}, dot(palette[level]), words)));
    const chips = (points, kind) => points.map(([point, far]) => element("button", {
      class: `push ${data.shown.includes(point) ? "kept" : kind}`, type: "button", title: "Look from here",
      onclick: () => this.tell.event("picked", point) }, element("code", {}, this.names[point]), ` ${far}`));
    this.lists.replaceChildren(...data.lists.map(({ words, kind, points }) =>
      element("div", {}, element("span", { class: "said" }, words), ...chips(points, kind))));
  }

  zoom(factor, px = this.view.width / 2, py = this.view.height / 2) {
    this.view = zoomed(this.view, factor, px, py);
    this.touched = performance.now();
    this.redraw();
  }

  all() {
    this.view = whole(this.places, this.view.width, this.view.height);
    this.redraw();
  }

  /* Pixels of the map, though the whole may be enlarged. */
  spot(event) {
    const box = this.over.getBoundingClientRect(), scale = this.view.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  listen() {
    const { over, fingers } = this;
    over.onpointerdown = (event) => {
      over.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, this.spot(event));
      this.pressed = fingers.size === 1 ? this.spot(event) : null;
    };
    over.onpointermove = (event) => {
      const now = this.spot(event), last = fingers.get(event.pointerId);
      if (!last) return this.point(now);
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId);
      if (other) this.view = zoomed(this.view, far(now, other[1]) / Math.max(far(last, other[1]), 1), ...other[1]);
      else this.view = moved(this.view, now[0] - last[0], now[1] - last[1]);
      fingers.set(event.pointerId, now);
      if (this.pressed && far(now, this.pressed) > STILL) this.pressed = null;
      this.tip.hidden = true;
      this.touched = performance.now();
      return this.redraw();
    };
    over.onpointerup = over.onpointercancel = (event) => {
      fingers.delete(event.pointerId);
      if (!this.pressed || event.type === "pointercancel") return;
      const point = under(this.seen, this.view, ...this.pressed, NEAR);
      this.pressed = null;
      if (point >= 0) this.tell.event("picked", point);
    };
    over.onpointerleave = () => { this.tip.hidden = true; };
    // A wheel moves the page, unless the map was clicked before, or Ctrl is held.
    over.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && over.getRootNode().activeElement !== over) return;
      event.preventDefault();
      this.zoom(1.0015 ** -event.deltaY, ...this.spot(event));
    }, { passive: false });
    over.onkeydown = (event) => {
      const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      if (step) this.view = moved(this.view, ...step);
      else if (event.key === "+" || event.key === "=") this.zoom(1.3);
      else if (event.key === "-") this.zoom(1 / 1.3);
      else if (event.key === "0") this.all();
      else return;
      event.preventDefault();
      this.redraw();
    };
  }

  point([px, py]) {
    const point = this.seen ? under(this.seen, this.view, px, py, NEAR) : -1;
    this.tip.hidden = point < 0;
    this.over.style.cursor = point < 0 ? "grab" : "pointer";
    if (point < 0) return;
    this.tip.textContent = this.names[point];
    const [x, y] = this.at(point), left = x > this.view.width / 2;
    Object.assign(this.tip.style, { top: `${y - 14}px`, left: left ? "" : `${x + 12}px`, right: left ? `${this.view.width - x + 12}px` : "" });
  }

  keep() {
    const ratio = Math.min(devicePixelRatio || 1, 2), { width, height } = this.over;
    this.cloud.draw(this.view, 4, ratio); // A card keeps nothing that it has shown.
    const whole_ = element("canvas", { width, height }), pen = whole_.getContext("2d");
    pen.fillStyle = getComputedStyle(this.over).getPropertyValue("--st-background-color");
    pen.fillRect(0, 0, width, height);
    for (const each of [this.canvas, this.over]) pen.drawImage(each, 0, 0);
    whole_.toBlob((picture) => save(picture, `${this.data.figure}.png`, "image/png"));
    this.redraw();
  }
}

function far([x, y], [u, v]) {
  return Math.hypot(x - u, y - v);
}
