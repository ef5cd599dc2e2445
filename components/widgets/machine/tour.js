/* The tour: a card that says one thing, asks for one key, and puts one question.
 *
 * It moves nothing itself: whoever draws the machine tells it what the reader did (`meet`), and is
 * told where to go next. Nothing in it holds a reader up. */

import { element, say } from "../kit/elements.js";
import { reachable, walk } from "../kit/walking.js";

export class TourCard {
  /* `go(number)` asks for another stop, from 1; `close()` ends the tour; `met(number)`, if given,
   * is told of each stop that was just done. */
  constructor({ go, close, met = () => {} }) {
    Object.assign(this, { go, close, met, stops: [], number: 0, done: new Set(), given: new Map(), key: "" });
    const button = (text, onclick, more = {}) => element("button", { type: "button", class: "push", onclick, ...more }, text);
    this.title = element("h3", { class: "tour-title", "aria-live": "polite" });
    this.text = element("p", { class: "tour-text" });
    this.sign = element("span", { class: "tour-sign", role: "img" });
    this.task = element("span", {});
    this.doing = element("p", { class: "tour-do", "aria-live": "polite" }, this.sign, this.task);
    this.asks = element("p", { class: "tour-asks", id: "tour-asks" });
    this.answers = element("div", { class: "tour-answers", role: "group", "aria-labelledby": "tour-asks" });
    this.verdict = element("p", { class: "tour-verdict", "aria-live": "polite" });
    this.dots = element("div", { class: "tour-dots", role: "group", "aria-label": "Stops of the tour",
      onkeydown: (event) => { if (walk(event, this.places)) event.stopPropagation(); } });
    this.back = button("Back", () => this.step(-1));
    this.next = button("Next", () => this.step(1));
    const shut = button("×", () => this.close(), { class: "push tour-close", "aria-label": "End the tour" });
    this.node = element("section", { class: "tour", role: "region", "aria-label": "Tour",
      // Enter and Space press the buttons of the card; elsewhere they are keys of the drawing.
      onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") event.stopPropagation(); } },
    element("div", { class: "tour-head" }, this.title, shut),
    element("div", { "aria-live": "polite" }, this.text),
    this.doing, this.asks, this.answers, this.verdict,
    element("div", { class: "tour-foot" }, this.back, this.dots, this.next));
  }

  /* Show stop `asked` (from 1) of `stops`; `done` are the numbers of those that were done before. What was
   * answered is kept as long as the questions stay. */
  show(stops, asked, done = []) {
    if (!stops.length) return;
    const number = Math.min(Math.max(asked, 1), stops.length);
    const key = JSON.stringify(stops.map((stop) => [stop.asks, stop.answers, stop.right]));
    if (key !== this.key) this.given.clear();
    const moved = key !== this.key || number !== this.number;
    const lost = moved && this.answers.contains(this.node.getRootNode().activeElement);
    Object.assign(this, { stops, number, key, done: new Set([...this.done, ...done]) });
    // Where nothing can be done, it is enough to read.
    if (!this.stop.done && !this.done.has(number)) this.finish();
    if (moved) {
      this.node.setAttribute("aria-label", `Tour, stop ${number} of ${stops.length}`);
      say(this.title, `${number} of ${stops.length} · ${this.stop.name}`);
      say(this.text, this.stop.text);
      say(this.asks, this.stop.asks);
      this.buttons = this.stop.answers.map((answer) => element("button", { type: "button", class: "push tour-answer",
        onclick: () => this.answer(answer) }, element("span", { class: "tour-mark", "aria-hidden": "true" }),
      element("span", {}, answer)));
      this.answers.replaceChildren(...this.buttons);
    }
    this.redraw();
    if (lost) this.next.focus();
  }

  get stop() { return this.stops[this.number - 1]; }

  /* The reader did something: true if this stop had waited for it. A card that is put away does not
   * wait. */
  meet(event) {
    if (this.node.hidden || !this.stop || this.stop.done !== event || this.done.has(this.number)) return false;
    this.finish();
    this.redraw();
    return true;
  }

  finish() {
    this.done.add(this.number);
    this.met(this.number);
  }

  answer(answer) {
    this.given.set(this.number, answer);
    // Bars can be pointed at; who has no pointer looks at them to answer.
    for (const event of ["question", "answers"]) this.meet(event);
    this.redraw();
  }

  /* To the stop before or after this one; after the last one the tour ends. */
  step(by) {
    const to = this.number + by;
    if (to > this.stops.length) this.close();
    else if (to >= 1) this.go(to);
  }

  redraw() {
    const { stop, number } = this, met = this.done.has(number), given = this.given.get(number);
    this.doing.hidden = !stop.do;
    this.doing.setAttribute("class", met ? "tour-do met" : "tour-do");
    this.sign.setAttribute("aria-label", met ? "done:" : "to do:");
    say(this.sign, met ? "✓" : "○");
    say(this.task, stop.do);
    this.asks.hidden = this.answers.hidden = !stop.asks;
    this.buttons.forEach((button, i) => {
      const answer = stop.answers[i], chosen = answer === given;
      const right = given !== undefined && answer === stop.right;
      button.setAttribute("aria-pressed", String(chosen));
      button.setAttribute("class", `push tour-answer${right ? " right" : chosen ? " wrong" : ""}`);
      say(button.firstChild, right ? "✓ " : chosen ? "✗ " : "");
    });
    say(this.verdict, verdictOf(stop, given));
    // Not `disabled`, which would take the focus away from whoever pressed it.
    this.back.setAttribute("aria-disabled", String(number === 1));
    say(this.next, number === this.stops.length ? "Finish" : "Next");
    this.redrawDots();
  }

  redrawDots() {
    if (this.places?.length !== this.stops.length) {
      this.places = this.stops.map((_, i) => element("button", { type: "button", onclick: () => this.go(i + 1) }));
      this.dots.replaceChildren(...this.places);
    }
    this.places.forEach((dot, i) => {
      const here = i + 1 === this.number, met = this.done.has(i + 1);
      dot.setAttribute("class", `tour-dot${met ? " met" : ""}${here ? " here" : ""}`);
      dot.setAttribute("aria-label", `Stop ${i + 1}, ${this.stops[i].name}${met ? ", done" : ""}`);
      if (here) dot.setAttribute("aria-current", "step");
      else dot.removeAttribute("aria-current");
    });
    reachable(this.places, this.number - 1);
  }
}

/* What is said of an answer; where nothing is asked, why. */
function verdictOf(stop, given) {
  if (!stop.asks) return stop.because;
  if (given === undefined) return "";
  return given === stop.right ? `Right. ${stop.because}` : `Not so: ${stop.right}. ${stop.because}`;
}
