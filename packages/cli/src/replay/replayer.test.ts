import type { CallEnd, CallStart, Interceptor, ListedTools } from "@tripline/interceptor";
import { describe, expect, it } from "vitest";
import { replay } from "./replayer.ts";
import type { Trace } from "./trace-file.ts";

/** Remembers what it is told; refuses a tool of the given name. */
function rememberingInterceptor(refusedTool?: string) {
  const starts: CallStart[] = [];
  const ends: CallEnd[] = [];
  const listings: ListedTools[] = [];
  const interceptor: Interceptor = {
    begin: (start) => {
      starts.push(start);
      if (start.target.tool === refusedTool) {
        return { kind: "deny", refusal: { revocationId: "r", scope: "credential", reason: "test" } };
      }
      return { kind: "allow", call: { id: "c", end: (end) => void ends.push(end) } };
    },
    listed: (listing) => void listings.push(listing),
    mayRefuse: () => refusedTool !== undefined,
    keyedHasher: () => {
      throw new Error("a replay has no large frames");
    },
    stats: () => ({
      boot: "b",
      records: 0,
      denied: 0,
      held: 0,
      unanswered: 0,
      dropped: {},
      refused: 0,
      lateIntents: 0,
      spoolBytes: 0,
      denyList: "none",
    }),
    close: async () => undefined,
  };
  return { interceptor, starts, ends, listings };
}

const TRACES: Trace[] = [
  {
    trace: "mail/one",
    suite: "mail",
    calls: [
      { tool: "read", args: { id: 1 }, output: "hällo" },
      { tool: "send", args: { to: "x" }, output: null, error: "no such user" },
    ],
  },
  { trace: "mail/two", suite: "mail", calls: [{ tool: "read", args: {}, output: "" }] },
  { trace: "bank/one", suite: "bank", calls: [{ tool: "pay", args: {}, output: "ok" }] },
];

async function* some(traces: readonly Trace[]): AsyncGenerator<Trace> {
  yield* traces;
}

const options = {
  callerOf: () => ({ credential: "local:test", assurance: "asserted" as const }),
  runId: "run",
  speed: Number.POSITIVE_INFINITY,
  parallel: 2,
  tools: { mail: [{ name: "read" }, { name: "send" }] },
  signal: new AbortController().signal,
};

describe("replay", () => {
  it("makes each trace a session of its own, on its suite's server, in order", async () => {
    const { interceptor, starts, ends } = rememberingInterceptor();
    const counts = await replay(some(TRACES), { ...options, interceptor });
    expect(counts).toEqual({ traces: 3, calls: 4, refused: 0 });
    const one = starts.filter((start) => start.session.id === "run/mail/one");
    expect(one.map((start) => `${start.target.server}/${start.target.tool}`)).toEqual([
      "mail/read",
      "mail/send",
    ]);
    expect(ends).toContainEqual({ outcome: "ok", text: "hällo", bytes: 6, items: 1 });
    expect(ends).toContainEqual({ outcome: "tool_error", text: "no such user", bytes: 12, items: 1 });
  });

  it("lists a server's tools once, before its first call", async () => {
    const { interceptor, listings } = rememberingInterceptor();
    await replay(some(TRACES), { ...options, interceptor });
    expect(listings.map((listing) => [listing.target.server, listing.tools.length])).toEqual([["mail", 2]]);
  });

  it("counts what is refused and goes on", async () => {
    const { interceptor } = rememberingInterceptor("read");
    expect(await replay(some(TRACES), { ...options, interceptor })).toMatchObject({ calls: 4, refused: 2 });
  });

  it("ends when it is interrupted", async () => {
    const { interceptor, starts } = rememberingInterceptor();
    const interrupted = new AbortController();
    const running = replay(some(TRACES), {
      ...options,
      interceptor,
      speed: 0.001,
      signal: interrupted.signal,
    });
    interrupted.abort();
    await running;
    expect(starts.length).toBeLessThan(4);
  });
});
