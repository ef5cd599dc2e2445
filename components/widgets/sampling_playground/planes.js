/* Numbers of four bytes on their way: the lowest byte of each, then the next of each, so that bytes
 * that are alike stand together, and pack well. */

const SIZE = 4;

export function inPlanes(numbers) {
  const bytes = new Uint8Array(numbers.buffer), planes = new Uint8Array(bytes.length);
  bytes.forEach((byte, i) => { planes[(i % SIZE) * numbers.length + Math.floor(i / SIZE)] = byte; });
  return planes;
}

/* The bytes of the numbers in their own order. */
export function outOfPlanes(planes) {
  const count = planes.length / SIZE;
  return planes.map((_, i) => planes[(i % SIZE) * count + Math.floor(i / SIZE)]);
}
