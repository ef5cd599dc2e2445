/* The keyboard: arrow keys, Home and End walk over elements, of which Tab reaches one. */

export function reachable(all, place = 0) {
  all.forEach((each, i) => { each.tabIndex = i === place ? 0 : -1; });
}

/* Walk by a key from the element that has the focus; false for any other key (which a handler must
 * not return: that would cancel the key). */
export function walk(event, all) {
  const here = all.indexOf(event.target);
  const last = all.length - 1;
  if (here < 0) return false;
  const to = {
    ArrowRight: () => Math.min(here + 1, last), ArrowLeft: () => Math.max(here - 1, 0),
    ArrowDown: () => across(all, here, 1), ArrowUp: () => across(all, here, -1),
    Home: () => 0, End: () => last,
  }[event.key]?.();
  if (to === undefined) return false;
  all[here].tabIndex = -1;
  all[to].tabIndex = 0;
  all[to].focus();
  event.preventDefault();
  return true;
}

/* The nearest in the row below (step 1) or above (step -1), wherever rows break. */
function across(all, here, step) {
  const boxes = all.map((each) => each.getBoundingClientRect());
  const from = boxes[here];
  let best = here, least = Infinity;
  boxes.forEach((box, place) => {
    const down = (box.top - from.top) * step;
    if (down < 8) return;
    const far = 10 * down + Math.abs(box.left + box.width / 2 - from.left - from.width / 2);
    if (far < least) [best, least] = [place, far];
  });
  return best;
}

/* Draw anew, and leave the focus on the element that has the same `data-name` as before. */
export function keepingFocus(host, draw) {
  const name = host.getRootNode().activeElement?.dataset?.name;
  draw();
  if (name !== undefined) host.querySelector(`[data-name="${CSS.escape(name)}"]`)?.focus();
}
