/* The machine: one drawing of a whole forward pass, from one recording of the model. */

import { isDark } from "../kit/colours.js";
import { perFrame, sizesOf } from "../kit/dragged.js";
import { element, say } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { save } from "../kit/saving.js";
import { beforeOf, blockOf, overviewOf, pathOf } from "./data.js";
import { drawAll, drawAllNames, drawHover, drawStop } from "./drawing.js";
import { Glass } from "./glass.js";
import { hitAt } from "./hits.js";
import { inksOf } from "./inks.js";
import { asked, eventsOf, keyed } from "./keys.js";
import { partsFor } from "./parts.js";
import { CanvasPen, SvgPen } from "./pen.js";
import { sceneOf } from "./scene.js";
import { Stations } from "./stations.js";
import { legendWords, Toolbar } from "./toolbar.js";
import { TourCard } from "./tour.js";
import { wordsFor } from "./words.js";

export const machineView = (host) => new Machine(host);
const REST = 250, GROW = 700;
/* Pixels: of all rows, and of what stands above and below them. */
const LEAST_HIGH = 200, MOST_HIGH = 340, AROUND = 440;
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");

export default live(machineView);

class Machine {
  constructor(host) {
    this.host = host;
    const act = (change) => this.act(change);
    this.tools = new Toolbar(act);
    this.glass = new Glass(act);
    this.stations = new Stations(act);
    this.tour = new TourCard({ go: (stop) => act({ stop }), close: () => act({ stop: 0 }) });
    this.canvas = element("canvas", { class: "drawing" });
    this.over = element("canvas", { class: "over" });
    this.tip = element("div", { class: "tip", hidden: true });
    this.legend = element("p", { class: "legend" });
    this.status = element("div", { class: "hidden", "aria-live": "polite" });
    this.frame = element("div", { class: "picture", tabindex: 0, role: "application" },
      this.canvas, this.over, this.stations.node, this.tip);
    host.replaceChildren(this.tools.node, this.tour.node, this.frame, this.legend, this.glass.node, this.status);
    this.listen();
    this.sizes = sizesOf(() => { this.width = 0; this.redraw(); });
    this.sizes.observe(this.frame);
    this.redraw = perFrame(host, () => this.draw());
    this.rehover = perFrame(host, () => this.drawOver());
    [this.seen, this.inks, this.sent, this.hit] = [{}, {}, 0, null];
  }

  take(data, tell) {
    this.tell = tell;
    this.data = data;
    // What was chosen meanwhile is not taken back by the answer to something earlier.
    if (!this.sent || data.answered >= this.sent || !this.state) this.state = { ...data.state, group: this.state?.group };
    this.parts = partsFor(data.machine, () => this.redraw());
    this.frame.setAttribute("aria-label", data.label);
    this.dark = isDark(this.host);
    this.host.classList.toggle("door", Boolean(data.door));
    this.redraw();
  }

  leave() { this.sizes.disconnect(); }

