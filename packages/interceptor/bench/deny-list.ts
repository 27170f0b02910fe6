/**
 * The deny list with a million revoked keys: memory, what a check costs a call, how long a first list and a restart take.
 * Prints a BenchResult as JSON. Needs --expose-gc.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SignedRevocation } from "@tripline/events";
import { type BenchResult, quantile } from "../../../bench/result.ts";
import { type CallSubjects, DenyList, DenyListFile, EntryVerifier } from "../src/index.ts";
import { TestResponder } from "../test/support/revocations.ts";

const ENTRIES = Number(process.env.BENCH_ENTRIES ?? 1_000_000);
const CHECKS_IN_ONE = 1_000; // a clock's own cost is that of a check
const ROUNDS = 2_000;
const LONG_AGO = "2026-01-05T09:30:00.000Z"; // older than a day: verified when a call meets it
const MIB = 2 ** 20;

const responder = new TestResponder();
const folder = mkdtempSync(join(tmpdir(), "tripline-deny-list-"));
const path = join(folder, "deny-list.json");

function entry(n: number): SignedRevocation {
  if (n % 1000 === 0)
    return responder.sign({ id: `revocation-${n}`, subject: `key:acme/${n}`, decided_at: LONG_AGO });
  return {
    v: 1,
    id: randomBytes(32).toString("hex"),
    tenant: "acme",
    scope: "credential",
    subject: `key:acme/${n}`,
    state: "active",
    reason: "A secret was read and something was then sent outside: read_file, then send_email",
    by: "policy",
    rule_id: "secret-read-then-sent",
    decided_at: LONG_AGO,
    key_id: responder.publicKey.id,
    signature: randomBytes(64).toString("base64url"),
  };
}

function makeList(): DenyList {
  return new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([responder.publicKey]),
    now: Date.now,
    onWarning: () => undefined,
    directory: folder,
  });
}

function memory(): number {
  for (let n = 0; n < 3; n += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = memory();
const list = makeList();
let started = performance.now();
list.snapshotBegins();
for (let n = 0; n < ENTRIES; n += 1) list.entry(entry(n));
list.loaded();
const loadMs = performance.now() - started;
const grown = memory() - before;

started = performance.now();
const file = new DenyListFile(path, ({ message }) => console.error(message));
file.save(list, Date.now());
const saveMs = performance.now() - started;

const subjects = (credential: string): CallSubjects => ({
  credential,
  session: "0192e8a0-0000-7000-8000-000000000001",
  agent: "assistant",
  principals: ["sub_5f2a"],
  server: "files",
  tool: "files/read_file",
});
const passing = Array.from({ length: CHECKS_IN_ONE }, (_, n) => subjects(`key:other/${n}`));
const costs: number[] = [];
let refused = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  const from = performance.now();
  for (const each of passing) if (list.check(each) !== null) refused += 1;
  costs.push(((performance.now() - from) / CHECKS_IN_ONE) * 1000);
}
const met: number[] = [];
for (let n = 0; n < ENTRIES; n += 1000) {
  const from = performance.now();
  if (list.check(subjects(`key:acme/${n}`)) === null) throw new Error("a revoked key was not refused");
  met.push((performance.now() - from) * 1000);
}
const whole = memory() - before;

started = performance.now();
const again = makeList();
new DenyListFile(path, ({ message }) => console.error(message)).restoreInto(again);
const restoreMs = performance.now() - started;
started = performance.now();
if (again.check(subjects("key:acme/0")) === null) throw new Error("the restored list does not refuse");
again.snapshotBegins();
for (const { bytes } of list.entries()) again.entry(JSON.parse(bytes.toString("utf8")));
again.loaded();
const repeatMs = performance.now() - started;
if (again.size !== ENTRIES || refused > 0) throw new Error("the two lists differ");

const result: BenchResult = {
  bench: `deny list, ${ENTRIES.toLocaleString("en")} revoked keys`,
  figures: [
    { name: "memory, list loaded", value: grown / MIB, unit: "MiB", goal: { at_most: 200 } },
    { name: "memory, after checks and a copy", value: whole / MIB, unit: "MiB", goal: { at_most: 200 } },
    {
      name: "a check that refuses nothing p50",
      value: quantile(costs, 0.5),
      unit: "µs",
      goal: { at_most: 1 },
    },
    { name: "a check that refuses nothing p99", value: quantile(costs, 0.99), unit: "µs" },
    { name: "a check that refuses, first time p50", value: quantile(met, 0.5), unit: "µs" },
    { name: "first list taken in", value: loadMs / 1000, unit: "s" },
    { name: "copy written whole", value: saveMs / 1000, unit: "s" },
    { name: "copy", value: statSync(path).size / MIB, unit: "MiB" },
    { name: "copy read at a start", value: restoreMs / 1000, unit: "s" },
    { name: "the same list sent again", value: repeatMs / 1000, unit: "s" },
  ],
};
console.log(JSON.stringify(result));
list.close();
again.close();
rmSync(folder, { recursive: true, force: true });
