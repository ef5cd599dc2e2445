/* From a click or a key to what is asked for: plain values in and out. */

const STEPS = ["scores", "scaled", "capped", "biased", "masked", "weights"];

/* What a click on `hit` changes; undefined where nothing happens. */
export function asked(hit, scene) {
  if (!hit) return undefined;
  const { overview, state, block, river, path } = scene;
  const other = overview.rivers.find((one) => one.name === hit.river);
  const turned = other && other !== river ? { stack: other.name, open: null, station: "" } : {};
  switch (hit.kind) {
    case "token": return { ...turned, token: hit.row + other.first, station: "" };
    case "layer": case "mlp": case "stream": return state.open === hit.layer && !turned.stack
      ? undefined : { ...turned, token: turned.stack ? null : state.token, open: hit.layer, station: "" };
    case "whole": return { ...turned, token: hit.token, station: "" };
    case "lookup": return { ...turned, token: hit.row + other.first, open: 0, station: "entered", index: hit.index };
    case "head": return { ...turned, open: hit.layer, head: hit.head, station: "", cross: false };
    case "cross": return { ...turned, open: hit.layer, head: hit.head, station: "", cross: true };
    case "headWrite": return { head: hit.head };
    case "answer": return path.top.asked === "class" ? undefined
      : { station: "probability", index: path.top.ids[hit.index], open: null };
    case "cell": return cellAsked(hit, state, block, river);
    default: return undefined;
  }
}

function cellAsked(hit, state, block, river) {
  const token = hit.row + river.first;
  if (hit.name === "square") {
    const at = hit.row * block.square.columns + hit.index;
    if (!block.square.visible[at]) return { token, station: "" };
    return { token, station: state.step === "weights" ? "weight" : "score", index: hit.index + (block.kind === "cross" ? 0 : river.first) };
  }
  const station = block.stations[hit.name];
  return station.vector ? { token, station: station.station, index: hit.index } : undefined;
}

/* What a key changes; undefined for all that are left to the page. */
export function keyed(event, scene) {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const { state, river, block, path } = scene;
  const near = (value, least, most) => Math.max(least, Math.min(most, value));
  switch (event.key) {
    case "ArrowRight": return { open: state.open === null ? 0 : near(state.open + 1, 0, river.layers - 1), station: "" };
    case "ArrowLeft": return { open: state.open === null ? river.layers - 1 : near(state.open - 1, 0, river.layers - 1), station: "" };
    case "ArrowDown": return { token: near(state.place + 1, 0, river.total - 1), station: "" };
    case "ArrowUp": return { token: near(state.place - 1, 0, river.total - 1), station: "" };
    case "]": return { head: near(state.head + 1, 0, (river.heads?.heads ?? scene.overview.heads) - 1) };
    case "[": return { head: near(state.head - 1, 0, (river.heads?.heads ?? scene.overview.heads) - 1) };
    case "Enter": return entered(event, state, block);
    // On a button it presses that.
    case " ": return block && event.target.classList?.contains("picture") ? { step: nextStep(state.step, block) } : undefined;
    case "Escape": return state.station ? { station: "" } : state.open === null ? undefined : { open: null };
    case "p": case "P": return path?.pairs ? { push: !state.push } : undefined;
    case "w": case "W": return scene.writes && path?.top ? "write" : scene.further ? { stack: "", token: null, station: "" } : undefined;
    case "x": case "X": return block && river.attention ? { off: toggled(state.off, headPart(block)) } : undefined;
    case "t": case "T": return scene.tours ? "tour" : undefined;
    default: return /^[1-9]$/.test(event.key) && state.stop ? { stop: Number(event.key) } : undefined;
  }
}

/* Enter opens a number: of the open block a query's, else of what the token begins with. */
function entered(event, state, block) {
  if (!event.target.classList?.contains("picture")) return undefined;
  if (state.open === null) return { open: 0, station: "entered", index: 0 };
  return block ? { station: block.stations.query?.station ?? "weight", index: 0 } : undefined;
}

export function nextStep(step, block) {
  const there = STEPS.filter((name) => name in block.square.steps);
  return there[(there.indexOf(step) + 1) % there.length];
}

export function toggled(list, one) {
  return list.includes(one) ? list.filter((each) => each !== one) : [...list, one];
}

/* What the tour is told of a change: each name is one thing that a reader does. */
export function eventsOf(next, state) {
  const events = [];
  if (next.token !== undefined && next.token !== null && next.token !== state.place) events.push("token");
  if (next.open !== undefined && next.open !== null) events.push("open");
  if (next.head !== undefined && next.head !== state.head) events.push("head");
  if (next.step !== undefined) events.push("phase");
  if (next.station || (next.index !== undefined && state.station)) events.push("cell");
  if (next.push) events.push("push");
  if (next.off && next.off.length > state.off.length) events.push("off");
  if (next.written && next.written.length > state.written.length) events.push("write");
  return events;
}

/* What a head of the open block is called among the parts that are switched off. */
export function headPart(block, head = block.head) {
  return `${block.kind === "cross" ? "cross-head" : "head"} ${block.layer}.${head}`;
}
