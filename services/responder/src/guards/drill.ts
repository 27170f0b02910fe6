import { randomFillSync } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { RecordIds, type Revocation } from "@tripline/events";
import { type DrillSettings, durationMs } from "@tripline/response";
import { type EventWatch, interceptorName } from "../enforcement/event-watch.ts";
import type { Interceptor } from "../enforcement/interceptors.ts";
import type { RevocationWriter } from "../revoke/revocation-writer.ts";
import type { CanaryAnswer, CanaryCall } from "./canary-call.ts";
import type { DrillReport } from "./drill-report.ts";

/** Who a drill's entries say decided. It counts against no limit: `policy` does. */
export const DRILL_BY = "drill";

const LOOK_EVERY_MS = 20;
const LIVE_FOR_MS = 30_000; // three heartbeats: a silent interceptor is the alerts' business, and the report names it
const EXTRA_MS = 60_000; // the entry ends by itself, should this process be killed in the middle: all stages, and this

/** What issuers will say about an entry: see `Revoker`. */
export interface UpstreamExpectation {
  acknowledged: boolean;
  verified: boolean;
  reinstated: boolean;
}

export interface DrillDeps {
  watch: Pick<EventWatch, "interceptors" | "applied" | "decisions" | "whole">;
  writer: Pick<RevocationWriter, "write">;
  /** Undefined where no issuer is asked about the entry. */
  upstream(entry: Revocation): UpstreamExpectation | undefined;
  /** Absent: real calls can't be made here. */
  call?: CanaryCall | undefined;
  now(): number;
}

const ids = new RecordIds(randomFillSync);

/** Revokes the canary, looks at each stage of the way, and always reinstates. Rejects only when the entry can't be written or lifted. */
export async function runDrill(
  settings: DrillSettings,
  deps: DrillDeps,
  signal: AbortSignal,
): Promise<DrillReport> {
  const { watch, writer, now } = deps;
  const stageMs = durationMs(settings.within) ?? 0;
  const startedMs = now();
  const before = await callOnce(settings, deps, signal);
  const live = watch.interceptors(settings.tenant).filter((each) => isLive(each, now()));
  const decidedMs = now();
  const entry: Revocation = {
    v: 1,
    id: ids.uuid(decidedMs),
    tenant: settings.tenant,
    scope: "credential",
    subject: settings.credential,
    state: "active",
    reason: "a drill: this canary key is revoked and reinstated to see that it works",
    by: DRILL_BY,
    decided_at: new Date(decidedMs).toISOString(),
    expires_at: new Date(decidedMs + 4 * stageMs + EXTRA_MS).toISOString(),
  };
  const expected = deps.upstream(entry);
  await writer.write(entry);
  const writtenMs = now();

  let during: CanaryAnswer | undefined;
  let reinstatedMs = 0;
  try {
    const asked = live.filter((each) => !each.advisory).map(interceptorName);
    await until(() => refuse(asked, "active"), stageMs, signal);
    during = await callOnce(settings, deps, signal);
    if (expected?.acknowledged === true) await until(() => said("upstream_acknowledged"), stageMs, signal);
    if (expected?.verified === true) await until(() => said("upstream_verified"), stageMs, signal);
  } finally {
    reinstatedMs = now();
    await writer.write({
      ...entry,
      state: "reinstated",
      reinstated_at: new Date(reinstatedMs).toISOString(),
    });
  }
  const refusing = live.filter((each) => appliedAt(each, "active") !== null).map(interceptorName);
  await until(() => refuse(refusing, "reinstated"), stageMs, signal);
  const after = await callOnce(settings, deps, signal);
  if (expected?.reinstated === true) await until(() => said("upstream_reinstated"), stageMs, signal);

  return report();

  function refuse(names: readonly string[], state: "active" | "reinstated"): boolean {
    const applied = watch.applied(entry.tenant, entry.id);
    return names.every((name) => applied.get(name)?.[state] !== undefined);
  }

  function appliedAt(each: Interceptor, state: "active" | "reinstated"): number | null {
    const at = watch.applied(entry.tenant, entry.id).get(interceptorName(each))?.[state];
    return at === undefined ? null : Date.parse(at);
  }

  function said(kind: string): boolean {
    return saidAt(kind) !== null;
  }

  function saidAt(kind: string): number | null {
    return watch.decisions(entry.tenant, entry.id).find((seen) => seen.kind === kind)?.at ?? null;
  }

  function report(): DrillReport {
    const interceptors = live.map((each) => ({
      producer: each.producer,
      boot: each.boot,
      advisory: each.advisory,
      refused_ms: since(decidedMs, appliedAt(each, "active")),
      allowed_ms: since(reinstatedMs, appliedAt(each, "reinstated")),
    }));
    const held = interceptors.filter(({ advisory }) => !advisory);
    const drilled = {
      revocation_id: entry.id,
      tenant: entry.tenant,
      credential: entry.subject,
      started_at: new Date(startedMs).toISOString(),
      decided_ms: writtenMs - decidedMs,
      interceptors,
      refused_ms: last(held.map((each) => each.refused_ms)),
      allowed_ms: last(held.map((each) => each.allowed_ms)),
      call:
        before === undefined || during === undefined || after === undefined
          ? null
          : { before, during, after },
      upstream:
        expected === undefined
          ? null
          : {
              acknowledged_ms: since(decidedMs, saidAt("upstream_acknowledged")),
              verified_ms: since(decidedMs, saidAt("upstream_verified")),
              reinstated_ms: since(reinstatedMs, saidAt("upstream_reinstated")),
            },
    };
    const failures = failuresOf(drilled, expected);
    return { ...drilled, ok: failures.length === 0, failures, not_shown: notShown(drilled, watch.whole) };
  }
}

