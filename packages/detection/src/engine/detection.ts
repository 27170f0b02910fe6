import {
  type Alert,
  type Envelope,
  eventKey,
  IN_DOUBT_PRODUCER,
  SEVERITIES,
  type Severity,
  type TriplineRecord,
} from "@tripline/events";
import { z } from "zod";
import { takeUpStatement } from "../baseline/statements.ts";
import type { Finding } from "../evaluators/evaluator.ts";
import { Incidents, type ScoredFinding } from "../incident/incidents.ts";
import { DEFAULT_INCIDENTS, type IncidentSettings } from "../incident/settings.ts";
import { type Manifest, NO_MANIFEST } from "../knowledge/manifest.ts";
import { keptArguments } from "../record/arguments.ts";
import { timeOf } from "../record/record-time.ts";
import { type Begun, type Phase, RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";
import type { StateTable } from "../state/state-table.ts";
import { StateTables } from "../state/state-tables.ts";
import { alertOf, demoted } from "./alert.ts";
import { Dispatch, keyedFieldsOf } from "./dispatch.ts";
import { type FactDraft, FactFeed } from "./fact-feed.ts";
import type { Group } from "./group.ts";
import { ToolKnowledge } from "./tool-knowledge.ts";
import { type RuleTrackers, type ScopedTracker, trackersOf } from "./trackers.ts";

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
  /** What the operator says of servers and tools; its internal hosts and trust add to the two above. */
  manifest?: Manifest;
  /** True in the second stage: facts are chosen already, and each is judged as a whole call. */
  secondStage?: boolean;
  /** How findings add up to incidents; null: they do not. In the second stage they never do. */
  incidents?: IncidentSettings | null;
  /** Sees each record as rules do, before they judge it: for who explains. */
  onView?: (view: RecordView) => void;
  /** True: rules that say `tripline.alert: false` raise their alerts all the same, to be tested. */
  tellAll?: boolean;
}

/** What detection remembers. Owned by whoever made it: `step` changes it in place. */
export interface DetectionState {
  readonly trackers: readonly RuleTrackers[];
  /** Those of rules that time can complete. */
  readonly timed: readonly RuleTrackers[];
  /** Which of the trackers a record concerns. */
  readonly dispatch: Dispatch<RuleTrackers>;
  readonly tools: ToolKnowledge;
  /** Intents whose call has not ended, by the events topic's key and the call. */
  readonly begun: StateTable<Begun>;
  readonly feed: FactFeed;
  /** Null where findings do not add up. */
  readonly incidents: Incidents | null;
  /** Since this state was made; not part of what is written. */
  readonly excepted: { count: number };
  /** All of the above, to be written and restored. */
  readonly tables: StateTables;
}

/** What the rules say against one record, told or not. */
export interface Objection {
  rule: { id: string; title: string };
  severity: Severity;
}

export interface DetectionStep {
  state: DetectionState;
  alerts: Alert[];
  facts: FactDraft[];
  /**
   * The gravest finding that this record completes, also one that raises no alert because its group is quiet: a second
   * try is as harmful as the first. Findings that the settings except, and of rules that raise no alerts, do not count.
   */
  gravest: Objection | null;
}

export interface DetectionCounts {
  groups: number;
  /** What was forgotten for lack of room while it still mattered: groups, intents, listings, told values. */
  evicted: number;
  /** Findings not repeated because their group had just had an alert. */
  quieted: number;
  /** Findings that the operator's settings except. */
  excepted: number;
}

export interface Detection {
  /**
   * @param tables where the state is kept; default: new ones. With what they load, a state behaves as the one that was
   *   written, on all further records. State of rules that have changed since starts empty; that of rules that are gone
   *   is dropped.
   */
  initialState(tables?: StateTables): DetectionState;
  /** Judges the next record of a partition. Deterministic: the same inputs in the same order give the same alerts. */
  step(state: DetectionState, input: DetectionInput): DetectionStep;
  /**
   * The log took something at `appendTime` (ms since the epoch) that rules do not judge: what time has completed until
   * then is found. `step` does so by itself.
   */
  advance(state: DetectionState, appendTime: number): Alert[];
  counts(state: DetectionState): DetectionCounts;
}

