/* RoPE in the browser: turn a query and a key, and take their product. No drawing here. */

/* Turn the numbers of `vector` that make pairs to `position`, in double precision. */
export function turned(vector, position, rope) {
  const out = Float64Array.from(vector);
  rope.places.forEach(([first, second], pair) => {
    const angle = position * rope.frequencies[pair];
    const cos = Math.cos(angle) * rope.scaling, sin = Math.sin(angle) * rope.scaling;
    out[first] = vector[first] * cos - vector[second] * sin;
    out[second] = vector[second] * cos + vector[first] * sin;
  });
  return out;
}

/* What each pair adds to the score, and at the end what the unrotated numbers add. */
export function parts(query, key, rope, scale) {
  const added = new Float64Array(rope.places.length + 1);
  let whole = 0;
  for (let i = 0; i < query.length; i++) whole += query[i] * key[i];
  let inPairs = 0;
  rope.places.forEach(([first, second], pair) => {
    const product = query[first] * key[first] + query[second] * key[second];
    added[pair] = product * scale;
    inPairs += product;
  });
  added[rope.places.length] = (whole - inPairs) * scale;
  return added;
}

export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

export function length(vector) {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/* The whole state at two positions: both vectors turned, the parts, the score, the angle. */
export function placed(data, at, keyAt) {
  const query = turned(data.query, at, data.rope), key = turned(data.key, keyAt, data.rope);
  const added = parts(query, key, data.rope, data.scale);
  const score = sum(added);
  const lengths = length(query) * length(key);
  const cosine = lengths > 0 ? Math.min(1, Math.max(-1, score / data.scale / lengths)) : 0;
  return { query, key, added, score, degrees: (Math.acos(cosine) * 180) / Math.PI };
}

/* The score at each distance from 0 to `longest`, the query ahead of the key. */
export function byDistance(data, longest, points = 4096) {
  const curve = [];
  const step = Math.max(1, Math.ceil(longest / points));
  const key = turned(data.key, 0, data.rope);
  for (let distance = 0; distance <= longest; distance += step)
    curve.push([distance, sum(parts(turned(data.query, distance, data.rope), key, data.rope, data.scale))]);
  return curve;
}

/* Direction in radians and length of one pair of a vector. */
export function hand(vector, [first, second]) {
  return { angle: Math.atan2(vector[second], vector[first]), length: Math.hypot(vector[first], vector[second]) };
}
