/** What commands reach of the world; a test hands in its own. */
export interface CommandContext {
  out(text: string): void;
  err(text: string): void;
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  now(): Date;
  /** Columns of the terminal that `out` writes to; null when it is a file or a pipe. */
  width: number | null;
  /** Columns of the terminal that `err` writes to; null or absent when it is a file or a pipe. Progress is shown there. */
  errWidth?: number | null;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}
