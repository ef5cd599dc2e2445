/* Numbers and tokens as they are shown. */

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function grouped(count) {
  return GROUPED.format(count);
}

/* A share from 0 to 1 in percent, with three digits that count. */
export function percent(share) {
  const value = 100 * share;
  if (value === 0) return "0%";
  if (value < 0.1) return "< 0.1%";
  if (value >= 99.995) return "100%";
  return `${value >= 10 ? value.toFixed(1) : value.toFixed(2)}%`;
}

export function bits(entropy) {
  return `${entropy.toFixed(entropy < 9.995 ? 2 : 1)} bits`;
}

/* Show spaces, tabs, line breaks and control characters, which a label would swallow. */
export function visible(text) {
  return text.replaceAll(" ", "·").replaceAll("\t", "⇥").replaceAll("\n", "↵")
    .replace(/[\u0000-\u001f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)));
}

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made[key] = value;
    else if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/* Touch the page only where something changed. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
