import type { Command } from "commander";
import type { CommandContext } from "../context.ts";
import { addRulesBacktest } from "./rules-backtest.ts";
import { addRulesExplain } from "./rules-explain.ts";
import { addRulesLint } from "./rules-lint.ts";
import { addRulesList } from "./rules-list.ts";
import { addRulesTest } from "./rules-test.ts";

/** `tripline rules …`: for the people who write rules. */
export function addRules(program: Command, context: CommandContext): void {
  const group = program
    .command("rules")
    .summary("work on rules: test, lint, explain, backtest, list")
    .description(
      "Works on rule files. `test` and `lint` ask no service; `explain` and `backtest` read what was recorded.",
    );
  addRulesTest(group, context);
  addRulesLint(group, context);
  addRulesExplain(group, context);
  addRulesBacktest(group, context);
  addRulesList(group, context);
}
