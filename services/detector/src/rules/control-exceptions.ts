import { type ExceptionSource, LATE_RECORDS_MS } from "@tripline/detection";
import { parseControl, TOPICS, TriplineError } from "@tripline/events";
import type { ServiceContext } from "@tripline/service";
import type { Log, TableReader } from "@tripline/stream";

interface Held {
  exception: ExceptionSource | null;
  offset: number;
}

/** Exceptions of rules that people made at run time, from the controls topic. What judges is announced by the rule keeper. */
export class ControlExceptions {
  readonly #log: Pick<Log, "readTable">;
  readonly #logger: ServiceContext["logger"];
  readonly #held = new Map<string, Held>();
  #reader: TableReader | null = null;
  /** Why the topic is not followed any more. */
  failure: string | null = null;

  constructor(log: Pick<Log, "readTable">, logger: ServiceContext["logger"]) {
    this.#log = log;
    this.#logger = logger;
  }

  /** Resolves when all that is there now is known. */
  async start(): Promise<void> {
    this.#reader = await this.#log.readTable(TOPICS.controls, ({ key, value, offset }) => {
      const exception = value === null ? null : this.#exceptionIn(key, value);
      const known = this.#held.get(key);
      if (known === undefined || known.offset <= offset) this.#held.set(key, { exception, offset });
    });
    this.#reader.ended.catch((error: unknown) => {
      this.failure = `exceptions of rules can't be followed: ${String(error)}`;
    });
    await this.#reader.loaded;
  }

  async stop(): Promise<void> {
    await this.#reader?.close();
    this.#reader = null;
  }

  all(): ExceptionSource[] {
    return [...this.#held.values()].flatMap(({ exception }) => (exception === null ? [] : [exception]));
  }

  /** Differs when one was added, changed or removed, or has ended. @param now ms since the epoch */
  signature(now: number): string {
    return [...this.#held]
      .filter(
        ([, { exception }]) => exception !== null && Date.parse(exception.until) + LATE_RECORDS_MS > now,
      )
      .map(([key, { offset }]) => `${key} ${offset}`)
      .sort()
      .join("\n");
  }

  #exceptionIn(key: string, value: Uint8Array): ExceptionSource | null {
    try {
      const control = parseControl(key, value);
      if (control.kind !== "exception") return null;
      const { id, tenant, rule, where, until } = control;
      return { id, tenant, rule, where, until };
    } catch (error) {
      if (!(error instanceof TriplineError)) throw error;
      this.#logger.error({ code: error.code }, "an entry of the controls topic can't be read; it is ignored");
      return null;
    }
  }
}
