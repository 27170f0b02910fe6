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
 * @param memo the fields joined, for who asks often
 */
export function groupOf(view: RecordView, fields: readonly string[], memo = fields.join()): Group | null {
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
  fieldOf: (name: string) => string = itself,
): Group | null {
  const { envelope } = view.record;
  const parts: string[] = [];
  if (fields.includes("session") && !fields.includes("credential")) {
    const credential = fieldText(view, "credential");
    if (credential === undefined) parts.push("producer", envelope.producer.id);
    else parts.push("credential", credential);
  }
  for (const field of fields) {
    const name = field.endsWith("?") ? field.slice(0, -1) : field;
    const value = fieldText(view, fieldOf(name));
    if (value !== undefined) parts.push(name, shortKey(value));
    else if (name === field) return null;
  }
  return new PartsGroup(envelope.tenant, parts);
}

function itself(name: string): string {
  return name;
}

class PartsGroup implements Group {
  readonly key: string;
  /** Names and values in turn. */
  readonly #parts: readonly string[];

  constructor(tenant: string, parts: readonly string[]) {
    this.#parts = parts;
    let key = tenant;
    for (let at = 0; at < parts.length; at += 2) {
      const value = parts[at + 1] ?? "";
      key += ` ${parts[at]}:${value.length}:${value}`; // lengths, so that no value can pass for two
    }
    this.key = key;
  }

  get label(): string {
    const { names, values } = this.#named();
    return names.map((name, at) => `${name}=${plain(values[at] ?? "", MAX_LABEL_VALUE_CHARS)}`).join(", ");
  }

  get value(): string {
    return this.#named().values.join("/");
  }

  #named(): { names: string[]; values: string[] } {
    return {
      names: this.#parts.filter((_part, at) => at % 2 === 0),
      values: this.#parts.filter((_part, at) => at % 2 === 1),
    };
  }
}
