/**
 * The same text as a string of its own. A piece that was cut out of a string keeps the whole of it in memory: what is kept
 * in state of a result of a megabyte would cost a megabyte. Through JSON, which also keeps halves of surrogate pairs.
 */
export function detached(text: string): string {
  const copy: unknown = JSON.parse(JSON.stringify(text));
  return String(copy);
}
