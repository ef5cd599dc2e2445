/* Hands a part on to the drawing that it belongs to. */

import { live } from "../kit/live.js";
import { hand } from "../machine/parts.js";

export default live(() => ({
  take({ machine, name, value }) { hand(machine, name, value); },
}));
