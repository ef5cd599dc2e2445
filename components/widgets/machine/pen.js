/* Two pens with the same strokes: one draws on a canvas, the other writes an SVG file. */

import { escaped } from "../kit/text.js";

const FONT = "'Source Sans', 'Source Sans Pro', sans-serif", MONO = "'Source Code Pro', monospace";

export class CanvasPen {
  constructor(context, ratio) {
    this.context = context;
    this.ratio = ratio;
  }

  clear(width, height) {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
  }

  rect(x, y, w, h, fill, { alpha = 1, stroke, width = 1, radius = 0, dash = [] } = {}) {
    const c = this.context;
    c.globalAlpha = alpha;
    c.beginPath();
    if (radius) c.roundRect(x, y, w, h, radius);
    else c.rect(x, y, w, h);
    if (fill) { c.fillStyle = fill; c.fill(); }
    if (stroke) { c.setLineDash(dash); c.strokeStyle = stroke; c.lineWidth = width; c.stroke(); }
    c.globalAlpha = 1;
  }

  /* A closed shape through points [x, y]. */
  area(points, fill, alpha = 1) {
    const c = this.context;
    c.globalAlpha = alpha;
    c.fillStyle = fill;
    c.beginPath();
    points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.closePath();
    c.fill();
    c.globalAlpha = 1;
  }

  line(points, stroke, width = 1, { alpha = 1, dash = [] } = {}) {
    const c = this.context;
    c.globalAlpha = alpha;
    c.strokeStyle = stroke;
    c.lineWidth = width;
    c.setLineDash(dash);
    c.beginPath();
    points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.stroke();
    c.globalAlpha = 1;
  }

  /* From `a` by the two control points to `d`, each [x, y]. */
  curve([a, b, e, d], stroke, width, { alpha = 1, dash = [], to } = {}) {
    const c = this.context;
    c.globalAlpha = alpha;
    if (to) {
      const hue = c.createLinearGradient(a[0], a[1], d[0], d[1]);
      hue.addColorStop(0, stroke);
      hue.addColorStop(1, to);
      c.strokeStyle = hue;
    } else c.strokeStyle = stroke;
    c.lineWidth = width;
    c.setLineDash(dash);
    c.beginPath();
    c.moveTo(...a);
    c.bezierCurveTo(...b, ...e, ...d);
    c.stroke();
    c.globalAlpha = 1;
  }

  text(x, y, words, { size = 13, fill, anchor = "start", mono = false, bold = false, alpha = 1, most, turn = 0 } = {}) {
    const c = this.context;
    c.save();
    c.translate(x, y);
    c.rotate((turn * Math.PI) / 180);
    c.globalAlpha = alpha;
    c.font = `${bold ? "600 " : ""}${size}px ${mono ? MONO : FONT}`;
    c.textAlign = anchor === "middle" ? "center" : anchor;
    c.textBaseline = "middle";
    c.fillStyle = fill;
    c.fillText(most ? shortened(words, most, (one) => c.measureText(one).width) : words, 0, 0);
    c.restore();
  }

  image(x, y, w, h, made) {
    this.context.imageSmoothingEnabled = w * this.ratio < made.width;
    this.context.drawImage(made, x, y, w, h);
  }

  circle(x, y, radius, fill, { stroke, width = 1, alpha = 1 } = {}) {
    const c = this.context;
    c.globalAlpha = alpha;
    c.beginPath();
    c.arc(x, y, radius, 0, 2 * Math.PI);
    if (fill) { c.fillStyle = fill; c.fill(); }
    if (stroke) { c.setLineDash([]); c.strokeStyle = stroke; c.lineWidth = width; c.stroke(); }
    c.globalAlpha = 1;
  }
}

export function shortened(words, most, measure) {
  if (measure(words) <= most) return words;
  const signs = [...words];
  let low = 0, high = signs.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${signs.slice(0, middle).join("")}…`) <= most) low = middle;
    else high = middle - 1;
  }
  return low ? `${signs.slice(0, low).join("")}…` : "";
}

const at = (value) => Math.round(value * 100) / 100;

export class SvgPen {
  constructor(width, height, ground) {
    this.size = [width, height];
    this.parts = [`<rect width="100%" height="100%" fill="${ground}"/>`];
  }

  clear() {}

  rect(x, y, w, h, fill, { alpha = 1, stroke, width = 1, radius = 0, dash = [] } = {}) {
    this.parts.push(`<rect x="${at(x)}" y="${at(y)}" width="${at(Math.max(0, w))}" `
      + `height="${at(Math.max(0, h))}" rx="${radius}" fill="${fill || "none"}" opacity="${alpha}"`
      + `${outline(stroke, width, dash)}/>`);
  }

  area(points, fill, alpha = 1) {
    this.parts.push(`<polygon points="${listed(points)}" fill="${fill}" opacity="${alpha}"/>`);
  }

  line(points, stroke, width = 1, { alpha = 1, dash = [] } = {}) {
    this.parts.push(`<polyline points="${listed(points)}" fill="none" opacity="${alpha}"`
      + `${outline(stroke, width, dash)}/>`);
  }

  curve([a, b, e, d], stroke, width, { alpha = 1, dash = [] } = {}) {
    this.parts.push(`<path d="M${listed([a])}C${listed([b, e, d])}" fill="none" opacity="${alpha}"`
      + `${outline(stroke, width, dash)}/>`);
  }

  text(x, y, words, { size = 13, fill, anchor = "start", mono = false, bold = false, alpha = 1, most, turn = 0 } = {}) {
    const shown = most ? shortened(words, most, (one) => 0.55 * size * [...one].length) : words;
    const turned = turn ? ` transform="rotate(${turn} ${at(x)} ${at(y)})"` : "";
    this.parts.push(`<text x="${at(x)}" y="${at(y)}"${turned} font-size="${size}" fill="${fill}" `
      + `text-anchor="${anchor}" dominant-baseline="central" opacity="${alpha}" xml:space="preserve" `
      + `font-family="${mono ? MONO : FONT}"${bold ? ' font-weight="600"' : ""}>${escaped(shown)}</text>`);
  }

  image(x, y, w, h, made) {
    this.parts.push(`<image x="${at(x)}" y="${at(y)}" width="${at(w)}" height="${at(h)}" `
      + `preserveAspectRatio="none" image-rendering="pixelated" href="${made.toDataURL()}"/>`);
  }

  circle(x, y, radius, fill, { stroke, width = 1, alpha = 1 } = {}) {
    this.parts.push(`<circle cx="${at(x)}" cy="${at(y)}" r="${at(radius)}" fill="${fill || "none"}" `
      + `opacity="${alpha}"${outline(stroke, width, [])}/>`);
  }

  written() {
    const [width, height] = this.size;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" `
      + `viewBox="0 0 ${width} ${height}">${this.parts.join("")}</svg>`;
  }
}

function outline(stroke, width, dash) {
  return stroke ? ` stroke="${stroke}" stroke-width="${at(width)}"`
    + `${dash.length ? ` stroke-dasharray="${dash}"` : ""}` : "";
}

function listed(points) {
  return points.map(([x, y]) => `${at(x)},${at(y)}`).join(" ");
}
