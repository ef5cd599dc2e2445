/* Reshape a next-token distribution as transformers' logits processors do.
 *
 * No drawing here. Tokens are sorted once by logit (`prepare`); a setting then costs one pass
 * over the sorted logits, because every step but one keeps the likeliest so many, and
 * typical-p keeps a stretch: "what is left" is always ranks low to high.
 *
 * Single precision where transformers rounds to it (Math.fround), so that ties and thresholds
 * fall the same way. */

import { TABLE } from "./given.js";

/* TABLE has the settings, row by row, as `components/inspection/sampling/settings.py` states them. */
export const OFF = Object.fromEntries(TABLE.map(({ name, off }) => [name, off]));

export const STEPS = ["model", ...new Set(TABLE.map(({ stage }) => stage).filter(Boolean))];
const HEAT = STEPS.indexOf("temperature"); // penalties before it, cuts after it

const SETTINGS = Object.fromEntries(STEPS.map((step) =>
  [step, TABLE.filter(({ stage }) => stage === step).map(({ name }) => name)]));

function isOn(step, settings) {
  return SETTINGS[step].some((name) => settings[name] !== OFF[name]);
}

/* The arithmetic of each step before the temperature: of one token that was `count` times there. */
export const PENALTIES = {
  repetition: (logit, _count, s) => repetitionPenalised(logit, s.repetition_penalty),
  counts: (logit, count, s) => countPenalised(logit, count, s.presence_penalty, s.frequency_penalty),
};

/* That of each step after it: which ranks [low, high) stay of those that are `left`, by the value
 * set. `left` is what `prepare` made, with what earlier steps left: ranks `low` to `high`, of weight
 * `whole` together. `low` is above 0 behind typical-p, which itself counts on 0. */
export const CUTS = {
  top_k: likeliest,
  top_p: nucleus,
  min_p: likeEnough,
  typical_p: typical,
};

const f32 = Math.fround;
const PLACES = 2 ** 20; // Room for a million tokens beside 32 bits of logit, exact in a double.

/* Return token ids by descending logit; of equals the higher id first. (Which of equals
 * transformers keeps is left open: torch.sort is not stable. The server decides as is done here.) */
export function descending(logits, ids) {
  const bits = new Uint32Array(Float32Array.from(logits, (x) => x + 0).buffer);
  const keys = new Float64Array(logits.length);
  for (let i = 0; i < keys.length; i++) {
    const ordered = bits[i] & 0x80000000 ? ~bits[i] >>> 0 : (bits[i] | 0x80000000) >>> 0;
    keys[i] = ordered * PLACES + (ids ? ids[i] : i);
  }
  keys.sort();
  const order = new Int32Array(keys.length);
  for (let r = 0, last = keys.length - 1; r <= last; r++) order[r] = keys[last - r] % PLACES;
  return order;
}

/* Sort once, and set memory aside. `history` are the ids read so far. */
export function prepare(logits, history) {
  const counts = new Map();
  for (const id of history)
    if (logits[id] > -Infinity) counts.set(id, (counts.get(id) ?? 0) + 1);
  let order = descending(logits), size = order.length;
  while (size > 1 && logits[order[size - 1]] === -Infinity) size--; // cannot be drawn at all
  order = order.subarray(0, size);
  const prepared = {
    size, logits, counts, order,
    seen: Int32Array.from(counts.keys()),
    isSeen: new Uint8Array(logits.length),
    now: order, values: new Float32Array(size), penalties: null, penalised: {},
    weight: new Float64Array(size), // exp(z - z0), where z is the logit at this rank
    mass: new Float64Array(size + 1), // mass[r]: sum of the weights of ranks before r
    heat: new Float64Array(size + 1), // the same of weight (z - z0), for the entropy
    merged: new Int32Array(size),
  };
  for (const id of prepared.seen) prepared.isSeen[id] = 1;
  prepared.most = logits[order[0]];
  prepared.before = softmaxOf(logits, prepared.most);
  prepared.others = { mass: 0, heat: 0 };
  for (let i = 0; i < logits.length; i++) {
    const z = logits[i] - prepared.most, w = Math.exp(z);
    if (prepared.isSeen[i] || w === 0) continue;
    prepared.others.mass += w;
    prepared.others.heat += w * z;
  }
  return prepared;
}

