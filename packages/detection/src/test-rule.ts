import { hash } from "node:crypto";
import {
  type Alert,
  definitionHash,
  type Envelope,
  IN_DOUBT_PRODUCER,
  type Payload,
  payloadHash,
  type TriplineRecord,
} from "@tripline/events";
import { createDetection, type DetectionInput } from "./engine/detection.ts";
import { manifestOf } from "./knowledge/manifest.ts";
import type { Rule } from "./rule/rule.ts";
import type { RuleTest, ShortRecord } from "./rule/rule-test-schema.ts";

export interface RuleTestResult {
  name: string;
  passed: boolean;
  expected: readonly string[];
  /** Severities of the alerts, in order. */
  found: readonly string[];
  alerts: readonly Alert[];
}

/** Runs a rule's own cases, each from an empty state. A rule without a case that alerts and one that stays silent is not tested. */
export function testRule(rule: Rule): RuleTestResult[] {
  return rule.definition.tripline.tests.map((test) => runCase(rule, test));
}

function runCase(rule: Rule, test: RuleTest): RuleTestResult {
  const detection = createDetection([rule], {
    incidents: null,
    tellAll: true,
    ...(test.manifest === undefined ? {} : { manifest: manifestOf(test.manifest) }),
  });
  const state = detection.initialState();
  const alerts = recordsOf(test.records).flatMap((input) => detection.step(state, input).alerts);
  const found = alerts.map(({ severity }) => severity);
  return {
    name: test.name,
    passed: JSON.stringify(found) === JSON.stringify(test.alerts),
    expected: test.alerts,
    found,
    alerts,
  };
}

const START_MS = Date.UTC(2026, 0, 1);
const DEFAULT_STEP_MS = 1000;

/** Whole records from the short form, with derived ids: the same short records always give the same. */
export function recordsOf(shorts: readonly ShortRecord[]): DetectionInput[] {
  const inputs: DetectionInput[] = [];
  let time = START_MS - DEFAULT_STEP_MS;
  for (const short of shorts) {
    for (let turn = 0; turn < short.repeat; turn += 1) {
      const since = short.at === undefined ? undefined : short.at === "0s" ? 0 : short.at;
      time =
        turn === 0 && since !== undefined
          ? START_MS + since
          : time + (turn === 0 ? DEFAULT_STEP_MS : (short.every ?? DEFAULT_STEP_MS));
      for (const record of recordsOfOne(short, time, inputs.length))
        inputs.push({ record, appendTime: time });
    }
  }
  return inputs;
}

function recordsOfOne(short: ShortRecord, time: number, index: number): TriplineRecord[] {
  const at = new Date(time).toISOString();
  const base: Omit<Envelope, "id" | "type"> & Pick<Envelope, "v" | "time" | "tenant" | "producer"> = {
    v: 1,
    time: at,
    tenant: short.tenant,
    producer: { id: "rule-test", boot: uuidOf("boot"), seq: index },
    actor: {
      ...(short.principal === undefined ? {} : { principal: short.principal }),
      ...(short.agent === undefined ? {} : { agent: short.agent }),
      ...(short.client === undefined ? {} : { client: short.client }),
      credential: short.credential,
      assurance: short.assurance,
      ...(short.team === undefined ? {} : { team: short.team }),
    },
    ...(short.session === null ? {} : { session: { id: short.session, source: "mcp" } }),
    target: {
      server: short.server,
      ...(short.tool === undefined ? {} : { tool: short.tool }),
      ...(short.definition === undefined ? {} : { definition: short.definition }),
    },
  };
  if (short.listed !== undefined) {
    const tools = short.listed.map((tool) => ({ name: tool.name, definition: definitionHash(tool) }));
    const envelope: Envelope = {
      ...base,
      id: uuidOf(`listing ${index}`),
      type: "tools.listed",
      listing: { tools, complete: true },
    };
    return [withPayload(envelope, { definitions: short.listed })];
  }
  const call = {
    id: uuidOf(`call ${index}`),
    method: "tools/call",
    ...(short.args_bytes === undefined ? {} : { args_bytes: short.args_bytes }),
  };
  const args = {
    args: short.args ?? {},
    args_digest: hash("sha256", JSON.stringify(short.args ?? {}), "hex").slice(0, 32),
  };
  const outcome = {
    ...(short.result === undefined
      ? {}
      : { result: typeof short.result === "string" ? short.result : JSON.stringify(short.result) }),
    ...(short.error === undefined ? {} : { error: short.error }),
  };
  const end: Envelope = {
    ...base,
    id: uuidOf(`end ${index}`),
    type: "call",
    call: {
      ...call,
      ...(short.duration_ms === undefined ? {} : { duration_ms: short.duration_ms }),
      outcome: short.outcome,
      ...(short.result_bytes === undefined ? {} : { result_bytes: short.result_bytes }),
      ...(short.result_items === undefined ? {} : { result_items: short.result_items }),
    },
    ...(short.cost_usd === undefined ? {} : { usage: { cost_usd: short.cost_usd } }),
  };
  if (!short.intent) return [withPayload(end, { ...args, ...outcome })];
  const begin: Envelope = { ...base, id: uuidOf(`intent ${index}`), type: "call.intent", call };
  // What closes a call that nobody saw the end of says nothing of how it went.
  if (short.outcome === "in_doubt")
    return [
      withPayload(begin, args),
      { envelope: { ...end, producer: { ...base.producer, id: IN_DOUBT_PRODUCER } } },
    ];
  return [withPayload(begin, args), withPayload(end, outcome)];
}

function withPayload(envelope: Envelope, content: Omit<Payload, "salt">): TriplineRecord {
  const payload: Payload = { salt: "0".repeat(32), ...content };
  return { envelope: { ...envelope, payload_hash: payloadHash(JSON.stringify(payload)) }, payload };
}

function uuidOf(seed: string): string {
  const hex = hash("sha256", seed, "hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
