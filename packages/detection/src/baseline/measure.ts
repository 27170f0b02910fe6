import { fieldReader } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { fnv1a } from "../text/hashing.ts";

interface Measured {
  /** For people, after a number. */
  readonly about: string;
  readonly fields: readonly string[];
  /** Known only when the call has ended. */
  readonly atEnd: boolean;
}

/** What the calls of a window add up to. */
export interface SumMeasure extends Measured {
  readonly kind: "sum";
  amount(view: RecordView): number;
}

/** How many different ones they name. */
export interface DistinctMeasure extends Measured {
  readonly kind: "distinct";
  hashes(view: RecordView): readonly number[];
}

/** The middle one of the calls' own values. */
export interface MedianMeasure extends Measured {
  readonly kind: "median";
  value(view: RecordView): number | undefined;
}

/** What can be measured of a group's calls in a window of time. */
export type Measure = SumMeasure | DistinctMeasure | MedianMeasure;

const FAILED = new Set(["tool_error", "protocol_error", "timeout"]);

function numberOf(field: string): (view: RecordView) => number | undefined {
  const read = fieldReader(field);
  return (view) => {
    const value = read(view);
    return typeof value === "number" ? value : undefined;
  };
}

function amountOf(field: string, about: string, atEnd: boolean): SumMeasure {
  const read = numberOf(field);
  return { kind: "sum", about, fields: [field], atEnd, amount: (view) => read(view) ?? 0 };
}

function namesOf(field: string, about: string): DistinctMeasure {
  const read = fieldReader(field);
  return {
    kind: "distinct",
    about,
    fields: [field],
    atEnd: false,
    hashes(view) {
      const value = read(view);
      const names = typeof value === "object" ? value : value === undefined ? [] : [String(value)];
      return names.map((name) => fnv1a(name));
    },
  };
}

/** A measure by its name in rules. */
export const MEASURES = {
  calls: { kind: "sum", about: "calls", fields: [], atEnd: false, amount: () => 1 },
  errors: {
    kind: "sum",
    about: "failed calls",
    fields: ["outcome"],
    atEnd: true,
    amount: ({ outcome }) => (outcome !== undefined && FAILED.has(outcome) ? 1 : 0),
  },
  rejections: {
    kind: "sum",
    about: "refused calls",
    fields: ["outcome", "decision"],
    atEnd: true,
    amount: ({ outcome, record }) =>
      outcome === "denied" || record.envelope.policy?.decision === "deny" ? 1 : 0,
  },
  args_bytes: amountOf("args_bytes", "bytes of arguments", false),
  result_bytes: amountOf("result_bytes", "bytes of results", true),
  cost_usd: amountOf("cost_usd", "USD", true),
  destinations: {
    kind: "distinct",
    about: "different destinations",
    fields: ["args"],
    atEnd: false,
    hashes: (view) => view.argumentEffects.targets.map(({ hash }) => hash),
  },
  tools: namesOf("tool", "different tools"),
  servers: namesOf("server", "different servers"),
  principals: namesOf("principal", "different principals"),
  agents: namesOf("agent", "different agents"),
  clients: namesOf("client", "different clients"),
  latency: {
    kind: "median",
    about: "ms for a call (median)",
    fields: ["duration_ms"],
    atEnd: true,
    value: numberOf("duration_ms"),
  },
  result_size: {
    kind: "median",
    about: "bytes a result (median)",
    fields: ["result_bytes"],
    atEnd: true,
    value: numberOf("result_bytes"),
  },
  result_items: {
    kind: "median",
    about: "items a result (median)",
    fields: ["result_items"],
    atEnd: true,
    value: numberOf("result_items"),
  },
} as const satisfies Record<string, Measure>;
export type MeasureName = keyof typeof MEASURES;

const NAMES = Object.keys(MEASURES);

export function isMeasure(name: string): name is MeasureName {
  return NAMES.includes(name);
}

export const MEASURE_NAMES: readonly MeasureName[] = NAMES.filter(isMeasure);
