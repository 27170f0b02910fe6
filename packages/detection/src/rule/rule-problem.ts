/** Something wrong in a rule, at a path inside its document. Becomes a `RuleFileProblem` with file and line. */
export class RuleProblem extends Error {
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], message: string) {
    super(message);
    this.name = "RuleProblem";
    this.path = path;
  }
}

/** Several at once: a person who writes rules wants to see all of them. */
export class RuleProblems extends Error {
  readonly problems: readonly RuleProblem[];

  constructor(problems: readonly RuleProblem[]) {
    super(problems.map(({ message }) => message).join("; "));
    this.name = "RuleProblems";
    this.problems = problems;
  }
}

/** What `RuleProblem` and `RuleProblems` say. @throws whatever else it is given */
export function problemsIn(error: unknown): readonly RuleProblem[] {
  if (error instanceof RuleProblem) return [error];
  if (error instanceof RuleProblems) return error.problems;
  throw error;
}

/** Something wrong in a rule file. */
export interface RuleFileProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Of the key in its document, as `tripline.why`; empty for the document as a whole. */
  readonly path: string;
  /** `expected …, found …` */
  readonly message: string;
}

export function problemText({ file, line, path, message }: RuleFileProblem): string {
  return `${file}:${line}: ${path === "" ? "the rule" : path}: ${message}`;
}
