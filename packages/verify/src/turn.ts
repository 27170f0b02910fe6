/**
 * Lets everything else that waits in this thread have its turn: what is read ahead arrives meanwhile. Comparing would otherwise
 * not pause for as long as a stretch takes.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
