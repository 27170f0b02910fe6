import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { Caller, Interceptor } from "@tripline/interceptor";
import type { ToolsBySuite, Trace } from "./trace-file.ts";

const CALL_SPACING_MS = 2_800; // what a model takes between two calls, the median of real runs
const CALL_SHARE = 0.1; // of the spacing that the call itself takes; the rest is the model thinking
const MAX_SPOOL_BYTES = 32 * 1024 * 1024; // then the replay waits for the collector instead of filling the disk
const SPOOL_POLL_MS = 50;

export interface ReplayOptions {
  interceptor: Interceptor;
  /** Who makes the calls of a trace. */
  callerOf(trace: Trace): Caller;
  /** Goes before each session id, so that a second replay makes sessions of its own. */
  runId: string;
  /** Times as fast as it was; Infinity: as fast as it goes. */
  speed: number;
  /** Traces at the same time. */
  parallel: number;
  tools: ToolsBySuite;
  signal: AbortSignal;
  onTrace?(done: ReplayCounts): void;
}

export interface ReplayCounts {
  traces: number;
  calls: number;
  refused: number;
}

/** Replays traces as if they happened now: each is a session of its own, its suite is the server. */
export async function replay(traces: AsyncIterable<Trace>, options: ReplayOptions): Promise<ReplayCounts> {
  const counts: ReplayCounts = { traces: 0, calls: 0, refused: 0 };
  const listed = new Set<string>();
  const source = traces[Symbol.asyncIterator]();

  async function worker(): Promise<void> {
    while (!options.signal.aborted) {
      const next = await source.next();
      if (next.done === true) return;
      announce(next.value);
      await replayOne(next.value, options, counts);
      counts.traces += 1;
      options.onTrace?.(counts);
    }
  }

  /** A server lists its tools once to the replay, as to any client that keeps them. */
  function announce({ suite, ...trace }: Trace): void {
    const tools = options.tools[suite];
    if (tools === undefined || listed.has(suite)) return;
    listed.add(suite);
    options.interceptor.listed({
      caller: options.callerOf({ suite, ...trace }),
      session: { id: `${options.runId}/${suite}`, source: "conversation" },
      target: { server: suite, transport: "stdio" },
      tools,
      complete: true,
    });
  }

  await Promise.all(Array.from({ length: options.parallel }, worker));
  await source.return?.();
  return counts;
}

async function replayOne(trace: Trace, options: ReplayOptions, counts: ReplayCounts): Promise<void> {
  const { interceptor, signal } = options;
  const caller = options.callerOf(trace);
  const session = { id: `${options.runId}/${trace.trace}`, source: "conversation" as const };
  const spacing = CALL_SPACING_MS / options.speed;
  for (const call of trace.calls) {
    if (signal.aborted) return;
    const verdict = interceptor.begin({
      caller,
      session,
      target: { server: trace.suite, tool: call.tool, transport: "stdio" },
      method: "tools/call",
      args: call.args,
    });
    counts.calls += 1;
    if (verdict.kind === "deny") {
      counts.refused += 1;
    } else {
      await pause(spacing * CALL_SHARE, signal);
      const failed = call.output === null;
      const text = call.output ?? call.error ?? "";
      verdict.call.end({
        outcome: failed ? "tool_error" : "ok",
        text,
        bytes: Buffer.byteLength(text),
        items: 1,
      });
    }
    await pause(spacing * (1 - CALL_SHARE), signal);
    await roomInSpool(interceptor, signal);
  }
}

async function roomInSpool(interceptor: Interceptor, signal: AbortSignal): Promise<void> {
  while (interceptor.stats().spoolBytes > MAX_SPOOL_BYTES && !signal.aborted)
    await pause(SPOOL_POLL_MS, signal);
}

/** Waits, or lets others run where there is nothing to wait for; returns at once when it is over. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms < 1) return await turn();
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
