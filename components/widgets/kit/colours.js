/* Colours: the page's, and what can be read on them. */

export function rgb(hex) {
  return [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
}

/* Whether an element stands on a dark page. */
export function isDark(host) {
  const probe = document.createElement("span");
  probe.style.color = "var(--st-background-color)";
  host.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

/* Ink for a ground such as "#9B84C9", whatever the page: by relative luminance (WCAG 2.2). */
export function inkOn(ground) {
  const [r, g, b] = rgb(ground).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#1D1D1B" : "#F3F1EC";
}
