import { createDetection, splitRules } from "@tripline/detection";
import { type Fact, factSchema, TriplineError } from "@tripline/events";
import type { LogRecord, Outcome, PartitionStep } from "@tripline/stream";
import { z } from "zod";
import { alertEmission } from "./emissions.ts";
import type { StageDeps } from "./first-stage.ts";
import { joinSnapshot, splitSnapshot } from "./snapshot-frame.ts";

/** Facts in, alerts out: rules whose groups are spread over the events' partitions. */
export function secondStage({ rules, options, metrics, now }: StageDeps): PartitionStep {
  const detection = createDetection(splitRules(rules).second, { ...options, secondStage: true });
  let state = detection.initialState();
  let repeated = new RepeatedFacts();
  return {
    process(record: LogRecord): Outcome {
      if (record.value === null) return { kind: "skip", reason: "empty" };
      const fact = readFact(record.value);
      if (repeated.isRepeated(fact)) return { kind: "skip", reason: "repeated" };
      const { alerts } = detection.step(state, {
        record: fact.record,
        appendTime: fact.source.append_time,
        rules: fact.rules,
      });
      if (alerts.length === 0) return { kind: "skip", reason: "nothing_found" };
      const at = now();
      for (const alert of alerts) metrics.detected(alert, at - fact.source.append_time);
      return { kind: "emit", records: alerts.map((alert) => alertEmission(alert, at)) };
    },
    snapshot() {
      metrics.remembered("second", detection.counts(state));
      return joinSnapshot(repeated.save(), detection.snapshot(state));
    },
    restore(bytes) {
      const saved = splitSnapshot(bytes);
      state = detection.restore(saved.detection);
      repeated = new RepeatedFacts();
      repeated.load(repeatedState.parse(saved.own));
    },
    onLost() {
      state = detection.initialState();
      repeated = new RepeatedFacts();
    },
  };
}

function readFact(value: Uint8Array): Fact {
  try {
    return factSchema.parse(JSON.parse(new TextDecoder().decode(value)));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_FACT_INVALID", "the fact is invalid", { cause });
  }
}

const repeatedState = z.array(
  z.tuple([z.string(), z.object({ offset: z.number(), groups: z.array(z.string()) })]),
);

/**
 * Facts that the first stage wrote again after a crash. It writes them in the order of their source's offsets, so the
 * highest offset of each source partition, and the groups it has had facts for, are enough.
 */
class RepeatedFacts {
  readonly #sources = new Map<string, { offset: number; groups: string[] }>();

  isRepeated({ source, group, record }: Fact): boolean {
    const key = `${source.generation}/${source.partition}`;
    const name = `${record.envelope.tenant}/${group}`;
    const last = this.#sources.get(key);
    if (last === undefined || source.offset > last.offset) {
      this.#sources.set(key, { offset: source.offset, groups: [name] });
      return false;
    }
    if (source.offset < last.offset || last.groups.includes(name)) return true;
    last.groups.push(name);
    return false;
  }

  save(): z.infer<typeof repeatedState> {
    return [...this.#sources];
  }

  load(saved: z.infer<typeof repeatedState>): void {
    for (const [key, last] of saved) this.#sources.set(key, last);
  }
}
