import type { Part, PartHealth } from "./part.ts";

export interface ProcessHealth {
  /** Every part does its work. */
  ready: boolean;
  state: "starting" | "ready" | "degraded" | "failed" | "stopped";
  parts: Record<string, PartHealth>;
}

const WORST_FIRST = ["failed", "stopped", "starting", "degraded"] as const;

/** The health of a process: as bad as its worst part. */
export function healthOf(parts: readonly Part[]): ProcessHealth {
  const states = parts.map((part) => [part.name, part.health()] as const);
  const state = WORST_FIRST.find((bad) => states.some(([, health]) => health.state === bad)) ?? "ready";
  return { ready: state === "ready" || state === "degraded", state, parts: Object.fromEntries(states) };
}
