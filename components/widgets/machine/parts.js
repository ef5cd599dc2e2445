/* The parts of drawings that came in messages of their own: handed over by whoever gets them. */

const SHELF = "vitrineMachineParts";

function shelf() {
  window[SHELF] ??= new Map();
  return window[SHELF];
}

function entry(machine) {
  if (!shelf().has(machine)) shelf().set(machine, { parts: {}, told: null });
  return shelf().get(machine);
}

export function hand(machine, name, value) {
  const found = entry(machine);
  found.parts[name] = value;
  found.told?.(name);
}

/* The parts that are there, and from now on `told(name)` of each that comes. */
export function partsFor(machine, told) {
  const found = entry(machine);
  found.told = told;
  return found.parts;
}
