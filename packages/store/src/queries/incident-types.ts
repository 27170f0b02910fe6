import type { Incident, IncidentState, Severity, WhatWasDone } from "@tripline/events";
import type { SourcePosition } from "./types.ts";

export interface IncidentFilter {
  /** Inclusive: its latest alert is from then or later. */
  since?: string | undefined;
  /** Exclusive: it was opened before. */
  until?: string | undefined;
  state?: IncidentState | readonly IncidentState[] | undefined;
  severity?: Severity | readonly Severity[] | undefined;
  rule?: string | undefined;
  credential?: string | undefined;
  server?: string | undefined;
}

/** An incident in its newest version, told by the gravest of its alerts. */
export interface IncidentRow {
  id: string;
  version: number;
  rule_id: string;
  rule_title: string;
  subject: string;
  severity: Severity;
  state: IncidentState;
  opened_at: string;
  last_alert_at: string;
  updated_at: string;
  /** How many alerts. */
  alerts: number;
  escalation: number;
  /** The mute that keeps its notices back. */
  muted: string | null;
  summary: string;
  why: string;
  principal: string | null;
  agent: string | null;
  credential: string | null;
  team: string | null;
  session: string | null;
  server: string | null;
  tool: string | null;
  environment: string | null;
  done_kind: WhatWasDone["kind"];
  done_reason: string;
  revocation_id: string | null;
}

export interface IncidentDetail {
  incident: Incident;
  source: SourcePosition;
}

/** How many incidents are in a state, by severity. */
export interface IncidentCounts {
  counts: { state: IncidentState; severity: Severity; incidents: number }[];
  /** Names the newest change of any incident: another one is another text. Null: there are no incidents. */
  newest: string | null;
}
