/* Numbers as they are written for eyes. */

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function grouped(count) {
  return GROUPED.format(count);
}

/* A share from 0 to 1 in percent, with three digits that count: as `components/figures/numbers.py`. */
export function percent(share) {
  if (share === 0 || share === 1) return `${100 * share}%`;
  if (share > 0.9995) return "> 99.9%";
  if (share < 0.001) return "< 0.1%";
  return `${(100 * share).toFixed(share >= 0.0995 ? 1 : 2)}%`;
}

export function bits(entropy) {
  return `${entropy.toFixed(entropy < 9.995 ? 2 : 1)} bits`;
}

export function signed(value, digits = 3) {
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 && Number(text) !== 0 ? "−" : "+"}${text}`;
}

/* A number of positions: three digits that count, thousands grouped. */
export function positions(value) {
  if (!Number.isFinite(value)) return "never";
  return value >= 99.95 ? grouped(value) : value.toFixed(value >= 9.995 ? 1 : 2);
}
