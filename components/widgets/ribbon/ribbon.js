/* Tokens in rows, tinted, each a button; arrow keys walk over them. */

import { element } from "../kit/elements.js";
import { live } from "../kit/live.js";
import { visible } from "../kit/text.js";
import { keepingFocus, reachable, walk } from "../kit/walking.js";

export default live((host) => ({
  take({ rows, selected, scale }, tell) {
    host.dataset.scale = scale;
    const bead = ({ node, text, level, title, mark }) => element("button", {
      type: "button", class: mark || undefined, "data-name": node, title,
      style: `--level: ${Math.round(100 * level)}%`,
      "aria-label": `${visible(text)}: ${title}`, "aria-pressed": String(node === selected),
      onclick: () => tell.event("picked", node),
    }, visible(text));
    const line = ({ label, tokens }) => element("div", { class: "row", role: "group", "aria-label": label },
      ...(label ? [element("span", { class: "label" }, label)] : []),
      ...tokens.flatMap((token) =>
        token.text.includes("\n") ? [bead(token), element("br")] : [bead(token)]));
    keepingFocus(host, () => host.replaceChildren(...rows.map(line)));
    const beads = [...host.querySelectorAll("button")];
    reachable(beads, Math.max(0, beads.findIndex((each) => each.dataset.name === String(selected))));
    host.onkeydown = (event) => { walk(event, beads); };
  },
}));
