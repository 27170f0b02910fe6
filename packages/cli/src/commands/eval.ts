import { readFileSync } from "node:fs";
import { SEVERITIES, type Severity, TriplineError } from "@tripline/events";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CommandContext } from "../context.ts";
import { evaluationLines } from "../eval/lines.ts";
import { ruleFilesIn } from "../eval/rule-files.ts";
import { scoreFile } from "../eval/score-file.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { globals } from "./command.ts";
import { atLeast } from "./options.ts";

interface Options {
  tools?: string;
  at: Severity;
  cap?: number;
  capture: "full" | "fingerprint";
  folds: number;
  show?: string;
}

/** `tripline eval TRACES`: how well the shipped rules tell attacked agents from others. Asks no service. */
export function addEval(program: Command, context: CommandContext): void {
  program
    .command("eval <traces>")
    .summary("score the shipped rules on labelled agent runs")
    .description(
      "Runs every trace of a labelled file (NDJSON, also gzipped; the form is in docs/detection/eval.md) through all shipped " +
        "rules, each from an empty state, and counts the runs that raise an alert: with rules about how injections are worded " +
        "left out, and with all. Works on this machine alone.\n\n" +
        "Example: tripline eval traces.ndjson.gz --tools tools.json",
    )
    .option("--tools <file>", "what the servers list, by suite: names, descriptions, schemas")
    .addOption(
      new Option("--at <severity>", "the lowest severity that counts as an alert")
        .choices(SEVERITIES)
        .default("high"),
    )
    .option("--cap <characters>", "cut outputs to so many characters, as gateways do", atLeast(1))
    .addOption(
      new Option("--capture <level>", "what the detector sees of arguments and results")
        .choices(["full", "fingerprint"])
        .default("full"),
    )
    .option("--folds <n>", "also by folds of user tasks", foldCount, 0)
    .option("--show <label>", "also print each alert on runs of this label")
    .action(async (file: string, options: Options, command: Command) => {
      const json = globals(command).json === true;
      const detection = await import("@tripline/detection"); // late: costs each command 80 ms
      try {
        const rules = detection.parseRules(ruleFilesIn(detection.SHIPPED_RULES));
        const evaluation = detection.createTraceEvaluation(rules, {
          tools:
            options.tools === undefined
              ? null
              : detection.parseToolLists(textOf(options.tools), options.tools),
          at: options.at,
          cap: options.cap ?? null,
          folds: options.folds,
          ...(options.capture === "fingerprint" ? { transform: detection.fingerprinted } : {}),
          onAlert: (alert, { trace, call }) => {
            if (trace.label !== options.show) return;
            printJson(context, [{ trace: trace.name, call, ...alert }]);
          },
        });
        await scoreFile(file, evaluation, detection.parseLabelledTrace, context);
        const figures = evaluation.figures();
        if (json)
          printJson(context, [{ file, cap: options.cap ?? null, capture: options.capture, ...figures }]);
        else for (const line of evaluationLines(figures, context)) context.out(line);
      } catch (error) {
        if (!(error instanceof TriplineError)) throw error;
        throw new CommandFailed(EXIT.failure, error.message, error);
      }
    });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CommandFailed(EXIT.usage, `can't read ${file}`, cause);
  }
}

function foldCount(text: string): number {
  const count = atLeast(2)(text);
  if (count > 100) throw new InvalidArgumentError("expected at most 100.");
  return count;
}
