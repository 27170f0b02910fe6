/** Something wrong in a rule, at a path inside its file. Turned into an error with file and line by `parseRule`. */
export class RuleProblem extends Error {
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], message: string) {
    super(message);
    this.name = "RuleProblem";
    this.path = path;
  }
}
