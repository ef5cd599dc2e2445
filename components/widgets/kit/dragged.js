/* What is dragged in the browser: drawn at most once a frame, told to the server on release. */

import { element } from "./elements.js";

/* `moved(value, released)` is told of every move. */
export function slider(attributes, moved) {
  const input = element("input", { type: "range", ...attributes });
  input.oninput = () => moved(Number(input.value), false);
  input.onchange = () => moved(Number(input.value), true);
  return input;
}

/* Return what asks for a picture: `draw(time)` is called once before the next one is shown, if
 * `host` is on the page then. */
export function perFrame(host, draw) {
  let asked;
  return () => {
    asked ??= requestAnimationFrame((time) => {
      asked = null;
      if (host.isConnected) draw(time);
    });
  };
}

/* Return what tells of changes of size: `observe(element)`, `disconnect()`. */
export function sizesOf(told) {
  return new ResizeObserver(told);
}

/* A view of this kind has `draw(time)`, whose result `tell(result)` makes into what the server is
 * told, and `state()`, a text that stands for where the controls are. */
export class Dragged {
  constructor(host) {
    this.host = host;
    this.sizes = sizesOf(() => this.resized());
    this.ask = perFrame(host, (time) => {
      const result = this.draw(time);
      if (this.released) this.release(result);
    });
  }

  resized() {
    this.redraw();
  }

  leave() {
    this.sizes.disconnect();
  }

  /* Say whether a run brings what did not come from here: another `subject`, or a `state` that
   * somebody else set. `release` is the last one that the server has heard of: its answer to an
   * earlier one must not take back what was dragged since. */
  brings(subject, state, release, send) {
    this.send = send;
    this.sizes.observe(this.host);
    const fresh = subject !== this.subject;
    this.releases ??= release;
    if (!fresh && (release < this.releases || state === this.known)) return false;
    [this.subject, this.known] = [subject, state];
    return true;
  }

  redraw(released = false) {
    this.released ||= released;
    this.ask();
  }

  release(result) {
    this.released = false;
    const state = this.state();
    if (this.told === `${this.subject} ${state}`) return;
    this.told = `${this.subject} ${state}`;
    // What a run has just brought is told, but not counted: the page's next message is the same
    // then, and need not be sent again.
    if (state !== this.known) this.releases += 1;
    this.known = state;
    this.send("released", { release: this.releases, signature: this.subject, ...this.tell(result) });
  }
}
