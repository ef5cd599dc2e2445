/* What is drawn: the parts that came, what is looked at, and where everything stands. */

import { layout } from "./layout.js";
import { stationsOf } from "./opened.js";

/* `parts` are decoded; `look` is { state, width, most, writes, tours }. Null before anything came. */
export function sceneOf(parts, look) {
  const { overview } = parts, { state } = look;
  if (!overview) return null;
  const river = overview.rivers.find((one) => one.name === state.stack) ?? overview.rivers.at(-1);
  const number = overview.rivers.indexOf(river);
  const path = pathFor(parts.path, river), block = blockFor(parts.block, river, state);
  const place = layout(shapeOf(overview, path, look), {
    open: openOf(state, river, number, block),
    focus: overview.rivers.map((one) => (one === river ? state.place - one.first : null)),
  });
  // What the last token is answered is what may stand behind it.
  const last = number === overview.rivers.length - 1
    && (state.token === null || state.place === river.total - 1);
  return {
    place, overview, river, number, path, block, state,
    cell: parts.cell, before: parts.before, kept: parts.kept, tours: Boolean(look.tours),
    writes: look.writes && last, further: look.writes && !last,
  };
}

/* Parts come one by one: until all are there, what is of another text or stack is not drawn. */
function pathFor(path, river) {
  const other = path && (path.stack !== river.name || (path.rows ?? river.rows) !== river.rows);
  return other ? { ...path, arcs: {}, hidden: null } : path;
}

function blockFor(block, river, state) {
  const own = block && block.layer === state.open && block.stack === river.name
    && block.square.elsewhere.length === river.rows;
  return own ? block : null;
}

function shapeOf(overview, path, { width, most }) {
  return { width, most, rivers: overview.rivers.map((river) => ({
    rows: river.rows, layers: river.layers, heads: river.heads?.heads ?? overview.heads,
    crossing: Boolean(river.crossing), answers: Boolean(path?.lens),
  })) };
}

function openOf(state, river, number, block) {
  if (state.open === null || state.open >= river.layers) return null;
  return {
    river: number, layer: state.open, group: state.group,
    stations: block ? stationsOf(block) : [],
    ratio: block?.mlp && river.width ? block.mlp.neurons / river.width : null,
  };
}
