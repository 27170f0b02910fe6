import { isWhereField, WHERE_FIELDS, type WhereField } from "@tripline/verify";
import { InvalidArgumentError } from "commander";

export type WhereOptions = Partial<Record<WhereField, string>>;

/** Collects `--where FIELD=VALUE`; also `FIELD=VALUE,FIELD=VALUE`. */
export function collectWhere(text: string, before: WhereOptions = {}): WhereOptions {
  const where = { ...before };
  for (const part of text.split(/,(?=[a-z]+=)/)) {
    const [, field = "", value = ""] = /^([a-z]+)=(.+)$/s.exec(part) ?? [];
    if (!isWhereField(field))
      throw new InvalidArgumentError(
        `expected FIELD=VALUE, with one of ${Object.keys(WHERE_FIELDS).join(", ")}.`,
      );
    if (where[field] !== undefined) throw new InvalidArgumentError(`${field} is given twice.`);
    where[field] = value;
  }
  return where;
}
