import { type RulesChanged, TriplineError } from "@tripline/events";
import { type Manifest, NO_MANIFEST } from "../knowledge/manifest.ts";
import { parseManifest } from "../knowledge/parse-manifest.ts";
import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import { MANIFEST_FILE, SETTINGS_FILE } from "./compose.ts";
import { type RuleSetContent, type RuleSetProblem, ruleSetHash } from "./content.ts";
import { compileException, type Exception } from "./exceptions.ts";
import { adjustmentOf, NO_SETTINGS, parseRuleSettings, type RuleSettings } from "./settings.ts";

/** A set of rules, ready to judge. */
export interface RuleSet {
  readonly content: RuleSetContent;
  readonly hash: string;
  /** Those that are on, in the order of their names. */
  readonly rules: readonly Rule[];
  readonly manifest: Manifest;
  /** What another version of Tripline put into the set and this one can't read: it is not judged here. */
  readonly unreadable: readonly RuleSetProblem[];
}

/** Deterministic: the same content gives the same rules. */
export function compileRuleSet(content: RuleSetContent): RuleSet {
  const unreadable: RuleSetProblem[] = [];
  const attempt = <T>(file: string, make: () => T): T | null => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      unreadable.push({ file, message: error.message });
      return null;
    }
  };
  const settings = settingsOf(content, attempt);
  const exceptions = exceptionsOf(content, unreadable);
  const rules: Rule[] = [];
  for (const { since, file, text } of content.rules) {
    if (since === null) continue;
    const rule = attempt(file, () => parseRule(text, file, content.rules));
    if (rule === null) continue;
    const adjusted = adjustmentOf(settings, exceptions, rule.id);
    rules.push({ ...rule, since, ...(adjusted === undefined ? {} : { adjusted }) });
  }
  const manifest = manifestOf(content, attempt);
  return { content, hash: ruleSetHash(content), rules, manifest, unreadable };
}

function manifestOf(
  { manifest }: RuleSetContent,
  attempt: (file: string, make: () => Manifest) => Manifest | null,
): Manifest {
  if (manifest === null) return NO_MANIFEST;
  return attempt(MANIFEST_FILE, () => parseManifest(manifest, MANIFEST_FILE)) ?? NO_MANIFEST;
}

function settingsOf(
  { settings }: RuleSetContent,
  attempt: (file: string, make: () => RuleSettings) => RuleSettings | null,
): RuleSettings {
  if (settings === null) return NO_SETTINGS;
  return attempt(SETTINGS_FILE, () => parseRuleSettings(settings, SETTINGS_FILE)) ?? NO_SETTINGS;
}

function exceptionsOf({ exceptions = [] }: RuleSetContent, unreadable: RuleSetProblem[]): Exception[] {
  return exceptions.flatMap((source) => {
    try {
      return [compileException(source)];
    } catch (error) {
      if (!(error instanceof RuleProblem)) throw error;
      unreadable.push({ file: `exception ${source.id}`, message: error.message });
      return [];
    }
  });
}

/** What the `rules.changed` record says of the set. */
export function rulesChangedOf({ content, hash, rules }: RuleSet, generation: string): RulesChanged {
  const shipped = new Map(content.rules.map(({ id, shipped }) => [id, shipped]));
  return {
    number: content.number,
    set: hash,
    generation,
    list: rules.map(({ id, hash: ruleHash, since, adjusted, definition }) => ({
      id,
      hash: ruleHash,
      since: since ?? content.number,
      level: adjusted?.level ?? definition.level,
      shipped: shipped.get(id) === true,
    })),
    disabled: content.rules.filter(({ since }) => since === null).map(({ id }) => id),
    exceptions:
      (content.settings === null ? 0 : parseRuleSettings(content.settings, SETTINGS_FILE).exceptions.length) +
      (content.exceptions?.length ?? 0),
    problems: content.problems,
  };
}
