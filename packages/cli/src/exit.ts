/** How the command ends: programs may rely on these. `proxy` ends as the server it wraps. */
export const EXIT = { ok: 0, failure: 1, usage: 2, not_found: 3, refused: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a message for the person who typed it. The message holds no secret. */
export class CommandFailed extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CommandFailed";
    this.exitCode = exitCode;
  }
}

/** Ends the command with the code of what it ran, without a word: that has said what it had to say. */
export class EndedWith extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.name = "EndedWith";
    this.exitCode = exitCode;
  }
}
