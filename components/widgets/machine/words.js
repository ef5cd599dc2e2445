/* What is said of the thing under the pointer: a name, and a few words with its numbers. */

import { grouped, percent, signed } from "../kit/numbers.js";

export function short(value) {
  if (!Number.isFinite(value)) return value < 0 ? "−∞" : "none";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(2).replaceAll("-", "−");
  return value.toFixed(size >= 100 ? 1 : size >= 1 ? 3 : 4).replace("-", "−");
}

/* [title, line, ...] for what `hitAt` has found. */
export function wordsFor(hit, scene) {
  const { overview, path, block } = scene;
  const river = overview.rivers.find((one) => one.name === hit.river) ?? overview.rivers.at(-1);
  const token = (row) => `“${river.shown[row]}”`;
  const norm = (values, layer, row) => (values ? short(values[layer * river.rows + row]) : null);
  switch (hit.kind) {
    case "token": return [`${token(hit.row)}, token ${hit.row + river.first}`, `id ${river.ids[hit.row]}`, "click: follow this token"];
    case "lookup": return [`look-up of ${token(hit.row)}`, `row ${river.ids[hit.row]} of the table, ${grouped(river.width)} numbers`,
      "click: open one"];
    case "whole": return [`token ${hit.token} of ${grouped(river.total)}`, "darker: a longer vector, half way through", "click: go there"];
    case "end": return [`${token(hit.row)} leaves the last block`,
      ...(river.norms ? [`norm ${norm(river.norms, river.layers, hit.row)}`] : [])];
    case "answer": {
      const top = path.top;
      return [`${top.texts[hit.index]}: ${percent(top.shares[hit.index])}`,
        `logit ${short(top.logits[hit.index] ?? -Infinity)}, id ${top.ids[hit.index]}`,
        ...(top.asked === "class" ? [] : ["click: open this number"])];
    }
    case "layer": return scene.state.open === hit.layer ? [] : [`layer ${hit.layer}`, "click: open this block"];
    case "head": case "cross": return [
      `${hit.kind === "cross" ? "cross-attention, " : ""}layer ${hit.layer}, head ${hit.head}`,
      ...headWords(river, path, hit), "click: open it"];
    case "headWrite": return [`head ${hit.head} writes with norm ${short(block.headWrites[hit.head])}`,
      ...(path?.push?.heads && block.kind === "self"
        ? [`and pushes ${signed(path.push.heads[block.layer][hit.head], 2)} logits`] : []),
      "click: look through this head; x switches it off"];
    case "mlp": return [`MLP of layer ${hit.layer}`, ...mlpWords(river, scene, hit.layer)];
    case "stream": return [`stream of ${token(hit.row)}`,
      ...(river.norms ? [`enters layer ${hit.layer} with norm ${norm(river.norms, hit.layer, hit.row)}, `
        + `leaves with ${norm(river.norms, hit.layer + 1, hit.row)}`] : []),
      `attention adds ${norm(river.attention, hit.layer, hit.row) ?? "?"}, MLP ${norm(river.mlp, hit.layer, hit.row) ?? "?"}`];
    case "lens": return lensWords(path?.lens, hit.boundary);
    case "cell": return cellWords(hit, block, river, scene);
    case "expert": return ["experts", "bars: the router's probability; ticks at the right: how many tokens go there"];
    default: return [];
  }
}

function headWords(river, path, { kind, layer, head }) {
  // The path is that of one token of one stack, through its own attention.
  const at = kind === "head" && path?.stack === river.name ? path.numbers.indexOf(layer) : -1;
  if (at < 0 || !path.headWrites) return [];
  const count = path.headWrites.length / path.numbers.length;
  return [`writes to this token with norm ${short(path.headWrites[at * count + head])}`];
}

function mlpWords(river, { state }, layer) {
  const row = state.place - river.first, lines = [];
  if (river.neurons) lines.push(`${grouped(river.neurons)} neurons`);
  if (river.name === state.stack && river.active && river.active[layer * river.rows + row] !== undefined)
    lines.push(`${percent(river.active[layer * river.rows + row])} of them above 0 at this token`);
  return lines;
}

function lensWords(lens, boundary) {
  if (!lens || !lens.answers[boundary]) return [];
  const where = boundary ? `after layer ${boundary - 1}` : "after the embedding";
  return [`stopped ${where}, it would say`, ...lens.answers[boundary].map((text, i) =>
    `${text}  ${percent(lens.shares[boundary * lens.kept + i])}`)];
}

function cellWords(hit, block, river, { state }) {
  const { square } = block;
  if (hit.name === "square") {
    const at = hit.row * square.columns + hit.index;
    const step = state.step in square.steps ? state.step : "weights";
    const pair = `${river.shown[hit.row]} → ${block.keys[hit.index]}`;
    if (!square.visible[at] && (step === "weights" || step === "masked")) return [pair, "hidden by the mask: no number"];
    const value = square.steps[step][at];
    return [pair, step === "weights" ? `weight ${percent(value)}` : `${step}: ${short(value)}`, "click: open this number"];
  }
  const station = block.stations[hit.name], group = Math.ceil(station.width / station.cells);
  const last = Math.min(station.width, hit.index + group) - 1;
  const which = group > 1 ? `numbers ${hit.index} to ${last} of ${grouped(station.width)}` : `number ${hit.index} of ${station.width}`;
  const own = station.vector && hit.row === state.place - river.first;
  const told = (one) => (Number.isFinite(one) ? signed(one, 2) : short(one));
  const values = own ? [...station.vector.subarray(hit.index, last + 1)].map(told).join("  ") : "";
  return [`${station.label}${station.letter ? ` ${station.letter}` : ""} of ${hit.key === undefined ? river.shown[hit.row] : block.keys[hit.key]}`, which,
    ...(values ? [values.length > 60 ? `${values.slice(0, 60)}…` : values] : []), "click: open a number"];
}
