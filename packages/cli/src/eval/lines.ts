import type { Figures, Macro, Rate } from "@tripline/detection";
import type { CommandContext } from "../context.ts";
import { tone } from "../output/print.ts";
import { table } from "../output/table.ts";

/** The figures for a person: a table for each of the two sets of rules, then the judge's curve. */
export function* evaluationLines(figures: Figures, context: CommandContext): Generator<string> {
  yield `${figures.runs} runs, ${figures.calls} calls; an alert is ${figures.at} or graver\n`;
  yield* modeLines("content patterns off", figures.patterns_off, context);
  yield* modeLines("content patterns on", figures.patterns_on, context);
  if (figures.judge.curve.length > 0) {
    yield heading("the judge's score alone: recall where no more benign runs reach it than", context);
    yield table(
      [{ head: "BENIGN" }, { head: "RECALL", align: "right" }, { head: "SCORE", align: "right" }],
      figures.judge.curve.map(({ fpr, recall, score }) => [
        percent(fpr),
        percent(recall),
        score === null ? "none" : String(score),
      ]),
      context.width,
    );
  }
  if (figures.judge.folds.length > 0) {
    yield heading("by fold of user tasks, content patterns off", context);
    yield table(
      [{ head: "FOLD", align: "right" }, { head: "SUCCEEDED ATTACKS" }, { head: "BENIGN" }],
      figures.judge.folds.map(({ fold, recall, fpr }) => [String(fold), counted(recall), counted(fpr)]),
      context.width,
    );
  }
}

function* modeLines(
  title: string,
  mode: Figures["patterns_off"],
  context: CommandContext,
): Generator<string> {
  yield heading(title, context);
  yield table(
    [
      { head: "SUITE" },
      { head: "LABEL" },
      { head: "ALERTED", align: "right" },
      { head: "RUNS", align: "right" },
      { head: "RATE", align: "right" },
      { head: "95 %", align: "right" },
    ],
    mode.rates.map((rate) => [
      rate.suite,
      rate.label,
      String(rate.alerted),
      String(rate.runs),
      percent(rate.rate),
      `${percent(rate.low)}–${percent(rate.high)}`,
    ]),
    context.width,
  );
  for (const macro of mode.macro) yield `${macroLine(macro)}\n`;
  if (mode.first.runs > 0) {
    const { runs, before_exposure, before_call, calls_after_exposure: after } = mode.first;
    yield `first alert of ${runs} attacked runs: ${before_call} before the call ran, ${before_exposure} before the text was read; ` +
      `calls after it was read: median ${after.median}, at most ${after.max}\n`;
  }
  if (mode.before_harm.length > 0) {
    yield "if every call waited for its verdict:\n";
    yield table(
      [
        { head: "FROM" },
        { head: "STOPPED BEFORE HARM", align: "right" },
        { head: "OR ALERTED BEFORE", align: "right" },
        { head: "BENIGN CALLS REFUSED", align: "right" },
        { head: "BENIGN RUNS HIT", align: "right" },
      ],
      mode.before_harm.map((each) => [
        each.severity,
        share(each.refused, each.attacks),
        share(each.found, each.attacks),
        share(each.benign_calls_refused, each.benign_calls),
        share(each.benign_runs_refused, each.benign_runs),
      ]),
      context.width,
    );
  }
  if (mode.rules.length === 0) return;
  yield table(
    [
      { head: "RULE" },
      { head: "LABEL" },
      { head: "RUNS", align: "right" },
      { head: "FIRST", align: "right" },
    ],
    mode.rules.map(({ rule, label, runs, first }) => [rule, label, String(runs), String(first)]),
    context.width,
  );
}

function macroLine({ label, by, tasks, ever, rate }: Macro): string {
  return `${label}, mean over ${tasks} ${by.replace("_", " ")}s: ${percent(rate)} (${ever} of them ever)`;
}

function counted({ alerted, runs, rate }: Rate): string {
  return runs === 0 ? "none" : `${percent(rate)} (${alerted}/${runs})`;
}

function share(part: number, of: number): string {
  return of === 0 ? "none" : `${part}/${of} (${percent(part / of)})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

function heading(text: string, context: CommandContext): string {
  return `\n${tone(context, "strong", text)}\n`;
}
