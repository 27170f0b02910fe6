import { readFileSync } from "node:fs";

/**
 * Whether a stdio proxy can hold its caller to anything. A proxy started by the agent's own user can be ended, bypassed
 * or replaced by the agent: `advisory`. It is `enforced` only when another user's process started it, or when the
 * operator says so (`stated`), e.g. because the agent runs in a sandbox that leaves it no other way to the server.
 * Where the parent's user can't be found out it is `advisory`.
 */
export function stdioEnforcement(stated: boolean, parentPid = process.ppid): "enforced" | "advisory" {
  if (stated) return "enforced";
  const parent = userOf(parentPid);
  return parent !== null && parent !== process.getuid?.() ? "enforced" : "advisory";
}

function userOf(pid: number): number | null {
  try {
    const match = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? null : Number(match[1]);
  } catch {
    return null; // no /proc, or the parent is gone
  }
}
