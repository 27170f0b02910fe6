/**
 * What the interceptor adds to a call, in this process. `node bench/tap.ts` prints JSON; all times in microseconds.
 * `begin + end` of one call at a time as a gateway has them, the spool on disk and delivery to a sender that takes all.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterceptor, DenyList, EntryVerifier, McpTap, type RecordSender } from "../src/index.ts";
import { TestResponder } from "../test/support/revocations.ts";
import { quantiles } from "./quantiles.ts";

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

async function measure(intents: "none" | "all", bytes: number): Promise<Record<string, number>> {
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
  return quantiles(times);
}

function measureDenyList(entries: number): Record<string, number> {
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
  return {
    entries,
    lookup_us: Math.round(micros * 1000) / 1000,
    verify_us: Math.round((loadMs * 1000) / entries),
    found,
  };
}

const KEYS = [{ id: "bench", key: "ab".repeat(32) }];

console.log(
  JSON.stringify(
    {
      call_1kb_no_intent: await measure("none", 1024),
      call_1kb_with_intent: await measure("all", 1024),
      call_10kb_no_intent: await measure("none", 10 * 1024),
      deny_list: measureDenyList(10_000),
    },
    null,
    2,
  ),
);
