/* Pictures of levels, for a pen that writes them into a file. */
globalThis.ImageData = class { constructor(bytes, width, height) {
  if (bytes.length !== 4 * width * height) throw new Error(`${bytes.length} for ${width}x${height}`);
} };
globalThis.document = { createElement: () => ({ getContext: () => ({ putImageData() {} }),
  setAttribute(name, value) { this[name] = value; }, append() {},
  toDataURL: () => "data:image/png;base64,AA==" }) };

/* As the machine's own, of parts as they are sent. */
function sceneFrom({ parts, state, width }) {
  const scene = sceneOf({ overview: overviewOf(parts.overview), path: pathOf(parts.path), block: blockOf(parts.block),
    cell: parts.cell, before: beforeOf(parts.before), kept: parts.kept }, { state, width, writes: true, tours: true });
  return { ...scene, inks: { ...inksOf(false), ground: "#FFFFFF" } };
}

/* Everything that is drawn to be pointed at: the middle of each, and what it is. */
function thingsOf(scene) {
  const { place, overview, path, block } = scene, things = [];
  const middle = ({ x, y, w, h }, want) => things.push({ x: x + w / 2, y: y + h / 2, want });
  place.rivers.forEach((at, number) => {
    const of = overview.rivers[number], river = of.name;
    const high = (row) => ({ y: at.rows[row].y, h: at.rows[row].h });
    for (let row = 0; row < of.rows; row++) {
      const edge = of.whole ? wholeBox(at).w : 0;
      middle({ x: edge, w: place.tokens.w - edge, ...high(row) }, { kind: "token", row, river });
      middle({ ...place.final, ...high(row) }, { kind: "end", row, river });
      const cells = of.strips ? of.strips[0].length / of.rows : 0;
      const w = stripWidth(place.lookup) / cells;
      for (let cell = 0; cell < cells && place.lookup.w; cell++)
        middle({ x: place.lookup.x + cell * w, w, ...high(row) },
          { kind: "lookup", row, cell, river });
      for (const { layer, x, w: wide, open } of at.spines) if (!open && wide)
        middle({ x, w: wide, ...high(row) }, { kind: "stream", layer, row, river });
    }
    if (of.whole) for (let token = 0; token < of.total; token++) {
      const box = wholeBox(at), h = box.h / of.total;
      middle({ ...box, y: box.y + token * h, h }, { kind: "whole", token, river });
    }
    for (const { layer, x, w, open, mosaic, crossing } of at.spines) {
      if (w) middle({ x, w, ...at.mlp }, { kind: "mlp", layer, river });
      if (open) continue;
      for (const [kind, box, heads] of [["head", mosaic, of.heads], ["cross", crossing, of.crossing]])
        for (let head = 0; box && !box.merged && head < heads.heads; head++)
          middle(headBox(box, head), { kind, layer, head, river });
    }
    if (at.open && block) openedThings(scene, at, of, middle);
    if (at.lens && path.lens) path.lens.answers.forEach((_, boundary) => {
      const edge = (n) => (n ? at.spines[n - 1].x + at.spines[n - 1].w - 4 : at.left - 4);
      const x = Math.max(at.left, edge(boundary));
      const end = boundary < at.spines.length ? edge(boundary + 1) : at.right + 20;
      if (end > x) middle({ x, w: end - x, ...at.lens }, { kind: "lens", boundary, river });
    });
  });
  if (place.bars && path?.top) {
    const pitch = Math.min(30, (place.bars.h - 6) / (path.top.texts.length + 1));
    path.top.texts.forEach((_, index) => middle({ ...place.bars, h: pitch,
      y: place.bars.y + index * pitch }, { kind: "answer", index }));
  }
  return things;
}

function openedThings({ block }, at, of, middle) {
  const { layer } = block, river = of.name, across = block.kind === "cross";
  const heads = across ? of.crossing : of.heads, pager = pagerOf(at.open.pager, of);
  for (let head = 0; head < heads.heads; head++)
    middle(headBox(pager, head), { kind: across ? "cross" : "head", layer, head, river });
  for (const name of at.open.shown) {
    const box = at.open.stations[name];
    if (name === "experts") { middle(box, { kind: "expert", layer, river }); continue; }
    if (name === "heads") {
      const h = headPitch(box, block.headWrites.length);
      block.headWrites.forEach((_, head) => middle({ ...box, y: box.y + head * h, h },
        { kind: "headWrite", layer, head, river }));
      continue;
    }
    const station = block.stations[name];
    const cells = name === "square" ? block.square.columns : station.cells;
    const rows = name === "square" ? of.rows : station.levels.length / cells;
    const w = box.w / cells, other = rows !== of.rows;
    for (let row = 0; row < rows; row++) for (let cell = 0; cell < cells; cell++) {
      const y = other ? box.y + (row * box.h) / rows : at.rows[row].y;
      const h = other ? box.h / rows : at.rows[row].h;
      const want = name === "square" ? { index: cell } : { cell };
      middle({ x: box.x + cell * w, y, w, h }, { kind: "cell", name, river, ...want,
        ...(across && (name === "key" || name === "value") ? { key: row } : { row }) });
    }
  }
}

const KEYS = { token: ["row"], lookup: ["row", "cell", "index"], end: ["row"], answer: ["index"],
  layer: ["layer"], head: ["layer", "head"], cross: ["layer", "head"], mlp: ["layer"],
  headWrite: ["layer", "head"], stream: ["layer", "row"], lens: ["boundary"], expert: ["layer"],
  cell: ["row", "index"], whole: ["token"] };

/* What is wrong with a hit: a kind that there is not, or a number out of its range. */
function wrongHit(hit, { overview, path, block }) {
  if (!KEYS[hit.kind]) return `no kind: ${hit.kind}`;
  const river = overview.rivers.find((one) => one.name === hit.river);
  if (!river && hit.kind !== "answer") return "of no river";
  const cells = hit.kind === "cell" && hit.name !== "square" ? block.stations[hit.name] : null;
  const most = { row: river?.rows, token: river?.total, layer: river?.layers, boundary: river && river.layers + 1,
    head: (hit.kind === "cross" ? river?.crossing : river?.heads)?.heads,
    cell: cells ? cells.cells : 64, key: block?.keys.length,
    index: hit.kind === "answer" ? path.top.texts.length : hit.kind === "lookup" ? river.width
      : cells ? cells.width : block?.square.columns };
  const names = [...KEYS[hit.kind], ...(hit.key === undefined ? [] : ["key"])];
  const bad = names.filter((name) => !(Number.isInteger(hit[name]) && hit[name] >= 0
    && hit[name] < most[name]));
  return bad.map((name) => `${name} ${hit[name]} of ${most[name]}`).join();
}

/* What is wrong with words: a title, then lines, each of which says something. */
function wrongWords(words) {
  if (!Array.isArray(words)) return "no list";
  return words.filter((one) => typeof one !== "string" || !one.trim()
    || /undefined|NaN|null|Infinity|\[object/.test(one)).map(String).join(" | ");
}

/* All of a point: what is there, what is said, what a click asks for, what is wrong with it. */
function probed(scene, x, y) {
  const hit = hitAt(scene, x, y);
  if (!hit) return { hit, wrong: [] };
  const next = asked(hit, scene), words = wordsFor(hit, scene);
  const wrong = [wrongHit(hit, scene), wrongWords(words)].filter(Boolean);
  return { hit, next: next ?? null, words, wrong, events: next ? eventsOf(next, scene.state) : [] };
}
