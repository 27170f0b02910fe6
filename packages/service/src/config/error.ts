import { TriplineError } from "@tripline/events";

export interface ConfigProblem {
  /** key, flag or variable */
  path: string;
  message: string;
}

/** Everything that is wrong with a configuration, at once. Holds no secret's value. */
export class ConfigError extends TriplineError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => `  ${problem.path}: ${problem.message}`);
    super("TRIPLINE_CONFIG_INVALID", `the configuration is wrong:\n${lines.join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}
