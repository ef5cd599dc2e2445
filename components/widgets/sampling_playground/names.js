/* Tokens by their names, of which only the likeliest are known here. */

import { visible } from "../kit/text.js";

export function nameOf(texts, id) {
  return visible(texts[id] ?? `#${id}`);
}

/* The texts of tokens by id, where those of the likeliest come in the order of their ranks. */
export function textsOf({ ranked, others }, order) {
  const texts = { ...others };
  for (let r = 0; r < Math.min(ranked.length, order.length); r++) texts[order[r]] = ranked[r];
  return texts;
}
