/* Clocks of a real query and a real key: positions are dragged or played, every frame is real. */

import { widthOf } from "../kit/chart.js";
import { Dragged } from "../kit/dragged.js";
import { element, say } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { signed } from "../kit/numbers.js";
import { save } from "../kit/saving.js";
import { drawClocks, makeClocks, sayPair, setClocks } from "./clocks.js";
import { drawControls, makeControls, setControls } from "./controls.js";
import { drawDistance, makeDistance, setDistance } from "./distance.js";
import { pictureOf } from "./picture.js";
import { placed } from "./turning.js";

const PER_SECOND = 6;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");

export default live((host) => new Rotation(host));

class Rotation extends Dragged {
  constructor(host) {
    super(host);
    this.pair = 0;
    this.controls = makeControls({
      slide: (name, value, released) => this.slide(name, value, released),
      play: () => this.toggle(),
      home: () => this.go({ ...this.data.home }),
    });
    this.clocks = makeClocks((pair) => { this.pair = pair; this.redraw(); });
    this.words = element("p", { class: "pair" });
    this.distance = makeDistance();
    this.status = element("p", { class: "hidden", role: "status" });
    const picture = element("button", { type: "button", class: "push", onclick: () => this.picture() }, "Picture (SVG)");
    host.append(this.controls.node, this.clocks.node, this.distance.node,
      element("div", { class: "bar told" }, this.words, picture), this.status);
  }

  take(data, tell) {
    const fresh = data.signature !== this.subject;
    this.data = data;
    if (fresh) {
      this.pause();
      this.pair = Math.min(this.pair, data.rope.places.length - 1);
      setControls(this.controls, data);
      setClocks(this.clocks, data);
      this.width = 0;
    }
    const brought = this.brings(data.signature, named(data.at), data.release, tell.state);
    if (brought) this.at = { ...data.at };
    this.redraw(brought);
  }

  state() {
    return named(this.at);
  }

  resized() {
    this.width = 0;
    this.redraw();
  }

  picture() {
    const now = placed(this.data, this.at.query, this.at.key);
    save(pictureOf(this.data, this.at, now, this.clocks.most), "rotation.svg", "image/svg+xml");
  }

  leave() {
    super.leave();
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

  draw(time) {
    if (this.playing) this.advance(time);
    const { data, at } = this;
    if (!this.width) {
      this.width = widthOf(this.distance.node);
      setDistance(this.distance, data, this.width);
    }
    const now = placed(data, at.query, at.key);
    drawControls(this.controls, at, now, Boolean(this.playing));
    drawClocks(this.clocks, now, this.pair);
    drawDistance(this.distance, at.query - at.key, now.score);
    sayPair(this.words, data, now, this.pair, at.query, at.key);
    if (this.playing) this.redraw();
    return now;
  }

  tell(now) {
    say(this.status, `Query at ${this.at.query}, key at ${this.at.key}: score ${signed(now.score, 4)}`);
    return {
      query_at: this.at.query, key_at: this.at.key,
      query: Array.from(now.query), key: Array.from(now.key), score: now.score,
    };
  }
}

function named(at) {
  return `${at.query},${at.key}`;
}
