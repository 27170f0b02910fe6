import { hash } from "node:crypto";
import { canonicalJson, type Redactor } from "@tripline/events";

const MAX_QUERY_CHARS = 2048; // the limit of `access.query`
const FREE_TEXT = new Set(["text", "cursor"]); // it is content or names people; its hash can still be compared
const SUBJECT_ID = /^sub_[0-9a-f]{32}$/;

/**
 * A question as the access record holds it: canonical JSON of the filters, free text, names of people and cursors
 * replaced by their SHA-256, secrets anywhere else by their tokens. Equal questions have equal texts, while the
 * redaction key is the same.
 */
export function canonicalQuery(
  filters: Readonly<Record<string, unknown>>,
  redactor: Pick<Redactor, "redactText">,
): string {
  const redacted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(redacted);
    return typeof value === "string" ? redactor.redactText(value).value : value;
  };
  const shown = Object.fromEntries(
    Object.entries(filters)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, hidden(key, value) ? digest(value) : redacted(value)]),
  );
  const text = canonicalJson(shown);
  return text.length <= MAX_QUERY_CHARS ? text : canonicalJson({ query: digest(text) });
}

/** A principal's name is a person's; their subject id may stand in an envelope. */
function hidden(key: string, value: unknown): boolean {
  return (
    FREE_TEXT.has(key) || (key === "principal" && !(typeof value === "string" && SUBJECT_ID.test(value)))
  );
}

function digest(value: unknown): string {
  return `sha256:${hash("sha256", typeof value === "string" ? value : canonicalJson(value), "hex")}`;
}
