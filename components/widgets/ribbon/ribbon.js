/* Tokens in rows, tinted, each a button; arrow keys walk along a row. */

function visible(text) {
  return text.replaceAll(" ", "·").replaceAll("\t", "⇥").replaceAll("\n", "↵")
    .replace(/[\u0000-\u001f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".ribbon");
  host.dataset.scale = data.scale;
  const focused = parentElement.activeElement?.dataset?.node;
  host.replaceChildren(...data.rows.map((row) => {
    const line = document.createElement("div");
    line.className = "row";
    line.setAttribute("role", "group");
    line.setAttribute("aria-label", row.label);
    if (row.label) {
      const label = document.createElement("span");
      label.className = "label";
      label.textContent = row.label;
      line.append(label);
    }
    for (const token of row.tokens) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = visible(token.text);
      button.title = token.title;
      button.dataset.node = token.node;
      button.setAttribute("aria-label", `${visible(token.text)}: ${token.title}`);
      button.setAttribute("aria-pressed", token.node === data.selected);
      button.style.setProperty("--level", `${Math.round(100 * token.level)}%`);
      if (token.mark) button.classList.add(token.mark);
      button.onclick = () => setTriggerValue("picked", token.node);
      button.onkeydown = (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const all = [...line.querySelectorAll("button")];
        all[all.indexOf(button) + step]?.focus();
        event.preventDefault();
      };
      line.append(button);
      if (token.text.includes("\n")) line.append(document.createElement("br"));
    }
    return line;
  }));
  if (focused) host.querySelector(`button[data-node="${focused}"]`)?.focus();
}
