/**
 * What the judge costs: `node bench/judge.ts`. Prints JSON: for results of 0.5 KB, 4 KB and 128 KB the time of a call
 * (its intent and its end) at the median and p99 in ms, its longest, calls a second, and the bytes that a session keeps.
 */
import { readFileSync } from "node:fs";
import { createDetection, parseRule, recordsOf, type ShortRecord, StateTables } from "../src/index.ts";
import { shortRecordSchema } from "../src/rule/rule-test-schema.ts";

const RULE = "rules/dictated/dictated-action.yaml";
const SESSIONS = 300;
const CALLS = 20; // of a session
const rule = parseRule(readFileSync(new URL(`../${RULE}`, import.meta.url), "utf8"), RULE);

const SENTENCES = [
  "The meeting was moved to Thursday because the room is taken on Wednesday.",
  "Please send the figures to our office in Graz before the end of the month.",
  "Ana thinks that the new plan costs 1,200 euros more than the old one.",
  "You can reach the desk at help@office.example or under https://office.example/help at any time.",
];

/** A list of records, each with fields and a text, of about so many characters. */
function result(chars: number, seed: number): string {
  const items: unknown[] = [];
  for (let size = 0, at = 0; size < chars; at += 1) {
    const body = `${SENTENCES[(seed + at) % SENTENCES.length]} ${SENTENCES[(seed + at * 3 + 1) % SENTENCES.length]}`;
    const item = { id: `m-${seed}-${at}`, sender: `ana${at}@acme.example`, subject: `Plan ${at}`, body };
    items.push(item);
    size += JSON.stringify(item).length;
  }
  return JSON.stringify(items).slice(0, Math.max(chars, 400));
}

function session(chars: number, index: number): ShortRecord[] {
  return Array.from({ length: CALLS }, (_, at) =>
    shortRecordSchema.parse({
      tool: at % 4 === 3 ? "send_email" : "search_emails",
      session: `s${index}`,
      intent: true,
      args: at % 4 === 3 ? { to: `ana${at}@acme.example`, body: SENTENCES[at % 4] } : { query: `plan ${at}` },
      result: at % 4 === 3 ? "sent" : result(chars, index + at),
    }),
  );
}

function measure(chars: number): Record<string, number> {
  const detection = createDetection([rule]);
  const tables = new StateTables();
  const state = detection.initialState(tables);
  const sessions = chars > 10_000 ? SESSIONS / 10 : SESSIONS;
  const times: number[] = [];
  for (let index = 0; index < sessions; index += 1) {
    const inputs = recordsOf(session(chars, index));
    for (let at = 0; at < inputs.length; at += 2) {
      const began = performance.now();
      for (const input of inputs.slice(at, at + 2)) detection.step(state, input);
      times.push(performance.now() - began);
    }
  }
  const warm = times.slice(times.length / 4).sort((a, b) => a - b);
  tables.begin(Number.POSITIVE_INFINITY);
  let bytes = 0;
  tables.drain(
    ({ value }) => {
      bytes += value?.length ?? 0;
      return undefined;
    },
    () => true,
  );
  const quantile = (share: number): number =>
    Math.round(1000 * (warm[Math.floor(warm.length * share)] ?? 0)) / 1000;
  return {
    result_chars: chars,
    median_ms: quantile(0.5),
    p99_ms: quantile(0.99),
    longest_ms: Math.round(1000 * (warm.at(-1) ?? 0)) / 1000,
    calls_per_second: Math.round(warm.length / (warm.reduce((sum, time) => sum + time, 0) / 1000)),
    snapshot_bytes_per_session: Math.round(bytes / sessions),
  };
}

console.log(JSON.stringify([512, 4096, 131_072].map(measure), null, 2));
