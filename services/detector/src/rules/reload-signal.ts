/**
 * Calls `reload` at each SIGHUP, as daemons do; returns what ends it. Not in a terminal: there SIGHUP says that it was
 * closed, and the process is to end.
 */
export function onReloadSignal(reload: () => void): () => void {
  if (process.stdout.isTTY || process.platform === "win32") return () => undefined;
  process.on("SIGHUP", reload);
  return () => process.off("SIGHUP", reload);
}
