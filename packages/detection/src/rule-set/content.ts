import { hash } from "node:crypto";
import { canonicalJson, type RulesChanged, TriplineError } from "@tripline/events";
import { z } from "zod";

/**
 * What a set of rules is made of: the text of every file, so that whoever judges by it needs nothing else, and finds the
 * same alerts years later. It takes effect through a `rules.changed` record that names its hash.
 */

const ruleSource = z.strictObject({
  id: z.string(),
  file: z.string(),
  shipped: z.boolean(),
  text: z.string(),
  /** Number of the set that this version came with; null while the settings switch it off. */
  since: z.int().nullable(),
});
export type RuleSource = z.infer<typeof ruleSource>;

const exceptionSource = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  rule: z.string(),
  where: z.record(z.string(), z.unknown()),
  until: z.string(),
});

const problem = z.strictObject({ file: z.string(), message: z.string() });
export type RuleSetProblem = z.infer<typeof problem>;

const ruleSetContent = z.strictObject({
  v: z.literal(1),
  number: z.int().min(1),
  /** When it was made, RFC 3339. */
  at: z.string(),
  /** In the order of their names. */
  rules: z.array(ruleSource),
  /** Text of `rules.yaml`. */
  settings: z.string().nullable(),
  /** Made at run time, in the order of their ids; absent where there is none. */
  exceptions: z.array(exceptionSource).optional(),
  /** Text of the manifest of servers and tools. */
  manifest: z.string().nullable(),
  world: z.strictObject({ internal_hosts: z.array(z.string()), trusted_servers: z.array(z.string()) }),
  problems: z.array(problem),
});
export type RuleSetContent = z.infer<typeof ruleSetContent>;

export function encodeRuleSet(content: RuleSetContent): string {
  return canonicalJson(content);
}

/** @throws TriplineError TRIPLINE_RULE_SET_INVALID for what is no set, or not the one of this hash */
export function decodeRuleSet(text: string, expectedHash: string): RuleSetContent {
  try {
    if (hash("sha256", text, "hex") === expectedHash) return ruleSetContent.parse(JSON.parse(text));
  } catch (cause) {
    throw new TriplineError("TRIPLINE_RULE_SET_INVALID", "a stored set of rules is not of this version", {
      cause,
    });
  }
  throw new TriplineError("TRIPLINE_RULE_SET_INVALID", "a stored set of rules is not what its hash says");
}

/** Tells sets apart: SHA-256 (hex) of all that is in it. */
export function ruleSetHash(content: RuleSetContent): string {
  return hash("sha256", encodeRuleSet(content), "hex");
}

/** Whether two sets come from the same files and settings, whenever they were made. */
export function sameSources(a: RuleSetContent, b: RuleSetContent): boolean {
  return sourcesOf(a) === sourcesOf(b);
}

function sourcesOf({ rules, settings, exceptions, manifest, world, problems }: RuleSetContent): string {
  const files = rules.map(({ since: _since, ...source }) => source);
  return canonicalJson({ files, settings, exceptions, manifest, world, problems });
}

/** A later set counts more; of two with one number, the greater hash, so that all agree whatever the order. */
export function isLaterSet(
  a: Pick<RulesChanged, "number" | "set">,
  b: Pick<RulesChanged, "number" | "set">,
): boolean {
  return a.number === b.number ? a.set > b.set : a.number > b.number;
}
