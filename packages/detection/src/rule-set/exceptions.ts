import type { RecordView } from "../record/record-view.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import { compileSelection, type Selection } from "../rule/selection.ts";

/** What a tenant's people decided at run time to be no alert although a rule finds it. */
export interface ExceptionSource {
  id: string;
  tenant: string;
  rule: string;
  /** A selection over the record that would complete the alert. */
  where: Record<string, unknown>;
  /** When it ends, by the records' time, RFC 3339. */
  until: string;
}

/** An exception, compiled. */
export interface Exception {
  rule: string;
  /** Only this tenant's records; undefined: everybody's. */
  tenant?: string;
  selection: Selection;
  untilMs: number;
}

/** Records may come late: an exception judges on for so long after its end, by the records' time. */
export const LATE_RECORDS_MS = 3600_000;

/** @throws RuleProblem when the selection can't be one */
export function compileException({ rule, tenant, where, until }: ExceptionSource): Exception {
  return { rule, tenant, selection: compileSelection(where, ["where"]), untilMs: Date.parse(until) };
}

/** What is wrong with the selection of an exception, in words; null where it can be one. */
export function problemOfWhere(where: unknown): string | null {
  try {
    compileSelection(where, ["where"]);
    return null;
  } catch (error) {
    if (!(error instanceof RuleProblem)) throw error;
    return `${error.path.join(".")}: ${error.message}`;
  }
}

export function covers({ tenant, selection, untilMs }: Exception, view: RecordView): boolean {
  const isOwn = tenant === undefined || view.record.envelope.tenant === tenant;
  return isOwn && view.time < untilMs && selection.matches(view);
}
