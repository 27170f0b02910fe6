import { LedgerError } from "../errors.ts";

/** What a tree's files lack or hold wrongly. `paths`: the files in question; more than one where it can be any of them. */
export class TileDamage extends LedgerError {
  readonly paths: readonly string[];

  constructor(kind: "missing" | "damaged", paths: readonly string[], why: string) {
    super(
      kind === "missing" ? "TRIPLINE_LEDGER_MISSING" : "TRIPLINE_LEDGER_DAMAGED",
      `${paths.join(", ")}: ${why}`,
    );
    this.paths = paths;
  }
}