  listen() {
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [((event.clientX - box.left) * this.width) / box.width, ((event.clientY - box.top) * this.width) / box.width];
    };
    this.frame.onpointermove = (event) => this.point(...at(event), event);
    this.frame.onpointerleave = () => { this.hit = null; this.tip.hidden = true; this.rehover(); };
    this.frame.onclick = (event) => {
      if (!this.scene || (event.target !== this.over && event.target !== this.canvas)) return;
      this.act(asked(hitAt(this.scene, ...at(event)), this.scene));
    };
    this.frame.onkeydown = (event) => {
      if (event.target !== this.frame && !this.stations.node.contains(event.target)) return;
      const change = this.scene && keyed(event, this.scene);
      if (!change) return;
      event.preventDefault();
      this.act(change);
    };
  }

  point(x, y, event) {
    if (!this.scene) return;
    this.hit = hitAt(this.scene, x, y);
    if (this.hit?.kind === "answer") this.tour.meet("answers");
    this.rest();
    const [title, ...lines] = this.hit ? wordsFor(this.hit, this.scene) : [];
    this.tip.hidden = !title;
    if (title) {
      this.tip.replaceChildren(element("strong", {}, title), ...lines.map((line) => element("div", {}, line)));
      const box = this.frame.getBoundingClientRect(), left = event.clientX - box.left;
      this.tip.style.left = left > box.width / 2 ? "" : `${left + 16}px`;
      this.tip.style.right = left > box.width / 2 ? `${box.width - left + 16}px` : "";
      this.tip.style.top = `${event.clientY - box.top + 12}px`;
    }
    this.frame.style.cursor = this.hit && asked(this.hit, this.scene) ? "pointer" : "default";
    this.rehover();
  }

  /* Once a number is open, those of the same token are opened by resting on them. */
  rest() {
    clearTimeout(this.resting);
    const { hit, scene } = this, state = scene.state;
    if (!state.station || hit?.kind !== "cell" || hit.row !== state.place - scene.river.first) return;
    const change = asked(hit, scene);
    if (!change?.station || (change.station === state.station && change.index === state.index)) return;
    this.resting = setTimeout(() => { if (this.hit === hit) this.act(change); }, REST);
  }

  /* What is asked for: shown at once as far as it can be, told to the server. */
  act(change) {
    if (!change || !this.scene) return;
    if (change.group !== undefined) { this.state = { ...this.state, ...change }; this.redraw(); return; }
    if (change === "svg" || change === "png") return void this.save(change);
    const { path, state } = this.scene;
    // What comes next is not known before the last one has been read.
    if (change === "write" && this.data.answered < this.sent) return;
    let next = change;
    if (change === "write") next = { written: [...state.written, path.top.ids[0]], token: null, station: "" };
    if (change === "back") next = { written: state.written.slice(0, -1), token: null, station: "" };
    if (change === "tour") next = { stop: state.stop ? 0 : 1 };
    for (const event of eventsOf(next, state)) this.tour.meet(event);
    this.state = { ...state, ...next };
    if (next.step === undefined || Object.keys(next).length > 1) this.waiting = true;
    // What was asked and is not answered yet is asked again: of two messages the first may be lost.
    this.asked = (this.data.answered ?? 0) < this.sent ? { ...this.asked, ...next } : next;
    this.sent = Math.max(this.sent, this.data.answered ?? 0) + 1;
    this.tell.event("asked", { number: this.sent, look: this.asked });
    this.redraw();
  }

  /* A part, decoded when it is another than before. */
  part(name, decode) {
    const sent = this.parts[name];
    if (this.seen[name]?.sent !== sent) this.seen[name] = { sent, value: sent && decode(sent) };
    return this.seen[name]?.value;
  }

  sceneAt(width) {
    const same = (sent) => sent;
    const scene = sceneOf({
      overview: this.part("overview", overviewOf), path: this.part("path", pathOf),
      block: this.part("block", blockOf), cell: this.part("cell", same),
      before: this.part("before", beforeOf), kept: this.part("kept", same),
    }, { state: this.state, width, most: this.most(), writes: this.data.writes, tours: this.data.tours });
    return scene && { ...scene, inks: this.inksNow(), waiting: this.waiting };
  }

  inksNow() {
    this.inks[this.dark] ??= inksOf(this.dark);
    const ground = getComputedStyle(this.host).getPropertyValue("--st-background-color").trim();
    return { ...this.inks[this.dark], ground: ground || this.inks[this.dark].ground };
  }

  /* How high all rows may be, so that a whole drawing fits on a low screen. */
  most() {
    return Math.max(LEAST_HIGH, Math.min(MOST_HIGH, window.innerHeight / this.scale - AROUND));
  }

  draw() {
    // On a projector the page's type is larger, and so is the drawing, by a part of that.
    this.scale = 1 + 0.6 * (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 - 1);
    this.width ||= this.frame.clientWidth / this.scale;
    const scene = this.sceneAt(this.width);
    if (!scene) return;
    this.waiting = this.data.answered < this.sent;
    this.scene = scene;
    const { place } = scene, ratio = this.ratio();
    for (const canvas of [this.canvas, this.over]) {
      if (canvas.width !== Math.round(place.width * ratio) || canvas.height !== Math.round(place.height * ratio)) {
        canvas.width = Math.round(place.width * ratio);
        canvas.height = Math.round(place.height * ratio);
      }
      canvas.style.height = `${place.height * this.scale}px`;
    }
    const pen = new CanvasPen(this.canvas.getContext("2d"), ratio);
    pen.clear(place.width, place.height);
    drawAll(pen, scene);
    this.drawGrowing(pen, scene);
    this.tools.show(scene);
    this.glass.show(scene);
    if (scene.state.station && scene.state.station !== this.opened) this.glass.node.scrollIntoView({ block: "nearest" });
    this.opened = scene.state.station;
    this.stations.show(scene, this.scale);
    const tour = this.part("tour", (sent) => sent);
    this.tour.node.hidden = !scene.state.stop || !tour;
    if (tour) this.tour.show(tour.stops, scene.state.stop || 1);
    say(this.legend, legendWords(scene, scene.river));
    say(this.status, this.spoken(scene));
    this.drawOver();
  }

  /* The row of a token that was just written grows from left to right; all others stand. */
  drawGrowing(pen, { place, number, river, kept, inks }) {
    const row = kept?.rows.lastIndexOf(0) ?? -1, at = place.rivers[number];
    const name = kept && `${river.total} ${river.ids.at(-1)}`;
    if (name !== this.grown) this.begun = kept && this.grown !== undefined ? performance.now() : 0;
    this.grown = name ?? null;
    const share = (performance.now() - this.begun) / GROW;
    if (!kept || STILL.matches || share >= 1 || !at.rows[row]) return;
    const { y, h } = at.rows[row], x = at.left + share * (at.right - at.left);
    pen.rect(x, y, place.width - x, h, inks.ground);
    this.redraw();
  }

  ratio() { return (window.devicePixelRatio || 1) * this.scale; }

  drawOver() {
    if (!this.scene) return;
    const pen = new CanvasPen(this.over.getContext("2d"), this.ratio());
    pen.clear(this.scene.place.width, this.scene.place.height);
    drawHover(pen, this.scene, this.hit);
    const stop = this.scene.state.stop && this.part("tour", (sent) => sent)?.stops[this.scene.state.stop - 1];
    if (stop) drawStop(pen, this.scene, stop.station);
  }

  spoken({ state, river, path, block }) {
    const token = river.shown[state.place - river.first] ?? "";
    const best = path?.top ? `; ${path.top.asked} ${path.top.texts[0]} ${Math.round(100 * path.top.shares[0])}%` : "";
    return `Token ${state.place} “${token}”${best}${block ? `; layer ${block.layer}, head ${block.head} open` : ""}`;
  }

  save(kind) {
    const { place, inks } = this.scene, svg = kind === "svg";
    const canvas = svg ? null : element("canvas", { width: 2 * place.width, height: 2 * place.height });
    const pen = svg ? new SvgPen(place.width, place.height, inks.ground) : new CanvasPen(canvas.getContext("2d"), 2);
    pen.clear(place.width, place.height);
    if (!svg) pen.rect(0, 0, place.width, place.height, inks.ground);
    drawAll(pen, this.scene);
    drawAllNames(pen, this.scene);
    if (svg) save(pen.written(), "forward-pass.svg", "image/svg+xml");
    else canvas.toBlob((blob) => save(blob, "forward-pass.png", "image/png"));
  }
}
