/* The bars: a table of tokens, each with its share before and after. */

import { element, say } from "../kit/elements.js";
import { grouped, percent } from "../kit/numbers.js";
import { nameOf } from "./names.js";

const ROWS = 9, FEW = 6;
const PHONE = 480; // Pixels: the sliders need room below the bars.
const SCALES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1];

export function makeRows() {
  const body = element("tbody");
  const rows = Array.from({ length: ROWS }, () => {
    const row = {
      node: element("tr"), rank: element("td", { class: "rank" }),
      token: element("th", { scope: "row" }),
      before: element("i", { class: "before" }), after: element("i", { class: "after" }),
      logit: element("td", { class: "number logit" }),
      was: element("td", { class: "number was" }), is: element("td", { class: "number" }),
    };
    row.node.append(row.rank, row.token, row.logit,
      element("td", { class: "bars" }, row.before, row.after), row.was, row.is);
    body.append(row.node);
    return row;
  });
  const others = {
    token: element("th", { scope: "row" }),
    was: element("td", { class: "number was" }), is: element("td", { class: "number" }),
  };
  const scale = Array.from({ length: 5 }, (_, i) => element("span", { style: `left: ${25 * i}%` }));
  const axis = element("div", { class: "axis", "aria-hidden": "true" }, ...scale);
  const table = element("table", { class: "rows" },
    element("caption", { class: "hidden" }, "The likeliest tokens before and after the settings"),
    element("thead", {}, element("tr", {},
      element("th", { scope: "col" }, "#"), element("th", { scope: "col" }, "token"),
      element("th", { scope: "col", class: "number logit" }, "logit"),
      element("th", { scope: "col", class: "bars" }, axis),
      element("th", { scope: "col", class: "number was" }, "before"),
      element("th", { scope: "col", class: "number" }, "after"))),
    body,
    element("tfoot", {}, element("tr", {}, element("td", { class: "rank" }), others.token,
      element("td", { class: "logit" }), element("td"), others.was, others.is)));
  return { table, rows, others, scale };
}

/* The ranks to show: the likeliest, and where what is left begins far below (typical-p), a few
 * of those and then it. */
export function shownRanks(size, low, most = ROWS) {
  const count = Math.min(most, size);
  const top = low < most / 2 ? count : Math.min(Math.floor(most / 2), count);
  const ranks = Array.from({ length: top }, (_, r) => r);
  for (let r = low; ranks.length < count && r < size; r++) if (r >= top) ranks.push(r);
  return ranks;
}

export function drawRows(view, prepared, result, texts, drawn, width) {
  const ranks = shownRanks(prepared.size, result.low, width < PHONE ? FEW : ROWS);
  let was = 0, is = 0, most = 0;
  const shown = ranks.map((r) => {
    const id = result.order[r];
    const entry = { r, id, before: prepared.before.shares[id], after: result.share(r) };
    was += entry.before;
    is += entry.after;
    most = Math.max(most, entry.before, entry.after);
    return entry;
  });
  const full = SCALES.find((limit) => most <= limit + 1e-9) ?? 1;
  view.scale.forEach((tick, i) => say(tick, percentTick((full * i) / (view.scale.length - 1))));
  view.rows.forEach((row, i) => {
    row.node.hidden = i >= shown.length;
    if (i >= shown.length) return;
    const { r, id, before, after } = shown[i];
    const left = r >= result.low && r < result.high;
    const below = i > 0 && r > shown[i - 1].r + 1;
    row.node.className = `${left ? "" : "gone"} ${below ? "gap" : ""} ${r === drawn ? "drawn" : ""}`;
    say(row.rank, grouped(r + 1));
    say(row.token, nameOf(texts, id));
    say(row.logit, prepared.logits[id].toFixed(2).replace("-", "−"));
    row.node.title = `token ${id}`;
    row.before.style.transform = `scaleX(${before / full})`;
    row.after.style.transform = `scaleX(${after / full})`;
    say(row.was, percent(before));
    say(row.is, left ? percent(after) : "removed");
  });
  const more = prepared.size > shown.length;
  say(view.others.token, more
    ? `all ${grouped(prepared.size - shown.length)} other tokens` : "no other token");
  say(view.others.was, !more ? "" : percent(Math.max(0, 1 - was) < 1e-6 ? 0 : 1 - was));
  say(view.others.is, !more ? "" : percent(Math.max(0, 1 - is) < 1e-6 ? 0 : 1 - is));
}

function percentTick(share) {
  return `${Number((100 * share).toFixed(2))}%`;
}
