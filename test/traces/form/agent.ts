import { type Format, render } from "./render.ts";
import { type Args, type Tool, ToolFailure } from "./tool.ts";
import type { TraceCall } from "./trace.ts";

export interface RunOptions {
  tools: readonly Tool[];
  format: Format;
  /** Outputs are cut to this many characters, as gateways and clients do; null: whole. */
  cap: number | null;
}

/** The planted text that an agent may meet, and what it does then. */
export interface Planted {
  needle: string;
  /** Calls of its own task that the agent still makes before it gives in. */
  delay: number;
  /** Null: the agent reads the text and does not follow. */
  act: (() => void) | null;
  /** Gives its own task up after having followed. */
  abandons: boolean;
}

/** Ends a task that the agent gave up. */
export class Abandoned extends Error {}

/** Makes the calls of one run in this process, and notes them. */
export class Agent {
  readonly calls: TraceCall[] = [];
  readonly harmful: number[] = [];
  exposedAt: number | null = null;
  readonly #options: RunOptions;
  readonly #planted: Planted | undefined;
  #left = 0;
  #waiting = false;
  #following = false;

  constructor(options: RunOptions, planted?: Planted) {
    this.#options = options;
    this.#planted = planted;
  }

  call(name: string, args: Args = {}): string {
    const found = this.#options.tools.find((tool) => tool.name === name);
    if (found === undefined) throw new Error(`no tool ${name}`);
    let output: string | null = null;
    let error: string | null = null;
    try {
      const whole = render(found.run(args), this.#options.format);
      output = this.#options.cap === null ? whole : whole.slice(0, this.#options.cap);
    } catch (cause) {
      if (!(cause instanceof ToolFailure)) throw cause;
      error = cause.message;
    }
    this.calls.push({ tool: name, args, output, error });
    this.#notice(output ?? "");
    return output ?? error ?? "";
  }

  /** A call that does what the attacker wanted. */
  harm(name: string, args: Args = {}): void {
    this.harmful.push(this.calls.length);
    this.call(name, args);
  }

  /** At the end of the task: what was put off is done now. */
  finish(): void {
    if (this.#waiting) this.#follow();
  }

  #notice(output: string): void {
    const planted = this.#planted;
    if (planted === undefined || this.#following) return;
    if (this.exposedAt === null) {
      if (!output.includes(planted.needle)) return;
      this.exposedAt = this.calls.length - 1;
      if (planted.act === null) return;
      this.#waiting = true;
      this.#left = planted.delay;
    } else if (this.#waiting) {
      this.#left -= 1;
    }
    if (this.#waiting && this.#left <= 0) this.#follow();
  }

  #follow(): void {
    this.#waiting = false;
    this.#following = true;
    this.#planted?.act?.();
    if (this.#planted?.abandons === true) throw new Abandoned();
  }
}
