import type { LintFinding } from "@tripline/detection";
import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson, tone } from "../output/print.ts";
import { type RuleText, ruleTexts } from "../rules/rule-paths.ts";
import { globals } from "./command.ts";

interface Options {
  strict?: boolean;
  quiet?: boolean;
}

/** `tripline rules lint [PATHS…]`: what a reviewer would say of rule files. Asks no service. */
export function addRulesLint(group: Command, context: CommandContext): void {
  group
    .command("lint [paths...]")
    .summary("check rule files before they are installed")
    .description(
      "Reads rule files strictly, runs their cases, and says what is missing or amiss: errors (the rule can't be used, or " +
        "fails its own cases), warnings, and notes. Folders are searched for .yaml; without a path the shipped rules are " +
        `checked. Ends with ${EXIT.failure} when there are errors, with --strict also when there are warnings.\n\n` +
        "Example: tripline rules lint my-rules/ --strict",
    )
    .option("--strict", "warnings count as errors")
    .option("--quiet", "no notes")
    .action(async (paths: string[], options: Options, command: Command) => {
      const json = globals(command).json === true;
      const detection = await import("@tripline/detection"); // late: costs each command 80 ms
      const files = ruleTexts(paths, detection.SHIPPED_RULES);
      const findings = findingsOf(files, detection.lintRule).filter(
        ({ level }) => options.quiet !== true || level !== "note",
      );
      if (json) printJson(context, findings);
      else for (const finding of findings) context.out(line(finding, context));
      const count = (level: string) => findings.filter((finding) => finding.level === level).length;
      const [errors, warnings] = [count("error"), count("warning")];
      const sum = `${files.length} files: ${errors} errors, ${warnings} warnings, ${count("note")} notes`;
      if (errors > 0 || (options.strict === true && warnings > 0)) throw new CommandFailed(EXIT.failure, sum);
      if (!json) context.out(`${sum}\n`);
    });
}

/** Of each file, and of what only all of them together show. */
function findingsOf(
  files: readonly RuleText[],
  lintRule: typeof import("@tripline/detection")["lintRule"],
): LintFinding[] {
  const names = new Map<string, string>();
  return files.flatMap(({ file, text }) => {
    const { rule, findings } = lintRule(text, file, files);
    if (rule === null) return findings;
    const other = names.get(rule.id);
    names.set(rule.id, other ?? file);
    if (other === undefined) return findings;
    const message = `the name \`${rule.id}\` is taken by ${other}`;
    return [{ file, line: null, level: "error", code: "name-taken", message }, ...findings];
  });
}

const TONES = { error: "bad", warning: "warn", note: "dim" } as const;

function line({ file, line: at, level, code, message }: LintFinding, context: CommandContext): string {
  const where = terminalLine(at === null ? file : `${file}:${at}`);
  return `${where}: ${tone(context, TONES[level], level)}: ${terminalLine(message)} (${code})\n`;
}
