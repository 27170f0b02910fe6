import { randomBytes } from "node:crypto";
import { problemOfWhere } from "@tripline/detection";
import {
  canonicalJson,
  type Incident,
  PIPELINE_RULES,
  type Redactor,
  type RuleException,
  uuidv7,
} from "@tripline/events";
import { isNarrow, ownValuesLiterally, proposedWhere } from "@tripline/response";
import { HttpError, type ServiceContext } from "@tripline/service";
import type { ControlsView, ControlsWriter } from "../controls/index.ts";
import type { DecisionRecords } from "../decision-records.ts";
import { checkUntil, MAX_SUBJECT_CHARS } from "./until.ts";

const MAX_LASTS_MS = 92 * 24 * 3600 * 1000; // a quarter: then somebody looks again whether it is still so
const MAX_OF_TENANT = 500; // each is tried on every finding of its rule
const MAX_WHERE_CHARS = 8192;

export interface ExceptionsDeskOptions {
  view: ControlsView;
  writer: ControlsWriter;
  records: DecisionRecords;
  context: Pick<ServiceContext, "now">;
}

/** Exceptions of rules that people made of false positives. The detector takes them in from the controls topic. */
export class ExceptionsDesk {
  readonly #options: ExceptionsDeskOptions;

  constructor(options: ExceptionsDeskOptions) {
    this.#options = options;
  }

  /** Those that have not ended, the oldest first. */
  all(tenant: string): RuleException[] {
    const now = this.#options.context.now();
    return this.#options.view.all(tenant, "exception").filter(({ until }) => Date.parse(until) > now);
  }

  /**
   * @param asked.where a selection over the completing record; undefined: what the incident's alert proposes
   * @throws HttpError 400 for a selection that is none, too wide or holds a secret, 409 for what can't be excepted
   */
  async add(
    incident: Incident,
    asked: {
      where: Record<string, unknown> | undefined;
      until: string;
      reason: string;
      by: string;
      redactor: Redactor;
    },
  ): Promise<RuleException> {
    const { view, writer, records, context } = this.#options;
    const { tenant, rule, id } = incident;
    const now = context.now();
    checkRule(rule.id);
    const where = whereOf(incident, asked.where);
    checkWhere(where, incident, asked.redactor);
    if (view.all(tenant, "exception").length >= MAX_OF_TENANT) {
      throw new HttpError(
        409,
        "TRIPLINE_EXCEPTIONS_FULL",
        `there are ${MAX_OF_TENANT} exceptions already: remove some, or change the rule`,
      );
    }
    const exception: RuleException = {
      v: 1,
      kind: "exception",
      id: uuidv7(now, randomBytes(10)),
      tenant,
      by: asked.by,
      at: new Date(now).toISOString(),
      reason: asked.reason,
      rule: rule.id,
      where,
      until: checkUntil(asked.until, now, MAX_LASTS_MS),
      incident_id: id,
    };
    await writer.write(exception);
    await records.write(tenant, decisionAbout(exception, "exception_added", asked.by, asked.reason));
    return exception;
  }

  /** @throws HttpError 404 where the tenant has none with this id */
  async remove(tenant: string, id: string, by: string, reason: string): Promise<void> {
    const { view, writer, records } = this.#options;
    const known = view.get(tenant, "exception", id);
    if (known === undefined) {
      throw new HttpError(404, "TRIPLINE_EXCEPTION_UNKNOWN", "there is no exception with this id");
    }
    await writer.remove(known);
    await records.write(tenant, decisionAbout(known, "exception_removed", by, reason));
  }
}

function whereOf(incident: Incident, asked: Record<string, unknown> | undefined): Record<string, unknown> {
  const where =
    asked === undefined ? proposedWhere(incident.alert) : ownValuesLiterally(asked, incident.alert);
  if (where !== null) return where;
  throw new HttpError(
    400,
    "TRIPLINE_REQUEST_INVALID",
    "body/where: the alert names no credential, server or tool to propose; say what is to be excepted",
  );
}

function checkRule(rule: string): void {
  if (rule !== "incident" && !Object.hasOwn(PIPELINE_RULES, rule)) return;
  throw new HttpError(
    409,
    "TRIPLINE_RULE_NOT_EXCEPTED",
    rule === "incident"
      ? "these are findings of several rules that add up: except the rule that is wrong"
      : "this is a finding about the record itself, and no rule's: mute it, or mend what it is about",
  );
}

function checkWhere(where: Record<string, unknown>, { alert }: Incident, redactor: Redactor): void {
  const problem =
    canonicalJson(where).length > MAX_WHERE_CHARS
      ? `expected at most ${MAX_WHERE_CHARS} characters`
      : (problemOfWhere(where) ?? widthProblem(where) ?? secretProblem(where, alert, redactor));
  if (problem !== null) throw new HttpError(400, "TRIPLINE_REQUEST_INVALID", `body/where: ${problem}`);
}

function widthProblem(where: Record<string, unknown>): string | null {
  return isNarrow(where)
    ? null
    : "name at least one credential, principal, agent, session, server or tool without wildcards; to switch a rule off, use rules.yaml";
}

/** It is compared with what comes, so it can't be redacted. What the alert says was redacted before. */
function secretProblem(where: unknown, alert: Incident["alert"], redactor: Redactor): string | null {
  const known = JSON.stringify([alert.actor, alert.session, alert.target]);
  const isSecret = textsIn(where).some(
    (text) => !known.includes(JSON.stringify(text)) && redactor.redactText(text).value !== text,
  );
  return isSecret ? "a value looks like a secret" : null;
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}

function decisionAbout(
  { id, rule, where, incident_id }: RuleException,
  kind: "exception_added" | "exception_removed",
  by: string,
  reason: string,
) {
  return {
    kind,
    reason,
    by,
    rule_id: rule,
    incident_id,
    subject: `${id} ${canonicalJson(where)}`.slice(0, MAX_SUBJECT_CHARS),
  };
}
