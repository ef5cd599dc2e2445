/* The life of a component: a view is made once for its place on the page, and told of each run. */

import { isDark } from "./colours.js";

/* `make(host)` returns the view: `take(data, tell)`, and `leave()` where there is something to end.
 * `tell.state(name, value)` is kept by the server, `tell.event(name, value)` is over after a run. */
export function live(make) {
  const views = new WeakMap();
  return ({ data, parentElement, setStateValue, setTriggerValue }) => {
    const host = parentElement.querySelector(".live");
    if (!host || !data) return undefined;
    host.classList.toggle("dark", isDark(host));
    if (!views.has(host)) views.set(host, make(host));
    const view = views.get(host);
    view.take(data, { state: setStateValue, event: setTriggerValue });
    return () => view.leave?.();
  };
}
