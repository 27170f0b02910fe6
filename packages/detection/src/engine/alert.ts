import { type Alert, alertId, type RevocationScope, SEVERITIES, type Severity } from "@tripline/events";
import type { Finding } from "../evaluators/evaluator.ts";
import type { Evidence } from "../evaluators/evidence.ts";
import { fieldText, isField } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Rule } from "../rule/rule.ts";
import { fillTemplate } from "../rule/template.ts";
import { plain } from "../text/plain.ts";
import type { Group } from "./group.ts";

const MAX_SUMMARY_CHARS = 500;
const MAX_FIELD_CHARS = 180; // of one value that is filled into the summary
const MAX_EVIDENCE = 100; // the alert schema's limit

interface Told {
  evidence: readonly Evidence[];
  facts: Readonly<Record<string, string>>;
}

/** The alert of a finding, without `detected_at`. */
export function alertOf(rule: Rule, finding: Finding, group: Group, view: RecordView): Alert {
  const { envelope } = view.record;
  const { definition } = rule;
  const told = { evidence: finding.evidence(), facts: finding.facts?.() ?? {} };
  return {
    v: 1,
    id: alertId(envelope.tenant, rule.id, group.label, finding.identity ?? envelope.id),
    tenant: envelope.tenant,
    rule: { id: rule.id, title: definition.title, hash: rule.hash },
    severity: rule.adjusted?.level ?? finding.level,
    time: envelope.time,
    record_id: envelope.id,
    group: group.label,
    ...(envelope.actor === undefined ? {} : { actor: envelope.actor }),
    ...(envelope.session === undefined ? {} : { session: envelope.session }),
    ...(envelope.target === undefined ? {} : { target: envelope.target }),
    ...ownerOf(view),
    summary: plain(
      fillTemplate(definition.tripline.summary, (name) => textOf(name, told, view)),
      MAX_SUMMARY_CHARS,
    ),
    why: definition.tripline.why.trim(),
    next: definition.tripline.next.map((each) => each.trim()),
    evidence: told.evidence.slice(-MAX_EVIDENCE),
    ...(finding.score === undefined ? {} : { score: finding.score }),
    response: responseOf(rule, finding, view),
    ...(definition.tags.length === 0 ? {} : { tags: definition.tags }),
  };
}

/** Whose server it is, where the operator said so. */
export function ownerOf({ manifest, record }: RecordView): Pick<Alert, "owner"> {
  const owner = manifest.ownerOf(record.envelope.target?.server ?? "");
  return owner === undefined ? {} : { owner };
}

export function demoted(level: Severity, grades: number): Severity {
  return SEVERITIES[Math.max(0, SEVERITIES.indexOf(level) - grades)] ?? level;
}

function textOf(name: string, told: Told, view: RecordView): string | undefined {
  const fact = told.facts[name];
  if (fact !== undefined) return plain(fact, MAX_SUMMARY_CHARS);
  const [step = "", member = ""] = name.split(".");
  const evidence = told.evidence.find((each) => each.step === step);
  const shown = evidence === undefined ? undefined : { ...evidence, "": evidence.note };
  const ofStep = Object.entries(shown ?? {}).find(([key]) => key === member)?.[1];
  const text = ofStep ?? (isField(name) ? fieldText(view, name) : undefined);
  return text === undefined ? undefined : plain(text, MAX_FIELD_CHARS);
}

function responseOf(rule: Rule, finding: Finding, view: RecordView): Alert["response"] {
  const { scope } = rule.definition.tripline.response;
  const revocable = rule.definition.tripline.response.revocable && finding.exposure !== true;
  if (scope === undefined) return { revocable };
  const subject = subjectOf(scope, view);
  // Without a subject there is nothing that could be taken away.
  return subject === undefined ? { revocable: false, scope } : { revocable, scope, subject };
}

function subjectOf(scope: RevocationScope, view: RecordView): string | undefined {
  const { actor, session, target } = view.record.envelope;
  if (scope === "credential") return actor?.credential;
  if (scope === "session") return session?.id;
  if (scope === "agent") return actor?.agent;
  if (scope === "principal") return actor?.principal;
  if (scope === "server") return target?.server;
  return target?.server === undefined || target.tool === undefined
    ? undefined
    : `${target.server}/${target.tool}`;
}