const MAX_BEGUN = 20_000; // calls in flight; beyond it the oldest intent's arguments are forgotten
const NONE: readonly never[] = [];
const begunState = z.object({ args: z.unknown(), argsDigest: z.string().nullable() });

export function createDetection(rules: readonly Rule[], options: DetectionOptions = {}): Detection {
  const feeds = options.feeds ?? [];
  const manifest = options.manifest ?? NO_MANIFEST;
  const internalHosts = [
    ...(options.internalHosts ?? []).map((host) => host.toLowerCase()),
    ...manifest.internalHosts,
  ];
  const isTrusted = (server: string): boolean =>
    options.isTrustedServer?.(server) === true || manifest.isTrusted(server);
  const incidents =
    options.secondStage === true
      ? null
      : options.incidents === undefined
        ? DEFAULT_INCIDENTS
        : options.incidents;

  const keyedFields = keyedFieldsOf([...rules, ...feeds]);

  function initialState(tables = new StateTables()): DetectionState {
    const trackers = rules.map((rule) => trackersOf(rule, tables));
    return {
      trackers,
      timed: trackers.filter((each) => each.trackers.some(({ tracker }) => tracker.expire !== undefined)),
      dispatch: new Dispatch(trackers, keyedFields),
      tools: new ToolKnowledge(tables, isTrusted, manifest),
      begun: tables.table<Begun>(
        "begun",
        { encode: (begun) => begun, decode: (json) => begunState.parse(json) },
        { limit: MAX_BEGUN, what: "intents" },
      ),
      feed: new FactFeed(feeds, tables, keyedFields),
      incidents: incidents === null ? null : new Incidents(incidents, tables),
      excepted: { count: 0 },
      tables,
    };
  }

  function step(state: DetectionState, input: DetectionInput): DetectionStep {
    const { envelope } = input.record;
    const alerts = advance(state, input.appendTime);
    if (envelope.type === "statement") takeUpStatement(state, viewOf(state, input));
    if (envelope.type !== "call" && envelope.type !== "call.intent" && envelope.type !== "tools.listed") {
      return { state, alerts, facts: [], gravest: null };
    }
    if (envelope.type === "tools.listed") state.tools.learn(input.record);
    const view = viewOf(state, input);
    if (view.isClosing && view.phase !== "end") return { state, alerts, facts: [], gravest: null };
    options.onView?.(view);
    const findings: ScoredFinding[] = [];
    let gravest: Objection | null = null;
    for (const { rule, trackers } of state.dispatch.concernedBy(view, envelope)) {
      if (input.rules !== undefined && !input.rules.includes(rule.id)) continue;
      const found = judge(trackers, view);
      if (found === null) continue;
      gravest = graverOf(gravest, objectionOf(rule, found.gravest, view));
      if (found.told !== null) tell(state, { rule, ...found.told, view }, alerts, findings);
    }
    if (findings.length > 0 && state.incidents !== null) {
      const incidents = state.incidents.add(findings, view);
      alerts.push(...incidents);
      for (const { rule, severity } of incidents) gravest = graverOf(gravest, { rule, severity });
    }
    return {
      state,
      alerts,
      facts: feeds.length === 0 || view.isClosing ? [] : state.feed.factsOf(view, envelope),
      gravest,
    };
  }

  function objectionOf(rule: Rule, finding: Finding, view: RecordView): Objection | null {
    const { tripline, title } = rule.definition;
    if (!tripline.alert && options.tellAll !== true) return null;
    if (rule.adjusted?.isExcepted(view) === true) return null;
    return { rule: { id: rule.id, title }, severity: rule.adjusted?.level ?? finding.level };
  }

  function tell(
    state: DetectionState,
    { rule, finding, group, view }: { rule: Rule; finding: Finding; group: Group; view: RecordView },
    alerts: Alert[],
    findings: ScoredFinding[],
  ): void {
    if (rule.adjusted?.isExcepted(view) === true) {
      state.excepted.count += 1;
      return;
    }
    const alert = alertOf(rule, finding, group, view);
    const { score, alert: tells } = rule.definition.tripline;
    const told = tells || options.tellAll === true;
    if (told) alerts.push(alert);
    // Of wider rules this partition has not seen all, unless it is the only one.
    if (rule.stage === 1) findings.push({ alert, score, told });
  }

  function advance(state: DetectionState, appendTime: number): Alert[] {
    const alerts: Alert[] = [];
    for (const { rule, trackers } of state.timed) {
      for (const { tracker } of trackers) {
        for (const { expired, group } of tracker.expire?.(appendTime) ?? NONE) {
          const { finding, envelope, time } = expired;
          const record = { envelope: { ...envelope, time: new Date(time).toISOString() } };
          const view = viewOf(state, { record, appendTime: time });
          const findings: ScoredFinding[] = [];
          tell(state, { rule, finding, group, view }, alerts, findings);
          if (findings.length > 0 && state.incidents !== null)
            alerts.push(...state.incidents.add(findings, view));
        }
      }
    }
    return alerts;
  }

  function viewOf(state: DetectionState, { record, appendTime }: DetectionInput): RecordView {
    const { envelope, payload } = record;
    let phase: Phase = envelope.type === "tools.listed" ? "other" : "whole";
    let begun: Begun | null = null;
    if (options.secondStage !== true && envelope.call !== undefined) {
      if (envelope.type === "call.intent") {
        phase = "begin";
        state.begun.set(callKey(envelope, envelope.call), {
          args: keptArguments(payload?.args),
          argsDigest: payload?.args_digest ?? null,
        });
      } else if (state.begun.size > 0) {
        const key = callKey(envelope, envelope.call);
        begun = state.begun.peek(key) ?? null;
        if (begun !== null) {
          phase = "end";
          // A call in doubt may still end: its own record then wants the arguments.
          if (envelope.producer.id !== IN_DOUBT_PRODUCER) state.begun.delete(key);
        }
      }
    }
    const time = Math.min(timeOf(envelope.time), appendTime);
    return new RecordView(record, {
      time,
      appendTime,
      phase,
      listed: state.tools.listedOf(record),
      tools: state.tools,
      begun,
      internalHosts,
      keyedFields,
      manifest,
    });
  }

  return {
    initialState,
    step,
    advance,
    counts(state) {
      const total = { groups: 0, evicted: 0, quieted: 0, excepted: state.excepted.count };
      for (const count of state.tables.forgotten.values()) total.evicted += count;
      for (const { tracker } of state.trackers.flatMap(({ trackers }) => trackers)) {
        total.groups += tracker.counts.groups;
        total.quieted += tracker.counts.quieted;
      }
      return total;
    },
  };
}

