import { fieldText } from "../record/fields.ts";
import type { RecordView } from "../record/record-view.ts";
import { plain } from "../text/plain.ts";
import { shortKey } from "../text/short-key.ts";

/** A group of records that a rule looks at together. */
export interface Group {
  /** Tells groups of all tenants apart. */
  readonly key: string;
  /** For people: `credential=local:demo, session=s1`. */
  readonly label: string;
  /** The values alone, for the key of a fact. */
  readonly value: string;
}

const MAX_LABEL_VALUE_CHARS = 512;

/**
 * The group of a record, or null when it lacks one of the fields; `name?` may be lacking. A session belongs to one
 * credential (or, where none is known, one producer), whatever id it gave itself.
 */
export function groupOf(view: RecordView, fields: readonly string[]): Group | null {
  const memo = fields.length === 1 ? (fields[0] ?? "") : fields.join();
  const known = view.groups.get(memo);
  if (known !== undefined) return known;
  const group = work(view, fields);
  view.groups.set(memo, group);
  return group;
}

/** As `groupOf`, of names that stand for fields which are called otherwise in this record. */
export function aliasedGroupOf(
  view: RecordView,
  names: readonly string[],
  fieldOf: (name: string) => string,
): Group | null {
  return work(view, names, fieldOf);
}

function work(
  view: RecordView,
  fields: readonly string[],
  fieldOf: (name: string) => string = (name) => name,
): Group | null {
  const { envelope } = view.record;
  const parts: [string, string][] = [];
  if (fields.includes("session") && !fields.includes("credential")) {
    const credential = fieldText(view, "credential");
    parts.push(credential === undefined ? ["producer", envelope.producer.id] : ["credential", credential]);
  }
  for (const field of fields) {
    const name = field.endsWith("?") ? field.slice(0, -1) : field;
    const value = fieldText(view, fieldOf(name));
    if (value !== undefined) parts.push([name, shortKey(value)]);
    else if (name === field) return null;
  }
  return new PartsGroup(envelope.tenant, parts);
}

class PartsGroup implements Group {
  readonly key: string;
  readonly #parts: readonly (readonly [string, string])[];

  constructor(tenant: string, parts: readonly (readonly [string, string])[]) {
    this.#parts = parts;
    let key = tenant;
    for (const [name, value] of parts) key += ` ${name}:${value.length}:${value}`; // lengths, so that no value can pass for two
    this.key = key;
  }

  get label(): string {
    return this.#parts.map(([name, value]) => `${name}=${plain(value, MAX_LABEL_VALUE_CHARS)}`).join(", ");
  }

  get value(): string {
    return this.#parts.map(([, value]) => value).join("/");
  }
}
