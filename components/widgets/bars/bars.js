/* Probabilities as bars on one scale, from 0 to 100 %. */

import { element } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { percent } from "../kit/numbers.js";
import { visible } from "../kit/text.js";

export default live((host) => ({
  take({ rows, says }) {
    const row = ({ label, share }) => element("li", { title: `${(100 * share).toFixed(4)}%` },
      element("span", { class: "label" }, visible(label) || "∅"),
      element("span", { class: "track" },
        element("span", { class: "bar", style: `--share: ${share}` }),
        element("span", { class: "share" }, percent(share))));
    host.replaceChildren(element("ol", { "aria-label": says }, ...rows.map(row)));
  },
}));
