import { type Alert, SEVERITIES, type Severity } from "@tripline/events";
import { type Group, groupOf } from "../engine/group.ts";
import type { RecordView } from "../record/record-view.ts";
import type { StateTable } from "../state/state-table.ts";
import type { StateTables } from "../state/state-tables.ts";
import {
  addContribution,
  addSession,
  type Contribution,
  decayed,
  graver,
  type IncidentState,
  incidentState,
  noContributions,
} from "./contributions.ts";
import { incidentAlert } from "./incident-alert.ts";
import type { IncidentSettings } from "./settings.ts";

/** A rule's finding, as the alert that it is or would be. */
export interface ScoredFinding {
  readonly alert: Alert;
  /** `tripline.score`; where the rule does not say it, its severity's points count. */
  readonly score: number | undefined;
  /** Whether it raised an alert of its own (`tripline.alert`). */
  readonly told: boolean;
}

const MIN_RULES = 2; // one rule's findings are that rule's own business
const FORGOTTEN_AFTER_HALF_LIVES = 6; // a finding counts less than a fiftieth then
const GROUPS = [["session"], ["credential"]];

/**
 * Adds up what rules find in one session, and in all sessions of one credential. An incident is told when the points
 * cross a threshold that is graver than all that was told of the group already, and at least two rules had their part;
 * of a credential when at least two of its sessions had. Both groups lie in one partition of the events, so what is
 * found does not depend on how many there are.
 */
export class Incidents {
  readonly #settings: IncidentSettings;
  readonly #groups: StateTable<IncidentState>;

  constructor(settings: IncidentSettings, tables: StateTables) {
    this.#settings = settings;
    this.#groups = tables.table<IncidentState>(
      "incidents",
      { encode: (state) => state, decode: (json) => incidentState.parse(json) },
      { limit: settings.maxGroups, what: "incidents" },
    );
  }

  /** @param findings of one record */
  add(findings: readonly ScoredFinding[], view: RecordView): Alert[] {
    const alerts: Alert[] = [];
    const contributions = this.#contributionsOf(findings, view);
    let told: Severity | null = null;
    for (const finding of findings) {
      if (finding.told) told = told === null ? finding.alert.severity : graver(told, finding.alert.severity);
    }
    for (const fields of GROUPS) {
      const group = groupOf(view, fields);
      if (group === null) continue;
      const alert = this.#addTo(group, fields, contributions, told, view);
      if (alert === null) continue;
      alerts.push(alert);
      told = told === null ? alert.severity : graver(told, alert.severity);
    }
    return alerts;
  }

  #addTo(
    group: Group,
    fields: readonly string[],
    found: readonly Contribution[],
    told: Severity | null,
    view: RecordView,
  ): Alert | null {
    const { halfLifeMs } = this.#settings;
    const key = `${fields.join()} ${group.key}`;
    const state = this.#groups.use(key) ?? noContributions();
    this.#forget(state, view.time);
    for (const contribution of found) addContribution(state, contribution, halfLifeMs);
    const session = view.record.envelope.session?.id;
    if (session !== undefined) addSession(state, session);
    if (told !== null) tell(state, told, view.time);
    this.#groups.set(key, state);
    const isSession = fields.includes("session");
    if (state.contributions.length < MIN_RULES || (!isSession && state.sessions.length < 2)) return null;
    const severity = this.#severityOf(state, isSession ? 1 : this.#settings.credentialFactor, view.time);
    if (severity === null || !isGraver(severity, state.told)) return null;
    tell(state, severity, view.time);
    const now = state.contributions
      .map((each) => ({ ...each, points: decayed(each.points, view.time - each.t, halfLifeMs) }))
      .sort((a, b) => b.points - a.points || (a.rule < b.rule ? -1 : 1));
    return incidentAlert(now, severity, group, view);
  }

  /** Several findings of one record are one thing seen by several rules: the gravest counts whole, the others half. */
  #contributionsOf(findings: readonly ScoredFinding[], view: RecordView): Contribution[] {
    const pointsOf = ({ alert, score }: ScoredFinding): number =>
      score ?? this.#settings.points[alert.severity];
    return [...findings]
      .sort((a, b) => pointsOf(b) - pointsOf(a))
      .map((finding, index) => {
        const { alert } = finding;
        const { revocable, scope, subject } = alert.response;
        return {
          rule: alert.rule.id,
          title: alert.rule.title,
          points: index === 0 ? pointsOf(finding) : pointsOf(finding) / 2,
          t: view.time,
          count: 1,
          severity: alert.severity,
          revocable: revocable
            ? { ...(scope === undefined ? {} : { scope }), ...(subject === undefined ? {} : { subject }) }
            : null,
          evidence: alert.evidence.slice(-1).map((each) => ({ ...each, step: alert.rule.id })),
        };
      })
      .filter(({ points }) => points > 0);
  }

  #severityOf(state: IncidentState, factor: number, now: number): Severity | null {
    let total = 0;
    for (const { points, t } of state.contributions)
      total += decayed(points, now - t, this.#settings.halfLifeMs);
    let reached: Severity | null = null;
    for (const { points, severity } of this.#settings.thresholds)
      if (total >= factor * points) reached = severity;
    return reached;
  }

  #forget(state: IncidentState, now: number): void {
    const oldest = now - FORGOTTEN_AFTER_HALF_LIVES * this.#settings.halfLifeMs;
    if (state.contributions.some(({ t }) => t < oldest))
      state.contributions = state.contributions.filter(({ t }) => t >= oldest);
    if (state.told !== null && state.toldAt < oldest) state.told = null;
    if (state.contributions.length === 0) state.sessions = [];
  }
}

function tell(state: IncidentState, severity: Severity, now: number): void {
  state.told = state.told === null ? severity : graver(state.told, severity);
  state.toldAt = Math.max(state.toldAt, now);
}

function isGraver(severity: Severity, than: Severity | null): boolean {
  return than === null || SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(than);
}
