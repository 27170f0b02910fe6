/** One step of the schema. Statements must do no harm when they run again: a crash can fall between any two. */
export interface Migration {
  /** 1, 2, 3 … without a gap. */
  version: number;
  name: string;
  statements: readonly string[];
}
