import { type Alert, SEVERITIES, TriplineError, type TriplineRecord } from "@tripline/events";
import { z } from "zod";
import type { Finding } from "../evaluators/evaluator.ts";
import { keptArguments } from "../record/arguments.ts";
import { type Begun, type Phase, RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";
import { alertOf, demoted } from "./alert.ts";
import { BoundedMap } from "./bounded-map.ts";
import { type ScopedTracker, trackersOf } from "./evaluators.ts";
import { type FactDraft, FactFeed, factFeedState, matchesLogsource } from "./fact-feed.ts";
import type { Group } from "./group.ts";
import { ToolKnowledge, toolKnowledgeState } from "./tool-knowledge.ts";

/** A record and when the log took it (ms since the epoch). `rules`, of a fact: judge these only. */
export interface DetectionInput {
  record: TriplineRecord;
  appendTime: number;
  rules?: readonly string[];
}

export interface DetectionOptions {
  /** Second-stage rules that `step` chooses facts for. */
  feeds?: readonly Rule[];
  /** Whether the operator's manifest vouches for what this server says about its tools. Default: none. */
  isTrustedServer?: (server: string) => boolean;
  /** Domains whose addresses stay inside; a name covers its subdomains. */
  internalHosts?: readonly string[];
  /** True in the second stage: facts are chosen already, and each is judged as a whole call. */
  secondStage?: boolean;
}

/** What detection remembers. Owned by whoever made it: `step` changes it in place. */
export interface DetectionState {
  readonly trackers: ReadonlyMap<string, readonly ScopedTracker[]>;
  readonly tools: ToolKnowledge;
  /** Intents whose call has not ended, by tenant and call. */
  readonly begun: BoundedMap<Begun>;
  readonly feed: FactFeed;
}

export interface DetectionStep {
  state: DetectionState;
  alerts: Alert[];
  facts: FactDraft[];
}

export interface DetectionCounts {
  groups: number;
  /** Groups, intents and listings forgotten for lack of room while they still mattered. */
  evicted: number;
  /** Findings not repeated because their group had just had an alert. */
  quieted: number;
}

export interface Detection {
  initialState(): DetectionState;
  /** Judges the next record of a partition. Deterministic: the same inputs in the same order give the same alerts. */
  step(state: DetectionState, input: DetectionInput): DetectionStep;
  /** The state as bytes: `restore(snapshot(s))` behaves as `s` on all further records. */
  snapshot(state: DetectionState): Uint8Array;
  /**
   * State of rules that have changed since starts empty; that of rules that are gone is dropped.
   * @throws TriplineError TRIPLINE_DETECTION_SNAPSHOT when the bytes are no snapshot
   */
  restore(bytes: Uint8Array): DetectionState;
  counts(state: DetectionState): DetectionCounts;
}

const MAX_BEGUN = 20_000; // calls in flight; beyond it the oldest intent's arguments are forgotten
const SNAPSHOT_VERSION = 1;
const NONE: readonly never[] = [];

export function createDetection(rules: readonly Rule[], options: DetectionOptions = {}): Detection {
  const feeds = options.feeds ?? [];
  const internalHosts = (options.internalHosts ?? []).map((host) => host.toLowerCase());
  const isTrusted = options.isTrustedServer ?? (() => false);

  function initialState(): DetectionState {
    return {
      trackers: new Map(rules.map((rule) => [rule.id, trackersOf(rule)])),
      tools: new ToolKnowledge(),
      begun: new BoundedMap(MAX_BEGUN),
      feed: new FactFeed(feeds),
    };
  }

  function step(state: DetectionState, input: DetectionInput): DetectionStep {
    const { envelope } = input.record;
    if (envelope.type !== "call" && envelope.type !== "call.intent" && envelope.type !== "tools.listed") {
      return { state, alerts: [...NONE], facts: [...NONE] };
    }
    if (envelope.type === "tools.listed") state.tools.learn(input.record, isTrusted);
    const view = viewOf(state, input);
    const alerts: Alert[] = [];
    for (const rule of rules) {
      if (input.rules !== undefined && !input.rules.includes(rule.id)) continue;
      if (!matchesLogsource(rule, view)) continue;
      const found = judge(state.trackers.get(rule.id) ?? NONE, view);
      if (found !== null) alerts.push(alertOf(rule, found.finding, found.group, view));
    }
    return { state, alerts, facts: feeds.length === 0 ? [...NONE] : state.feed.factsOf(view) };
  }

  function viewOf(state: DetectionState, { record, appendTime }: DetectionInput): RecordView {
    const { envelope, payload } = record;
    const callKey = envelope.call === undefined ? null : `${envelope.tenant} ${envelope.call.id}`;
    let phase: Phase = envelope.type === "tools.listed" ? "other" : "whole";
    let begun: Begun | null = null;
    if (options.secondStage !== true && callKey !== null) {
      if (envelope.type === "call.intent") {
        phase = "begin";
        state.begun.set(callKey, {
          args: keptArguments(payload?.args),
          argsDigest: payload?.args_digest ?? null,
        });
      } else {
        begun = state.begun.get(callKey) ?? null;
        if (begun !== null) {
          phase = "end";
          state.begun.delete(callKey);
        }
      }
    }
    const time = Math.min(Date.parse(envelope.time), appendTime);
    return new RecordView(record, {
      time,
      phase,
      profile: state.tools.profileOf(record),
      begun,
      internalHosts,
    });
  }

  return {
    initialState,
    step,
    snapshot(state) {
      const saved = {
        v: SNAPSHOT_VERSION,
        rules: rules.map((rule) => [
          rule.id,
          rule.hash,
          (state.trackers.get(rule.id) ?? []).map(({ tracker }) => tracker.save()),
        ]),
        tools: state.tools.save(),
        begun: state.begun.entries(),
        told: state.feed.save(),
      };
      return new TextEncoder().encode(JSON.stringify(saved));
    },
    restore(bytes) {
      const saved = parseSnapshot(bytes);
      const state = initialState();
      for (const [id, ruleHash, trackers] of saved.rules) {
        if (rules.find((rule) => rule.id === id)?.hash !== ruleHash) continue;
        const own = state.trackers.get(id) ?? [];
        for (const [index, { tracker }] of own.entries()) tracker.load(trackers[index]);
      }
      state.tools.load(saved.tools);
      for (const [key, { args, argsDigest }] of saved.begun) state.begun.set(key, { args, argsDigest });
      state.feed.load(saved.told);
      return state;
    },
    counts(state) {
      const total = { groups: 0, evicted: state.begun.evicted + state.tools.evicted, quieted: 0 };
      for (const { tracker } of [...state.trackers.values()].flat()) {
        total.groups += tracker.counts.groups;
        total.evicted += tracker.counts.evicted;
        total.quieted += tracker.counts.quieted;
      }
      return total;
    },
  };
}

/** The gravest finding of a rule's trackers; of equal ones that of the tighter group. */
function judge(
  trackers: readonly ScopedTracker[],
  view: RecordView,
): { finding: Finding; group: Group } | null {
  let best: { finding: Finding; group: Group } | null = null;
  for (const { tracker, demote } of trackers) {
    const found = tracker.judge(view);
    if (found === null) continue;
    const finding = { ...found.finding, level: demoted(found.finding.level, demote) };
    if (best === null || SEVERITIES.indexOf(finding.level) > SEVERITIES.indexOf(best.finding.level)) {
      best = { finding, group: found.group };
    }
  }
  return best;
}

const snapshotSchema = z.object({
  v: z.literal(SNAPSHOT_VERSION),
  rules: z.array(z.tuple([z.string(), z.string(), z.array(z.unknown())])),
  tools: toolKnowledgeState,
  begun: z.array(z.tuple([z.string(), z.object({ args: z.unknown(), argsDigest: z.string().nullable() })])),
  told: factFeedState,
});

function parseSnapshot(bytes: Uint8Array): z.infer<typeof snapshotSchema> {
  try {
    return snapshotSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new TriplineError(
      "TRIPLINE_DETECTION_SNAPSHOT",
      "the bytes are no snapshot of this version: replay instead",
      {
        cause,
      },
    );
  }
}
