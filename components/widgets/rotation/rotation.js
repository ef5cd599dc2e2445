/* Clocks of a real query and a real key: positions are dragged or played, every frame is real. */

import { drawClocks, makeClocks, sayPair, setClocks } from "./clocks.js";
import { drawControls, makeControls, setControls } from "./controls.js";
import { drawDistance, makeDistance, setDistance } from "./distance.js";
import { pictureOf, save } from "./picture.js";
import { element, say, signed } from "./shapes.js";
import { placed } from "./turning.js";

const SHELLS = new WeakMap();
const PER_SECOND = 6;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".rotation");
  if (!host || !data) return undefined;
  if (!SHELLS.has(host)) SHELLS.set(host, new Shell(host));
  const shell = SHELLS.get(host);
  shell.take(data, setStateValue);
  return () => shell.leave();
}

class Shell {
  constructor(host) {
    this.host = host;
    this.pair = 0;
    this.own = new Set();
    this.controls = makeControls({
      slide: (name, value, released) => this.slide(name, value, released),
      play: () => this.toggle(),
      home: () => this.go({ ...this.data.home }),
    });
    this.clocks = makeClocks((pair) => { this.pair = pair; this.redraw(); });
    this.words = element("p", { class: "pair" });
    this.distance = makeDistance();
    this.status = element("p", { class: "hidden", role: "status" });
    const picture = element("button", { type: "button", class: "picture", onclick: () => this.picture() }, "Picture (SVG)");
    host.append(this.controls.node, this.clocks.node, element("div", { class: "bar" }, this.words, picture), this.distance.node, this.status);
    this.sizes = new ResizeObserver(() => { this.width = 0; this.redraw(); });
  }

  /* New data from the server: other vectors, or positions that somebody else set. */
  take(data, send) {
    this.send = send;
    this.sizes.observe(this.host);
    const fresh = data.signature !== this.data?.signature;
    this.data = data;
    if (fresh) {
      this.pause();
      this.pair = Math.min(this.pair, data.rope.places.length - 1);
      setControls(this.controls, data);
      setClocks(this.clocks, data);
      this.width = 0;
      this.own.clear();
    }
    // The answer to an earlier release must not take back what was dragged since.
    if (fresh || !this.own.has(named(data.at))) this.at = { ...data.at };
    this.redraw(true);
  }

  picture() {
    const now = placed(this.data, this.at.query, this.at.key);
    save(pictureOf(this.data, this.at, now, this.clocks.most), "rotation.svg");
  }

  leave() {
    this.sizes.disconnect();
    this.pause();
  }

  go(at) {
    this.pause();
    this.at = at;
    this.redraw(true);
  }

  slide(name, value, released) {
    if (this.playing) this.pause();
    this.at = { ...this.at, [name]: value };
    this.redraw(released);
  }

  toggle() {
    if (this.playing) {
      this.pause();
      this.redraw(true);
      return;
    }
    const last = this.data.longest - 1, moving = this.moving();
    // At the end there is nowhere to go: begin again, the distance kept.
    if (Math.max(...moving.map((name) => this.at[name])) >= last) {
      const back = Math.min(...moving.map((name) => this.at[name]));
      for (const name of moving) this.at[name] -= back;
    }
    this.playing = true;
    this.before = null;
    this.redraw();
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.at = { query: Math.round(this.at.query), key: Math.round(this.at.key) };
  }

  moving() {
    return this.controls.move === "both" ? ["query", "key"] : [this.controls.move];
  }

  /* Move on by the time since the frame before; in whole positions where motion is not wanted. */
  advance(time) {
    this.before ??= time;
    const seconds = (time - this.before) / 1000;
    if (STILL.matches && seconds < 0.5) return;
    const step = STILL.matches ? 1 : seconds * PER_SECOND;
    this.before = time;
    const last = this.data.longest - 1, moving = this.moving();
    const room = last - Math.max(...moving.map((name) => this.at[name]));
    for (const name of moving) this.at[name] += Math.min(step, room);
    if (step < room) return;
    this.pause();
    this.released = true;
  }

  /* At most once per frame; after a release also tell the server. */
  redraw(released = false) {
    this.released ||= released;
    this.frame ??= requestAnimationFrame((time) => {
      this.frame = null;
      if (!this.host.isConnected) return;
      if (this.playing) this.advance(time);
      this.draw();
      if (this.playing) this.redraw();
    });
  }

  draw() {
    const { data, at } = this;
    if (!this.width) {
      this.width = this.distance.node.clientWidth;
      setDistance(this.distance, data, this.width);
    }
    const now = placed(data, at.query, at.key);
    drawControls(this.controls, at, now, Boolean(this.playing));
    drawClocks(this.clocks, now, this.pair);
    drawDistance(this.distance, at.query - at.key, now.score);
    sayPair(this.words, data, now, this.pair, at.query, at.key);
    if (!this.released) return;
    this.released = false;
    this.tell(now);
  }

  tell(now) {
    const name = this.data.signature + named(this.at);
    this.own.add(named(this.at));
    if (name === this.told) return;
    this.told = name;
    say(this.status, `Query at ${this.at.query}, key at ${this.at.key}: score ${signed(now.score, 4)}`);
    this.send("placed", {
      signature: this.data.signature, query_at: this.at.query, key_at: this.at.key,
      query: Array.from(now.query), key: Array.from(now.key), score: now.score,
    });
  }
}

function named(at) {
  return `${at.query},${at.key}`;
}
