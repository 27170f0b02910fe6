import { isObject } from "../knowledge/definition/definition-texts.ts";
import type { RecordView } from "../record/record-view.ts";
import type { Evaluation } from "../rule/evaluation.ts";
import type { Selection } from "../rule/selection.ts";
import { shortKey } from "../text/short-key.ts";

/** Pairs of tool and definition hash that a record speaks of. */
export function definitionsIn(view: RecordView): (readonly [string, string])[] {
  const { listing, target } = view.record.envelope;
  if (listing !== undefined) return listing.tools.map(({ name, definition }) => [name, definition] as const);
  return target?.tool !== undefined && target.definition !== undefined
    ? [[target.tool, target.definition]]
    : [];
}

/** Of rules that look at what servers list: which records those are, and that each listing of a server is needed once. */
export function ofListings(
  selection: Selection,
): Required<Pick<Evaluation, "selection" | "concerns" | "once">> {
  return {
    selection,
    concerns: (view) => view.phase === "other" && selection.matches(view),
    once(view) {
      const definitions = definitionsIn(view);
      const server = view.record.envelope.target?.server ?? "";
      return {
        key: JSON.stringify([shortKey(server), definitions.map(([tool]) => shortKey(tool))]),
        value: definitions.map(([, hash]) => shortKey(hash)).join("\n"),
      };
    },
  };
}

/** The definitions themselves by the tool's name, of a listing that has them. */
export function listedDefinitions(view: RecordView): ReadonlyMap<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  for (const definition of view.record.payload?.definitions ?? []) {
    if (isObject(definition) && typeof definition.name === "string") found.set(definition.name, definition);
  }
  return found;
}
