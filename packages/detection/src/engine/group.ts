import { fieldText } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { plain } from "../text/plain.ts";

/** A group of records that a rule looks at together. */
export interface Group {
  /** Tells groups of all tenants apart. */
  key: string;
  /** For people: `credential=local:demo, session=s1`. */
  label: string;
  /** The values alone, for the key of a fact. */
  value: string;
}

const MAX_LABEL_VALUE_CHARS = 512;

/**
 * The group of a record, or null when it lacks one of the fields; `name?` may be lacking. A session belongs to one
 * credential (or, where none is known, one producer), whatever id it gave itself.
 */
export function groupOf(view: RecordView, fields: readonly string[]): Group | null {
  const parts: [string, string][] = [];
  if (fields.includes("session") && !fields.includes("credential")) {
    const credential = fieldText(view, "credential");
    parts.push(
      credential === undefined ? ["producer", view.record.envelope.producer.id] : ["credential", credential],
    );
  }
  for (const field of fields) {
    const optional = field.endsWith("?");
    const value = fieldText(view, optional ? field.slice(0, -1) : field);
    if (value === undefined && !optional) return null;
    if (value !== undefined) parts.push([optional ? field.slice(0, -1) : field, value]);
  }
  const label = parts.map(([name, value]) => `${name}=${plain(value, MAX_LABEL_VALUE_CHARS)}`).join(", ");
  return {
    key: JSON.stringify([view.record.envelope.tenant, ...parts.flat()]),
    label,
    value: parts.map(([, value]) => value).join("/"),
  };
}