function softmaxOf(logits, most) {
  let sum = 0, heat = 0;
  const shares = new Float32Array(logits.length);
  for (let i = 0; i < logits.length; i++) {
    const z = f32(logits[i] - most), w = Math.exp(z);
    sum += w;
    if (w > 0) heat += w * z;
    shares[i] = w;
  }
  for (let i = 0; i < shares.length; i++) shares[i] /= sum;
  return { shares, entropy: Math.max(0, (Math.log(sum) - heat / sum) / Math.LN2) };
}

export function repetitionPenalised(logit, penalty) {
  return f32(logit < 0 ? logit * f32(penalty) : logit / f32(penalty));
}

export function countPenalised(logit, count, presence, frequency) {
  const once = f32(logit - f32(presence));
  return f32(once - f32(f32(frequency) * count));
}

/* Put the tokens in order after the penalties, which touch only tokens already there: those
 * few are sorted again and merged into the rest. */
function penalise(p, s) {
  const steps = STEPS.slice(1, HEAT);
  const name = steps.flatMap((step) => SETTINGS[step].map((each) => s[each])).join();
  if (p.penalties === name) return;
  p.penalties = name;
  const { seen, order, logits, values } = p;
  let now = Float32Array.from(seen, (id) => logits[id]);
  for (const step of steps) {
    if (isOn(step, s))
      now = now.map((logit, i) => PENALTIES[step](logit, p.counts.get(seen[i]), s));
    p.penalised[step] = now;
  }
  const final = new Map(Array.from(seen, (id, i) => [id, now[i]]));
  const again = descending(now, seen);
  let taken = 0, rank = 0;
  for (let r = 0; r < order.length; r++) {
    const id = order[r];
    if (p.isSeen[id]) continue;
    for (; taken < again.length && before(again[taken], final, id, logits); taken++, rank++) {
      p.merged[rank] = again[taken];
      values[rank] = final.get(again[taken]);
    }
    p.merged[rank] = id;
    values[rank++] = logits[id];
  }
  for (; taken < again.length; taken++, rank++) {
    p.merged[rank] = again[taken];
    values[rank] = final.get(again[taken]);
  }
  p.now = p.merged;
}

function before(id, final, other, logits) {
  const mine = final.get(id), theirs = logits[other];
  return mine > theirs || (mine === theirs && id > other);
}

/* Reshape. The result: tokens `order[low..high)` are left, the one at rank r with probability
 * `share(r)`; `stages` has one {name, active, tokens, mass, entropy} per name in STEPS. */
export function processLogits(p, s) {
  penalise(p, s);
  const stages = [stage("model", true, p.size, 1, p.before.entropy)];
  for (const step of STEPS.slice(1, HEAT)) {
    const on = isOn(step, s);
    const entropy = on ? entropyWith(p, p.penalised[step]) : stages.at(-1).entropy;
    stages.push(stage(step, on, p.size, 1, entropy));
  }
  return s.temperature === 0 ? greedy(p, stages) : cut(p, s, stages);
}

function stage(name, active, tokens, mass, entropy) {
  return { name, active, tokens, mass, entropy };
}

/* Entropy in bits with the logits of the tokens already there replaced: the sums over all
 * other tokens are kept, so this costs only those few. */
function entropyWith(p, replaced) {
  // From the largest of all down: a penalty below 1 may raise a logit far above what was largest.
  const most = replaced.reduce((a, b) => Math.max(a, b), p.most);
  const lower = p.most - most, shrunk = Math.exp(lower);
  let mass = p.others.mass * shrunk;
  let heat = mass > 0 ? p.others.heat * shrunk + mass * lower : 0;
  for (const logit of replaced) {
    const z = logit - most, w = Math.exp(z);
    mass += w;
    if (w > 0) heat += w * z;
  }
  return Math.max(0, (Math.log(mass) - heat / mass) / Math.LN2);
}

function greedy(p, stages) {
  // Of equals, the lowest id: what argmax returns.
  let end = 1;
  while (end < p.size && p.values[end] === p.values[0]) end++;
  let sum = 0;
  for (let r = 0; r < p.size; r++) sum += Math.exp(f32(p.values[r] - p.values[0]));
  const low = end - 1;
  stages.push(stage("temperature", true, 1, 1 / sum, 0));
  for (const name of STEPS.slice(HEAT + 1)) stages.push(stage(name, false, 1, 1, 0));
  return { order: p.now, low, high: low + 1, share: () => 1, stages };
}

