/* Elements of the page: made, and touched only where something changed. */

const SVG = "http://www.w3.org/2000/svg";

/* An attribute that begins with "on" is a function to call; undefined and false are left out. */
function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made[key] = value;
    else if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
