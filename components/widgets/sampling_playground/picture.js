/* The bars as a stand-alone SVG, to be saved. */

import { percent } from "../kit/numbers.js";
import { escaped } from "../kit/text.js";
import { nameOf } from "./names.js";
import { shownRanks } from "./rows.js";

const ROW = 20;
const BARS = { left: 170, width: 420 };

export function pictureOf(prepared, result, texts, title) {
  const ranks = shownRanks(prepared.size, result.low);
  const entries = ranks.map((r) => ({
    name: nameOf(texts, result.order[r]),
    was: prepared.before.shares[result.order[r]], is: result.share(r),
  }));
  const most = Math.max(...entries.flatMap(({ was, is }) => [was, is]));
  const long = (share) => ((BARS.width * share) / most).toFixed(2);
  const rows = entries.map(({ name, was, is }, i) => {
    const y = 40 + ROW * i;
    return `<text x="${BARS.left - 8}" y="${y + 14}" text-anchor="end" font-family="monospace">${
      escaped(name)}</text>`
      + `<rect x="${BARS.left}" y="${y + 1}" width="${long(was)}" height="18" fill="#8A8A86" opacity="0.4"/>`
      + `<rect x="${BARS.left}" y="${y + 4}" width="${long(is)}" height="12" fill="#0F8B8D"/>`
      + `<text x="${BARS.left + BARS.width + 70}" y="${y + 14}" text-anchor="end">${
        is ? percent(is) : "removed"}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="680" height="${60 + ROW * rows.length}" `
    + `font-family="sans-serif" font-size="13" fill="#1D1D1B"><rect width="100%" height="100%" `
    + `fill="#FFFFFF"/><text x="12" y="24">${escaped(title)}</text>${rows.join("")}</svg>`;
}
