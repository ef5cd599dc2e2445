/* Where points of a map lie on the screen. A view is its middle and the pixels of one unit. */

/* The view that shows all `points` (x, y, x, y, ...) on a screen, with a margin around. */
export function whole(points, width, height, margin = 18) {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]); right = Math.max(right, points[i]);
    bottom = Math.min(bottom, points[i + 1]); top = Math.max(top, points[i + 1]);
  }
  const across = Math.max(width - 2 * margin, 1) / Math.max(right - left, 1e-9);
  const along = Math.max(height - 2 * margin, 1) / Math.max(top - bottom, 1e-9);
  return { x: (left + right) / 2, y: (bottom + top) / 2, unit: Math.min(across, along), width, height };
}

/* The pixel at which a point lies, counted from the upper left corner. */
export function pixel(view, x, y) {
  return [(x - view.x) * view.unit + view.width / 2, view.height / 2 - (y - view.y) * view.unit];
}

export function moved(view, right, down) {
  return { ...view, x: view.x - right / view.unit, y: view.y + down / view.unit };
}

/* What lies under the pixel stays there. */
export function zoomed(view, factor, px, py) {
  const [right, down] = [px - view.width / 2, py - view.height / 2];
  const closer = { ...view, unit: view.unit * factor };
  const [x, y] = [view.x + right / view.unit, view.y - down / view.unit];
  return { ...closer, x: x - right / closer.unit, y: y + down / closer.unit };
}

/* The point nearest to a pixel, if it is within so many pixels of it, else -1. */
export function under(points, view, px, py, within) {
  const x = view.x + (px - view.width / 2) / view.unit;
  const y = view.y - (py - view.height / 2) / view.unit;
  let best = -1, least = (within / view.unit) ** 2;
  for (let i = 0; i < points.length; i += 2) {
    const far = (points[i] - x) ** 2 + (points[i + 1] - y) ** 2;
    if (far <= least) [best, least] = [i / 2, far];
  }
  return best;
}

/* Those of `boxes` (left, top, right, bottom) that can be written without covering one before. */
export function apart(boxes) {
  const kept = [];
  for (const [place, [left, top, right, bottom]] of boxes.entries()) {
    const free = kept.every((other) => {
      const [l, t, r, b] = boxes[other];
      return right < l || left > r || bottom < t || top > b;
    });
    if (free) kept.push(place);
  }
  return kept;
}