/** Within a key of the events topic: another's intent must not count as this call's, whoever shares the partition. */
function callKey(envelope: Envelope, { id }: { id: string }): string {
  return `${eventKey(envelope)} ${id}`;
}

function graverOf(before: Objection | null, found: Objection | null): Objection | null {
  if (before === null || found === null) return before ?? found;
  return SEVERITIES.indexOf(found.severity) > SEVERITIES.indexOf(before.severity) ? found : before;
}

interface FoundByRule {
  /** Of those that are not quiet the gravest, of equal ones that of the tighter group. */
  told: { finding: Finding; group: Group } | null;
  gravest: Finding;
}

/** What a rule's trackers find, one of which is concerned. */
function judge(trackers: readonly ScopedTracker[], view: RecordView): FoundByRule | null {
  let found: FoundByRule | null = null;
  for (const { tracker, demote } of trackers) {
    const judged = tracker.judge(view, trackers.length === 1);
    if (judged === null) continue;
    const finding = { ...judged.finding, level: demoted(judged.finding.level, demote) };
    found ??= { told: null, gravest: finding };
    if (isGraver(finding, found.gravest)) found.gravest = finding;
    if (judged.told && (found.told === null || isGraver(finding, found.told.finding))) {
      found.told = { finding, group: judged.group };
    }
  }
  return found;
}

function isGraver(finding: Finding, than: Finding): boolean {
  return SEVERITIES.indexOf(finding.level) > SEVERITIES.indexOf(than.level);
}