type Seen = Omit<DrillReport, "ok" | "failures" | "not_shown">;

function failuresOf(
  { interceptors, call, upstream }: Seen,
  expected: UpstreamExpectation | undefined,
): string[] {
  const held = interceptors.filter(({ advisory }) => !advisory);
  const failures: string[] = [];
  const late = held.filter((each) => each.refused_ms === null).map(({ producer }) => producer);
  if (late.length > 0) failures.push(`did not say that they refuse: ${named(late)}`);
  const stuck = held
    .filter((each) => each.refused_ms !== null && each.allowed_ms === null)
    .map(({ producer }) => producer);
  if (stuck.length > 0) failures.push(`did not say that they allow again: ${named(stuck)}`);
  if (call !== null && call.before !== "passed") failures.push(`the call before was ${call.before}`);
  if (call !== null && call.during !== "refused")
    failures.push(`the call with the revoked key was ${call.during}`);
  if (call !== null && call.after !== "passed") failures.push(`the call after was ${call.after}`);
  if (expected?.acknowledged === true && upstream?.acknowledged_ms === null) {
    failures.push("the issuer did not acknowledge");
  }
  if (expected?.verified === true && upstream?.verified_ms === null) {
    failures.push("the issuer was not seen to refuse the key");
  }
  if (expected?.reinstated === true && upstream?.reinstated_ms === null) {
    failures.push("the issuer did not say that it accepts the key again");
  }
  return failures;
}

function notShown({ interceptors, call, upstream }: Seen, whole: boolean): string[] {
  const held = interceptors.filter(({ advisory }) => !advisory);
  return [
    ...(held.length === 0
      ? ["no enforcing interceptor of the tenant was heard lately: none was asked to refuse"]
      : []),
    ...(interceptors.length > held.length
      ? ["advisory interceptors can be ended or bypassed by the agent's own user, whatever they say"]
      : []),
    ...(whole ? [] : ["interceptors whose records other responders read"]),
    ...(call === null ? ["whether a real call is refused: no `call` is configured for the drill"] : []),
    ...(upstream === null ? ["the issuer: no revoker handles the canary"] : []),
    "producers that only report (OTLP, plain records) and refuse nothing",
  ];
}

async function callOnce(
  { call }: DrillSettings,
  deps: DrillDeps,
  signal: AbortSignal,
): Promise<CanaryAnswer | undefined> {
  return call === undefined || deps.call === undefined ? undefined : deps.call(call, signal);
}

/** Resolves when `done` is, or its time is over: the report says which. */
async function until(done: () => boolean, withinMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!done() && performance.now() < deadline && !signal.aborted) {
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

function isLive({ denyList, lastSeen }: Interceptor, now: number): boolean {
  return denyList !== "none" && now - lastSeen < LIVE_FOR_MS;
}

function since(from: number, at: number | null): number | null {
  return at === null ? null : Math.max(0, at - from);
}

/** The greatest; null when one of them is missing, or there are none. */
function last(times: readonly (number | null)[]): number | null {
  if (times.length === 0 || times.includes(null)) return null;
  return Math.max(...times.filter((time) => time !== null));
}

function named(producers: readonly string[]): string {
  const MAX_NAMED = 10;
  const rest = producers.length - MAX_NAMED;
  return `${producers.slice(0, MAX_NAMED).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
