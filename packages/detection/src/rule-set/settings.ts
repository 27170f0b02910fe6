import { SEVERITIES, type Severity, TriplineError } from "@tripline/events";
import { isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import type { RecordView } from "../record/record-view.ts";
import type { Adjustment } from "../rule/rule.ts";
import { RuleProblem } from "../rule/rule-problem.ts";
import { compileSelection } from "../rule/selection.ts";
import { covers, type Exception } from "./exceptions.ts";

/** `rules.yaml`: what an operator makes of rules, shipped ones and their own, without touching their files. */

const ruleName = z.string().min(1).max(256);

export const ruleSettingsSchema = z.strictObject({
  disabled: z.array(ruleName).max(2000).default([]).describe("rules that are switched off"),
  override: z
    .array(ruleName)
    .max(2000)
    .default([])
    .describe("rules of your own that take the place of the shipped rule of the same name"),
  severity: z
    .record(ruleName, z.enum(SEVERITIES))
    .default({})
    .describe("the severity of all alerts of a rule, in place of what the rule says"),
  exceptions: z
    .array(
      z.strictObject({
        rule: ruleName,
        where: z
          .record(z.string(), z.unknown())
          .describe("a Sigma selection over the record that would complete the alert"),
        until: z.iso
          .datetime({ offset: true })
          .or(z.iso.date())
          .describe("when it ends, by the records' time: a day or an RFC 3339 time"),
        reason: z.string().min(1).max(1000).describe("why, for whoever reads it later"),
      }),
    )
    .max(1000)
    .default([])
    .describe("what is no alert although a rule finds it"),
});

/** The settings, read and compiled. */
export interface RuleSettings {
  readonly disabled: ReadonlySet<string>;
  readonly override: ReadonlySet<string>;
  readonly severity: ReadonlyMap<string, Severity>;
  readonly exceptions: readonly Exception[];
}

const MAX_SETTINGS_CHARS = 256 * 1024;
const MAX_ALIASES = 50; // YAML aliases can multiply a small file without end

/** @throws TriplineError TRIPLINE_RULE_SETTINGS_INVALID as `file:line: path: expected …` */
export function parseRuleSettings(text: string, file: string): RuleSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const invalid = (line: number, message: string): TriplineError =>
    new TriplineError("TRIPLINE_RULE_SETTINGS_INVALID", `${file}:${line}: ${message}`);
  const at = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range != null) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  if (text.length > MAX_SETTINGS_CHARS) throw invalid(1, `expected at most ${MAX_SETTINGS_CHARS} characters`);
  const fault = document.errors[0];
  if (fault !== undefined) throw invalid(lines.linePos(fault.pos[0]).line, firstLine(fault.message));
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    throw invalid(1, `YAML aliases: ${cause.message}`);
  }
  const parsed = ruleSettingsSchema.safeParse(plain ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path ?? [];
    throw invalid(at(path), `${path.join(".") || "the settings"}: ${issue?.message ?? "invalid"}`);
  }
  const { disabled, override, severity, exceptions } = parsed.data;
  return {
    disabled: new Set(disabled),
    override: new Set(override),
    severity: new Map(Object.entries(severity)),
    exceptions: exceptions.map(({ rule, where, until }, index) => {
      const path = ["exceptions", index, "where"];
      try {
        return { rule, selection: compileSelection(where, path), untilMs: Date.parse(until) };
      } catch (error) {
        if (!(error instanceof RuleProblem)) throw error;
        throw invalid(at(error.path), `${error.path.join(".")}: ${error.message}`);
      }
    }),
  };
}

export const NO_SETTINGS: RuleSettings = {
  disabled: new Set(),
  override: new Set(),
  severity: new Map(),
  exceptions: [],
};

/** Names in the settings that no rule has: most often a slip, and without effect. */
export function unknownNames(settings: RuleSettings, known: ReadonlySet<string>): string[] {
  const named = [
    ...settings.disabled,
    ...settings.override,
    ...settings.severity.keys(),
    ...settings.exceptions.map(({ rule }) => rule),
  ];
  return [...new Set(named)].filter((name) => !known.has(name));
}

/** What the settings, and exceptions made at run time, make of one rule's findings; undefined when they say nothing of it. */
export function adjustmentOf(
  settings: RuleSettings,
  further: readonly Exception[],
  rule: string,
): Adjustment | undefined {
  const level = settings.severity.get(rule);
  const exceptions = [...settings.exceptions, ...further].filter((exception) => exception.rule === rule);
  if (level === undefined && exceptions.length === 0) return undefined;
  return {
    level,
    isExcepted: (view: RecordView) => exceptions.some((exception) => covers(exception, view)),
  };
}

function firstLine(message: string): string {
  return message.split("\n")[0] ?? "not YAML";
}
