import { z } from "zod";
import type { ArgumentRole } from "../knowledge/argument-role.ts";
import type { RecordView } from "../record/record-view.ts";
import { kindOfToken, redactionTokensIn } from "../text/features.ts";
import { plain } from "../text/plain.ts";

/** One call of an alert's evidence, as it is kept in state: no captured text but a short note. */
export const evidenceState = z.object({
  record_id: z.string(),
  step: z.string(),
  time: z.string(),
  server: z.string().optional(),
  tool: z.string().optional(),
  outcome: z.string().optional(),
  note: z.string().optional(),
});
export type Evidence = z.infer<typeof evidenceState>;

export function evidenceOf(view: RecordView, step: string, note = noteOf(view)): Evidence {
  const { id, time, target } = view.record.envelope;
  const evidence: Evidence = { record_id: id, step, time };
  if (target?.server !== undefined) evidence.server = target.server;
  if (target?.tool !== undefined) evidence.tool = target.tool;
  if (view.outcome !== undefined) evidence.outcome = view.outcome;
  evidence.note = note;
  return evidence;
}

const MAX_VALUE_CHARS = 120; // a path or address fits; a pasted document does not
const MAX_KINDS = 4;

let described = { serial: 0, note: "" }; // several rules remember one record one after the other

function noteOf(view: RecordView): string {
  if (described.serial !== view.serial) described = { serial: view.serial, note: describe(view) };
  return described.note;
}

/** One line a person understands: `read_file ~/.ssh/id_rsa (returned a private key, redacted)`. */
export function describe(view: RecordView): string {
  const subject = mainArgument(view);
  const remarks: string[] = [];
  const returned = kinds(view.result);
  const sent = kinds(view.argsText);
  if (sent !== "") remarks.push(`sent ${sent}, redacted`);
  if (returned !== "") remarks.push(`returned ${returned}, redacted`);
  if (returned === "" && view.argumentEffects.secretPath !== null)
    remarks.push("a file that usually holds keys");
  const tool = view.record.envelope.target?.tool ?? view.record.envelope.type;
  return plain(
    `${tool}${subject === "" ? "" : ` ${subject}`}${remarks.length === 0 ? "" : ` (${remarks.join("; ")})`}`,
    300,
  );
}

const SUBJECT_OF_ACT: readonly ArgumentRole[] = ["destination", "path", "code", "id", "query", "other"];
const SUBJECT_OF_READ: readonly ArgumentRole[] = ["path", "destination", "code", "query", "id", "other"];

/** What the call is about: where an act goes, what a read reads. */
function mainArgument({ args, profile }: RecordView): string {
  for (const wanted of profile.acts ? SUBJECT_OF_ACT : SUBJECT_OF_READ) {
    const found = args.find(({ role }) => role === wanted);
    if (found !== undefined) return plain(found.text, MAX_VALUE_CHARS);
  }
  return "";
}

function kinds(text: string): string {
  const found = [...new Set(redactionTokensIn(text).map((token) => kindOfToken(token).replaceAll("_", " ")))];
  return found
    .slice(0, MAX_KINDS)
    .map((kind) => `a ${kind}`)
    .join(", ");
}
