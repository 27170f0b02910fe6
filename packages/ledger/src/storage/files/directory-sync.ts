import { open } from "node:fs/promises";

interface Round {
  running: Promise<void>;
  next: Promise<void> | null;
}

/** fsyncs directories. Callers that come while one is on its way share the one after it, which sees their entries too. */
export class DirectorySync {
  readonly #rounds = new Map<string, Round>();

  sync(directory: string): Promise<void> {
    const round = this.#rounds.get(directory);
    if (round === undefined) return this.#start(directory);
    round.next ??= round.running.then(
      () => this.#start(directory),
      () => this.#start(directory), // its own callers were told of that failure
    );
    return round.next;
  }

  #start(directory: string): Promise<void> {
    const round: Round = { running: syncDirectory(directory), next: null };
    this.#rounds.set(directory, round);
    const forget = () => {
      if (round.next === null) this.#rounds.delete(directory);
    };
    round.running.then(forget, forget);
    return round.running;
  }
}

/** Makes the directory's entries durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
