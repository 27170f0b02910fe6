import { isObject } from "../knowledge/definition/definition-texts.ts";
import type { RecordView } from "../record/record-view.ts";

/** Pairs of tool and definition hash that a record speaks of. */
export function definitionsIn(view: RecordView): (readonly [string, string])[] {
  const { listing, target } = view.record.envelope;
  if (listing !== undefined) return listing.tools.map(({ name, definition }) => [name, definition] as const);
  return target?.tool !== undefined && target.definition !== undefined
    ? [[target.tool, target.definition]]
    : [];
}

/** The definitions themselves by the tool's name, of a listing that has them. */
export function listedDefinitions(view: RecordView): ReadonlyMap<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  for (const definition of view.record.payload?.definitions ?? []) {
    if (isObject(definition) && typeof definition.name === "string") found.set(definition.name, definition);
  }
  return found;
}
