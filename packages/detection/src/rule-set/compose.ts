import { TriplineError } from "@tripline/events";
import { parseManifest } from "../knowledge/parse-manifest.ts";
import { parseRule } from "../rule/parse-rule.ts";
import type { Rule } from "../rule/rule.ts";
import type { RuleSetContent, RuleSetProblem, RuleSource } from "./content.ts";
import { type ExceptionSource, LATE_RECORDS_MS, problemOfWhere } from "./exceptions.ts";
import { NO_SETTINGS, parseRuleSettings, type RuleSettings, unknownNames } from "./settings.ts";

/** The operator's settings file, beside their rules. */
export const SETTINGS_FILE = "rules.yaml";
/** What problems call the manifest, wherever it lies. */
export const MANIFEST_FILE = "manifest.yaml";

/** Files as they lie on a disk. `file` is relative to the directory of the shipped rules, or to the operator's. */
export interface RuleFiles {
  shipped: readonly { file: string; text: string }[];
  own: readonly { file: string; text: string }[];
  settings: string | null;
  manifest: string | null;
  /** What people excepted at run time. */
  exceptions?: readonly ExceptionSource[];
  world: RuleSetContent["world"];
  /** What could not be read at all. */
  problems: readonly RuleSetProblem[];
}

interface Read {
  source: Omit<RuleSource, "since">;
  rule: Rule;
}

const MAX_PROBLEM_CHARS = 500;
const MAX_PROBLEMS = 50; // as many as a record holds

/**
 * A set of rules from files. What is broken does not stop the rest: of a file that was good before, that version stays;
 * otherwise the rule is left out. Either way the set says so.
 * @param before the set in force, whose unchanged rules keep the number they came with
 */
export function composeRuleSet(
  files: RuleFiles,
  before: RuleSetContent | null,
  { number, at }: { number: number; at: string },
): RuleSetContent {
  const problems = [...files.problems];
  const others = [...files.shipped, ...files.own];
  const read = (file: { file: string; text: string }, shipped: boolean): Read[] => {
    try {
      return [readOne(file, shipped, others)];
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      const earlier = before?.rules.find((rule) => rule.file === file.file && rule.shipped === shipped);
      const kept = earlier === undefined ? [] : readAgain(earlier, others);
      const consequence = kept.length > 0 ? "its version before stays in force" : "its rule is not in force";
      problems.push({ file: file.file, message: `${error.message}; ${consequence}` });
      return kept;
    }
  };
  const shipped = files.shipped.flatMap((file) => read(file, true));
  const own = files.own.flatMap((file) => read(file, false));
  const settings = settingsOf(files.settings, before, problems);
  const chosen = choose(shipped, own, settings.parsed, problems);
  for (const name of unknownNames(settings.parsed, new Set(chosen.keys()))) {
    problems.push({ file: SETTINGS_FILE, message: `no rule is called \`${name}\`` });
  }
  const rules = [...chosen.values()]
    .map(({ source }) => ({ ...source, since: sinceOf(source, settings.parsed, before, number) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const exceptions = exceptionsOf(files.exceptions ?? [], { rules: chosen, at, problems });
  return {
    v: 1,
    number,
    at,
    rules,
    settings: settings.text,
    ...(exceptions.length === 0 ? {} : { exceptions }),
    manifest: manifestOf(files.manifest, before, problems),
    world: files.world,
    problems: problems
      .slice(0, MAX_PROBLEMS)
      .map(({ file, message }) => ({ file, message: message.slice(0, MAX_PROBLEM_CHARS) })),
  };
}

function readOne(
  { file, text }: { file: string; text: string },
  shipped: boolean,
  others: readonly { file: string; text: string }[],
): Read {
  const rule = parseRule(text, file, others);
  return { source: { id: rule.id, file, shipped, text }, rule };
}

/** What another version of Tripline could read, this one may not. */
function readAgain(
  { file, text, shipped }: RuleSource,
  others: readonly { file: string; text: string }[],
): Read[] {
  try {
    return [readOne({ file, text }, shipped, others)];
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    return [];
  }
}

function settingsOf(
  text: string | null,
  before: RuleSetContent | null,
  problems: RuleSetProblem[],
): { text: string | null; parsed: RuleSettings } {
  if (text === null) return { text, parsed: NO_SETTINGS };
  try {
    return { text, parsed: parseRuleSettings(text, SETTINGS_FILE) };
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    problems.push({ file: SETTINGS_FILE, message: `${error.message}; the settings before stay in force` });
    const earlier = before?.settings ?? null;
    return {
      text: earlier,
      parsed: earlier === null ? NO_SETTINGS : parseRuleSettings(earlier, SETTINGS_FILE),
    };
  }
}

/** Those that have not ended, of rules that there are. */
function exceptionsOf(
  sources: readonly ExceptionSource[],
  { rules, at, problems }: { rules: ReadonlyMap<string, unknown>; at: string; problems: RuleSetProblem[] },
): ExceptionSource[] {
  const since = Date.parse(at) - LATE_RECORDS_MS;
  const live = sources.filter(({ rule, until }) => rules.has(rule) && Date.parse(until) > since);
  return live
    .filter(({ id, where }) => {
      const problem = problemOfWhere(where);
      if (problem !== null) problems.push({ file: `exception ${id}`, message: problem });
      return problem === null;
    })
    .map(({ id, tenant, rule, where, until }) => ({ id, tenant, rule, where, until }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function manifestOf(
  text: string | null,
  before: RuleSetContent | null,
  problems: RuleSetProblem[],
): string | null {
  if (text === null) return null;
  try {
    parseManifest(text, MANIFEST_FILE);
    return text;
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    problems.push({ file: MANIFEST_FILE, message: `${error.message}; the manifest before stays in force` });
    return before?.manifest ?? null;
  }
}

/** One rule for each name: a shipped one gives way only where the settings say so. */
function choose(
  shipped: readonly Read[],
  own: readonly Read[],
  settings: RuleSettings,
  problems: RuleSetProblem[],
): Map<string, Read> {
  const chosen = new Map<string, Read>();
  for (const each of [...shipped, ...own]) {
    const { id, file } = each.source;
    const taken = chosen.get(id);
    if (taken === undefined || (taken.source.shipped && settings.override.has(id))) {
      chosen.set(id, each);
      continue;
    }
    const remedy = taken.source.shipped
      ? `give it another name, or list \`${id}\` under \`override\` in ${SETTINGS_FILE}`
      : "give it another name";
    problems.push({ file, message: `the name \`${id}\` is taken by ${taken.source.file}: ${remedy}` });
  }
  return chosen;
}

function sinceOf(
  { id, text }: Omit<RuleSource, "since">,
  settings: RuleSettings,
  before: RuleSetContent | null,
  number: number,
): number | null {
  if (settings.disabled.has(id)) return null;
  const earlier = before?.rules.find((rule) => rule.id === id);
  if (earlier === undefined || earlier.since === null) return number;
  return earlier.text === text ? earlier.since : number;
}