function cut(p, s, stages) {
  const { size, values, weight, mass, heat } = p;
  const temperature = f32(s.temperature);
  const most = s.temperature === 1 ? values[0] : f32(values[0] / temperature);
  for (let r = 0; r < size; r++) {
    const z = f32((s.temperature === 1 ? values[r] : f32(values[r] / temperature)) - most);
    const w = (weight[r] = Math.exp(z));
    mass[r + 1] = mass[r] + w;
    heat[r + 1] = w > 0 ? heat[r] + w * z : heat[r];
  }
  let low = 0, high = size, whole = mass[size];
  const push = (name, active, newLow, newHigh) => {
    const [sum, warmth] = newLow ? stretch(p, newLow, newHigh) : [mass[newHigh], heat[newHigh]];
    const kept = newLow === low && newHigh === high ? 1 : sum / whole;
    const entropy = Math.max(0, (Math.log(sum) - warmth / sum) / Math.LN2);
    [low, high, whole] = [newLow, newHigh, sum];
    stages.push(stage(name, active, high - low, kept, active ? entropy : stages.at(-1).entropy));
  };
  push("temperature", isOn("temperature", s), 0, size);
  for (const step of STEPS.slice(HEAT + 1)) {
    const on = isOn(step, s);
    const left = { ...p, most, temperature, low, high, whole };
    push(step, on, ...(on ? CUTS[step](left, s[step]) : [low, high]));
  }
  return { order: p.now, low, high, stages,
    share: (r) => (r < low || r >= high ? 0 : f32(weight[r] / whole)) };
}

/* Weight and heat of a stretch far down: summed afresh, since a difference of two sums that
 * hold the top tokens too would lose it. */
function stretch({ weight }, low, high) {
  let sum = 0, warmth = 0;
  for (let r = low; r < high; r++) {
    sum += weight[r];
    if (weight[r] > 0) warmth += weight[r] * Math.log(weight[r]);
  }
  return [sum, warmth];
}

function likeliest({ values, low, high }, k) {
  let end = Math.min(low + k, high);
  while (end < high && values[end] === values[end - 1]) end++;
  return [low, end];
}

/* Removed are the least likely whose running sum, from below, is at most 1 - p. */
function nucleus({ weight, low, high, whole }, p) {
  const limit = f32(1 - p);
  let sum = 0, r = high;
  for (; r > low + 1; r--) {
    sum += f32(weight[r - 1] / whole);
    if (f32(sum) > limit) break;
  }
  return [low, r];
}

function likeEnough({ weight, low, high, whole }, p) {
  const limit = f32(f32(p) * f32(weight[low] / whole));
  let r = high;
  while (r > low + 1 && f32(weight[r - 1] / whole) < limit) r--;
  return [low, r];
}

/* The tokens whose surprise -ln q is nearest the entropy, until their mass reaches `wanted`,
 * with all that are as near as the last: on sorted logits a stretch around one point. */
function typical({ weight, heat, values, most, temperature, high, whole }, wanted) {
  const lnWhole = Math.log(whole);
  const centre = f32(lnWhole - heat[high] / whole);
  const surprise = (r) => -f32(f32((temperature === 1 ? values[r] : f32(values[r] / temperature))
    - most) - f32(lnWhole));
  const distance = (r) => f32(Math.abs(f32(surprise(r) - centre)));
  let right = 0, end = high;
  while (right < end) { // the first rank at least as surprising as the average
    const middle = (right + end) >> 1;
    if (surprise(middle) < centre) right = middle + 1; else end = middle;
  }
  let left = right - 1, sum = 0, farthest = 0;
  while (f32(sum) < f32(wanted) && (left >= 0 || right < high)) {
    const takeLeft = right >= high || (left >= 0 && distance(left) <= distance(right));
    const r = takeLeft ? left-- : right++;
    farthest = distance(r);
    sum += f32(weight[r] / whole);
  }
  while (left >= 0 && distance(left) <= farthest) left--;
  while (right < high && distance(right) <= farthest) right++;
  return [left + 1, right];
}
