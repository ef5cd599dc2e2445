/* The shares that the levels of thumbnails stand for. */

/* What a level says: a share to about half a percent, "" where nothing can be seen. */
export function shareOf(level, log) {
  if (level === 255) return "";
  const share = log ? 10 ** (4 * (level / 254 - 1)) : level / 254;
  if (log && level === 0) return "0.01% or less";
  return share < 0.01 && log ? `≈ ${(100 * share).toPrecision(1)}%` : `≈ ${Math.round(100 * share)}%`;
}
