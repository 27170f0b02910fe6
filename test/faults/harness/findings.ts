import type { Accepted } from "./workload.ts";

/** A record as it lies in the log. */
export interface LoggedRecord {
  partition: number;
  offset: number;
  id: string;
  type: string;
  producer: string;
  boot: string;
  seq: number;
  callId: string | null;
}

/** A record as the console shows it. */
export interface StoredRecord {
  id: string;
  type: string;
  producer: string;
  boot: string;
  seq: number;
  call_id: string | null;
}

/** Everything that can be known of a run once it is over. Records of other producers than the callers' are left out. */
export interface WhatHappened {
  accepted: Accepted;
  logged: readonly LoggedRecord[];
  stored: readonly StoredRecord[];
  /** alerts of rules: ids in the log, ids that the console shows, and what a run without faults gives */
  alerts: { logged: ReadonlySet<string>; stored: readonly string[]; expected: ReadonlySet<string> };
  /** credentials of the alerts of the chains' rule, as the console shows them */
  accused: readonly string[];
  /** subjects of the revocations that the console shows */
  revoked: readonly string[];
  /** what the service told an operator of records that it could not process */
  deadLetters: number;
  /** how the ledger differs from the log, as sentences */
  unsealed: readonly string[];
}

const SHOWN = 5; // ids in a sentence

/** What is lost, doubled, out of order or invented, as sentences. Empty: the promise held. */
export function findings(run: WhatHappened): string[] {
  return [
    ...recordFindings(run),
    ...orderFindings(run.logged),
    ...alertFindings(run),
    ...chainFindings(run),
    ...(run.accepted.lost.length === 0 ? [] : [`callers lost records: ${run.accepted.lost.join(" ")}`]),
    ...run.unsealed.slice(0, SHOWN),
    ...(run.deadLetters === 0 ? [] : [`${run.deadLetters} records are in the dead letters`]),
  ];
}

function recordFindings({ accepted, logged, stored }: WhatHappened): string[] {
  const storedIds = new Set(stored.map(({ id }) => id));
  const loggedIds = new Set(logged.map(({ id }) => id));
  const callIds = (type: string): string[] =>
    stored.filter((row) => row.type === type).map((row) => row.call_id ?? "");
  return [
    ...said("accepted intents that are not stored", without(accepted.intents, callIds("call.intent"))),
    ...said("accepted calls that are not stored", without(accepted.calls, callIds("call"))),
    ...said("records stored twice", repeated(stored.map(({ id }) => id))),
    ...said("intents stored twice", repeated(callIds("call.intent"))),
    ...said("calls stored twice", repeated(callIds("call"))),
    ...said("records in the log that are not stored", without(loggedIds, storedIds)),
    ...said("stored records that are not in the log", without(storedIds, loggedIds)),
    ...sequenceFindings(stored),
  ];
}

/** Each boot's numbers are 0, 1, 2 … without a gap, and none has two records. */
function sequenceFindings(stored: readonly StoredRecord[]): string[] {
  const found: string[] = [];
  for (const [boot, rows] of Map.groupBy(stored, (row) => row.boot)) {
    const numbers = rows.map((row) => row.seq).sort((a, b) => a - b);
    const wrong = numbers.findIndex((seq, n) => seq !== n);
    if (wrong !== -1) found.push(`boot ${boot}: place ${wrong} of its numbers holds ${numbers[wrong]}`);
  }
  return found;
}

/** In each partition the first copies of a boot's records stand in the order of their numbers; resends may follow. */
function orderFindings(logged: readonly LoggedRecord[]): string[] {
  const seen = new Set<string>();
  const last = new Map<string, LoggedRecord>();
  const found: string[] = [];
  for (const record of [...logged].sort((a, b) => a.partition - b.partition || a.offset - b.offset)) {
    if (seen.has(record.id)) continue;
    seen.add(record.id);
    const stream = `${record.partition}/${record.boot}`;
    const before = last.get(stream);
    if (before !== undefined && before.seq >= record.seq)
      found.push(
        `partition ${record.partition}: ${record.seq} of boot ${record.boot} stands behind ${before.seq}`,
      );
    last.set(stream, record);
  }
  return found.slice(0, SHOWN);
}

function alertFindings({ alerts }: WhatHappened): string[] {
  return [
    ...said(
      "alerts that a run without faults raises and this one did not",
      without(alerts.expected, alerts.logged),
    ),
    ...said("alerts that a run without faults does not raise", without(alerts.logged, alerts.expected)),
    ...said("alerts in the log that are not stored", without(alerts.logged, alerts.stored)),
    ...said("alerts shown twice", repeated(alerts.stored)),
  ];
}

function chainFindings({ accepted, accused, revoked }: WhatHappened): string[] {
  return [
    ...said("chains without an alert", without(accepted.chains, accused)),
    ...said("chains with two alerts", repeated(accused)),
    ...said("chains whose key was not taken away", without(accepted.chains, revoked)),
    ...said("keys taken away twice", repeated(revoked)),
    ...said("keys taken away without an alert", without(new Set(revoked), accused)),
  ];
}

function without(wanted: ReadonlySet<string>, present: Iterable<string>): string[] {
  const found = new Set(present);
  return [...wanted].filter((one) => !found.has(one));
}

function repeated(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    if (seen.has(value)) return true;
    seen.add(value);
    return false;
  });
}

function said(what: string, which: readonly string[]): string[] {
  if (which.length === 0) return [];
  const some = which.slice(0, SHOWN).join(", ");
  return [`${which.length} ${what}: ${some}${which.length > SHOWN ? " …" : ""}`];
}
