/**
 * What the interceptor adds to a call, in this process. Prints a BenchResult as JSON.
 * `begin + end` of one call at a time as a gateway has them, the spool on disk and delivery to a sender that takes all.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchResult, quantile } from "../../../bench/result.ts";
import { createInterceptor, DenyList, EntryVerifier, McpTap, type RecordSender } from "../src/index.ts";
import { TestResponder } from "../test/support/revocations.ts";

const CALLS = 20_000;
const WARM_UP = 3_000;

const words = "the quarterly report lists invoices, owners and dates for each region of the company ".split(
  " ",
);
function text(bytes: number): string {
  let made = "";
  for (let n = 0; made.length < bytes; n += 1) made += `${words[n % words.length]} `;
  return made.slice(0, bytes);
}

const taker: RecordSender = {
  send: async (lines) => await Promise.resolve({ accepted: lines.length, refused: [] }),
  close: async () => await Promise.resolve(),
};

function denyListOf(responder: TestResponder): DenyList {
  return new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([responder.publicKey]),
    now: Date.now,
    onWarning: () => undefined,
  });
}

async function measure(intents: "none" | "all", bytes: number): Promise<number[]> {
  const stateDir = mkdtempSync(join(tmpdir(), "tripline-bench-"));
  const responder = new TestResponder();
  const denyList = denyListOf(responder);
  denyList.snapshotBegins();
  denyList.loaded();
  denyList.entry(responder.sign({ id: "other", subject: "local:other" }));
  const interceptor = createInterceptor({
    tenant: "acme",
    producer: { id: "bench" },
    stateDir,
    sender: taker,
    redactionKeys: () => KEYS,
    denyList,
    policy: { intents },
  });
  const tap = new McpTap({
    interceptor,
    server: "files",
    transport: "stdio",
    caller: { credential: "local:bench", assurance: "verified", principal: "ana@acme.test" },
  });
  // Half of the call's size each: arguments and result.
  const args = JSON.stringify({ path: "/srv/reports/q3.txt", note: text(bytes / 2 - 40) });
  const result = JSON.stringify({ content: [{ type: "text", text: text(bytes / 2 - 40) }] });
  const times: number[] = [];
  for (let id = 0; id < CALLS + WARM_UP; id += 1) {
    const request = `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"read","arguments":${args}}}`;
    const answer = `{"result":${result},"jsonrpc":"2.0","id":${id}}`;
    const started = performance.now();
    tap.fromClient(JSON.parse(request));
    tap.fromServer(JSON.parse(answer), answer.length);
    const took = (performance.now() - started) * 1000;
    if (id >= WARM_UP) times.push(took);
    if (id % 4 === 3) await new Promise(setImmediate);
  }
  await interceptor.close(1000);
  rmSync(stateDir, { recursive: true, force: true });
  return times;
}

function measureDenyList(entries: number): { lookup: number; verify: number } {
  const responder = new TestResponder();
  const denyList = denyListOf(responder);
  const signed = Array.from({ length: entries }, (_, n) =>
    responder.sign({ id: `r${n}`, subject: `key:acme/${n}` }),
  );
  const loading = performance.now();
  for (const entry of signed) denyList.entry(entry);
  const loadMs = performance.now() - loading;
  const subjects = Array.from({ length: 1000 }, (_, n) => ({
    credential: `key:acme/live-${n}`,
    session: `session-${n}`,
    agent: "agent",
    principals: [`sub_${n}`],
    server: "files",
    tool: "files/read",
  }));
  const rounds = 1_000;
  for (const subject of subjects) denyList.check(subject);
  const started = performance.now();
  let found = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) if (denyList.check(subject) !== null) found += 1;
  }
  const micros = ((performance.now() - started) * 1000) / (rounds * subjects.length);
  if (found > 0) throw new Error("the bench looked for what is not on the list, and found it");
  return { lookup: micros, verify: (loadMs * 1000) / entries };
}

const KEYS = [{ id: "bench", key: "ab".repeat(32) }];

const GOAL_US = 30; // what a call of 1 KB may cost in the process
const small = await measure("none", 1024);
const withIntent = await measure("all", 1024);
const large = await measure("none", 10 * 1024);
const { lookup, verify } = measureDenyList(10_000);
const result: BenchResult = {
  bench: "tap: what the interceptor adds in the process",
  figures: [
    { name: "1 KB call, median", value: quantile(small, 0.5), unit: "µs", goal: { at_most: GOAL_US } },
    { name: "1 KB call, p99", value: quantile(small, 0.99), unit: "µs" },
    {
      name: "1 KB call with its intent, median",
      value: quantile(withIntent, 0.5),
      unit: "µs",
      goal: { at_most: GOAL_US },
    },
    { name: "1 KB call with its intent, p99", value: quantile(withIntent, 0.99), unit: "µs" },
    { name: "10 KB call, median", value: quantile(large, 0.5), unit: "µs" },
    { name: "deny list of 10,000, one look", value: lookup, unit: "µs", goal: { at_most: 1 } },
    { name: "verifying one entry of it at load", value: verify, unit: "µs" },
  ],
};
console.log(JSON.stringify(result));
