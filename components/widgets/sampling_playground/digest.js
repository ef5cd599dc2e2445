/* What the browser tells the server of its own result, so that the two can be compared. */

import { base64Of } from "../kit/bytes.js";
import { inPlanes } from "./planes.js";

export const MOST_COMPARED = 1024;

/* Return the tokens left, likeliest first and at most MOST_COMPARED, with their probabilities
 * as base64 (int32 ids, float32 shares, in planes), and the table of stages. */
export function digest(result) {
  const count = Math.min(MOST_COMPARED, result.high - result.low);
  const ids = new Int32Array(count), shares = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    ids[i] = result.order[result.low + i];
    shares[i] = result.share(result.low + i);
  }
  return {
    ids: base64Of(inPlanes(ids)),
    shares: base64Of(inPlanes(shares)),
    stages: result.stages.map(({ name, tokens, mass, entropy }) => ({ name, tokens, mass, entropy })),
  };
}
