/* Text as it is written where a label would swallow signs, or read them as markup. */

const SIGNS = { " ": "·", "\t": "⇥", "\n": "↵", "\u007f": "␡" };

/* The sign that stands for a space, a line break, a control character; undefined for all others. */
export function signOf(char) {
  if (char > " " && char !== "\u007f") return undefined;
  return SIGNS[char] ?? String.fromCharCode(0x2400 + char.charCodeAt(0));
}

export function visible(text) {
  return text.replace(/[\u0000-\u0020\u007f]/g, signOf);
}

/* Text for a file of SVG; what XML cannot say at all, such as control characters, is a �. */
export function escaped(text) {
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
