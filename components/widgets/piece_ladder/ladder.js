// Pieces over one line of places, as a table, so that screen readers can walk it.

export default function ({ data, parentElement }) {
  let root = parentElement.querySelector(".ladder");
  if (!root) {
    root = document.createElement("div");
    root.className = "ladder";
    parentElement.append(root);
  }
  const probe = document.createElement("span");
  probe.style.color = "var(--st-background-color)";
  root.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  root.classList.toggle("dark", 0.299 * r + 0.587 * g + 0.114 * b < 128);

  root.classList.toggle("tight", data.places > 14);
  const table = make("table");
  table.setAttribute("aria-label", data.label);
  for (const [name, start, pieces, says] of JSON.parse(data.rows)) {
    const row = make("tr");
    const head = make("th", "", name);
    head.scope = "row";
    row.append(head);
    let place = start;
    if (start) row.append(span(make("td"), start));
    pieces.forEach(([text, width, state, note], n) => {
      const cell = span(make("td", "piece"), width);
      if (state === "next") cell.classList.add(pieces[n - 1]?.[2] === "next" ? "right" : "left");
      cell.append(make("span", `chip ${state}`, visible(text)));
      if (note) cell.append(make("span", "note", note));
      row.append(cell);
      place += width;
    });
    if (place < data.places) row.append(span(make("td"), data.places - place));
    row.append(make("td", "says", says));
    table.append(row);
  }
  root.replaceChildren(table);
  return () => root.remove();
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function span(cell, width) {
  cell.colSpan = width;
  return cell;
}

function visible(text) {
  return text.replace(/ /g, "·").replace(/\n/g, "↵").replace(/\t/g, "⇥");
}
