/* Pieces over one line of places, as a table, so that screen readers can walk it. */

import { element } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { visible } from "../kit/text.js";

export default live((host) => ({
  take({ rows, places, label }) {
    host.classList.toggle("tight", places > 14);
    host.replaceChildren(element("table", { "aria-label": label },
      ...rows.map(([name, start, pieces, says]) => rung(name, start, pieces, says, places))));
  },
}));

function rung(name, start, pieces, says, places) {
  const row = element("tr", {}, element("th", { scope: "row" }, name));
  const gap = (width) => (width > 0 ? [element("td", { colspan: width })] : []);
  row.append(...gap(start));
  let place = start;
  pieces.forEach(([text, width, state, note], n) => {
    const half = state !== "next" ? "" : pieces[n - 1]?.[2] === "next" ? "right" : "left";
    row.append(element("td", { class: `piece ${half}`, colspan: width },
      element("span", { class: `chip ${state}` }, visible(text)),
      ...(note ? [element("span", { class: "note" }, note)] : [])));
    place += width;
  });
  row.append(...gap(places - place), element("td", { class: "says" }, says));
  return row;
}
