/* Tokens by their names, of which only the likeliest are known here. */

import { visible } from "../kit/text.js";

export function nameOf(texts, id) {
  return visible(texts[id] ?? `#${id}`);
}
