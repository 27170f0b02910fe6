import { TriplineError } from "@tripline/events";
import { terminalLine } from "@tripline/service/escape";
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson, tone } from "../output/print.ts";
import { type RuleText, ruleTexts } from "../rules/rule-paths.ts";
import { globals } from "./command.ts";

/** `tripline rules test [PATHS…]`: runs the cases that rules carry. Asks no service. */
export function addRulesTest(group: Command, context: CommandContext): void {
  group
    .command("test [paths...]")
    .summary("run the cases that rules carry")
    .description(
      "Checks rule files and runs the cases they carry; folders are searched for .yaml, and without a path the shipped " +
        `rules are tested. Ends with ${EXIT.failure} when a file can't be read or a case fails.\n\n` +
        "Example: tripline rules test my-rules/",
    )
    .option("--alerts", "also show what the alerts of passed cases say")
    .action(async (paths: string[], options: { alerts?: boolean }, command: Command) => {
      const json = globals(command).json === true;
      const detection = await import("@tripline/detection"); // late: costs each command 80 ms
      const files = ruleTexts(paths, detection.SHIPPED_RULES);
      const outcomes = files.flatMap((file) => testFile(file, files, detection));
      if (json) printJson(context, outcomes);
      else for (const outcome of outcomes) context.out(lines(outcome, options.alerts === true, context));
      const failed = outcomes.filter((outcome) => !outcome.passed).length;
      if (failed > 0) throw new CommandFailed(EXIT.failure, `${failed} of ${outcomes.length} cases failed`);
      if (!json) context.out(`${outcomes.length} cases of ${files.length} files passed\n`);
    });
}

interface Outcome {
  file: string;
  case: string;
  passed: boolean;
  problem?: string;
  /** Severities, in order. */
  expected?: readonly string[];
  found?: readonly string[];
  alerts?: readonly { severity: string; time: string; summary: string; records: string[] }[];
}

function testFile(
  { file, text }: RuleText,
  files: readonly RuleText[],
  { parseRule, testRule }: Pick<typeof import("@tripline/detection"), "parseRule" | "testRule">,
): Outcome[] {
  try {
    return testRule(parseRule(text, file, files)).map(({ name, passed, expected, found, alerts }) => ({
      file,
      case: name,
      passed,
      ...(passed ? {} : { problem: `expected alerts [${expected.join(", ")}], found [${found.join(", ")}]` }),
      expected,
      found,
      alerts: alerts.map(({ severity, time, summary, evidence }) => ({
        severity,
        time,
        summary,
        records: evidence.map(({ step, server, tool }) => `${step}: ${server ?? "?"}/${tool ?? "?"}`),
      })),
    }));
  } catch (error) {
    if (!(error instanceof TriplineError)) throw error;
    return [{ file, case: "reads", passed: false, problem: error.message }];
  }
}

function lines(outcome: Outcome, withAlerts: boolean, context: CommandContext): string {
  const mark = outcome.passed ? tone(context, "good", "ok  ") : tone(context, "bad", "FAIL");
  const head = `${mark} ${terminalLine(outcome.file)}: ${terminalLine(outcome.case)}\n`;
  if (outcome.passed && !withAlerts) return head;
  const { expected = [], found = [], alerts = [] } = outcome;
  const diff =
    outcome.passed || outcome.expected === undefined
      ? []
      : Array.from({ length: Math.max(expected.length, found.length) }, (_, at) => {
          const [wanted, got] = [expected[at] ?? "nothing", found[at] ?? "nothing"];
          return wanted === got
            ? `     ${at + 1}. ${wanted}`
            : `     ${at + 1}. expected ${tone(context, "good", wanted)}, found ${tone(context, "bad", got)}`;
        });
  const problem = outcome.expected === undefined ? [`     ${terminalLine(outcome.problem ?? "")}`] : [];
  const shown = alerts.flatMap(({ severity, time, summary, records }) => [
    `     ${severity} at ${time}: ${terminalLine(summary)}`,
    ...records.map((record) => `       ${terminalLine(record)}`),
  ]);
  return `${[head.trimEnd(), ...problem, ...diff, ...shown].join("\n")}\n`;
}
