import { type Alert, alertId, type Severity } from "@tripline/events";
import { ownerOf } from "../engine/alert.ts";
import type { Group } from "../engine/group.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Contribution } from "./contributions.ts";

/** The rule id that incidents have in alerts. No rule's file may take it. */
export const INCIDENT_RULE = "incident";
const TITLE = "Several findings add up";
const WHY =
  "Each of these findings alone is often harmless, which is why some of them raised no alert of their own. Together, and " +
  "about the same work, they seldom are.";
const NEXT = [
  "Read the records below in their order: do they belong to one task that somebody asked for?",
  "If they do, say so by resolving the alert; lower `tripline.score` of the rule that adds noise.",
  "If nobody can explain them, end the session and see what the gravest finding's rule asks for.",
];
const MAX_EVIDENCE = 100; // the alert schema's limit
const SHOWN_RULES = 3; // in the summary; the score names all

/** @param contributions with their points as of now, the most points first */
export function incidentAlert(
  contributions: readonly Contribution[],
  severity: Severity,
  group: Group,
  view: RecordView,
): Alert {
  const { envelope } = view.record;
  const total = round(contributions.reduce((sum, { points }) => sum + points, 0));
  const revocable = contributions.find((each) => each.revocable !== null)?.revocable ?? null;
  const named = contributions.slice(0, SHOWN_RULES).map(({ title, count }) => times(title, count));
  const more = contributions.length - named.length;
  return {
    v: 1,
    id: alertId(envelope.tenant, INCIDENT_RULE, group.label, `${severity} ${envelope.id}`),
    tenant: envelope.tenant,
    rule: { id: INCIDENT_RULE, title: TITLE },
    severity,
    time: envelope.time,
    record_id: envelope.id,
    group: group.label,
    ...(envelope.actor === undefined ? {} : { actor: envelope.actor }),
    ...(envelope.session === undefined ? {} : { session: envelope.session }),
    ...(envelope.target === undefined ? {} : { target: envelope.target }),
    ...ownerOf(view),
    summary: `${contributions.length} rules found something (${total} points): ${named.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`,
    why: WHY,
    next: NEXT,
    evidence: contributions
      .flatMap(({ evidence }) => evidence)
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
      .slice(-MAX_EVIDENCE),
    score: {
      total,
      contributions: contributions.map(({ rule, points, count, severity: own }) => ({
        name: rule,
        points: round(points),
        note: `${count} ${count === 1 ? "finding" : "findings"}, at most ${own}`,
      })),
    },
    response: revocable === null ? { revocable: false } : { revocable: true, ...revocable },
  };
}

function times(title: string, count: number): string {
  return count === 1 ? title : `${title} (${count} times)`;
}

function round(points: number): number {
  return Math.round(points * 100) / 100;
}
