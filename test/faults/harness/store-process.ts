import { type OwnProcess, startProcess } from "../../support/own-process.ts";
import { waitFor } from "../../support/wait-for.ts";
import { type RefusingStore, startRefusingStore } from "./refusing-store.ts";

const MAIN = new URL("store.process.ts", import.meta.url).pathname;
const READY_TIMEOUT_MS = 60_000;

/** A ClickHouse of its own for tests: an engine in its own process, behind a door that stays where it is. */
export interface StoreProcess {
  /** Stays the same when the engine's process is another. */
  readonly url: string;
  readonly door: RefusingStore;
  /** kill -9 of the engine, whatever it is doing. */
  kill(): Promise<void>;
  start(): Promise<void>;
  dispose(): Promise<void>;
}

export async function startStoreProcess(options: { dataDir: string; port: number }): Promise<StoreProcess> {
  let running: OwnProcess | null = null;
  const door = await startRefusingStore(options.port);

  async function start(): Promise<void> {
    const process = startProcess(MAIN, { args: [options.dataDir] });
    running = process;
    const said = () => process.lines().find((line) => line.startsWith("front "));
    await waitFor(() => said() !== undefined || !process.running(), {
      what: "the store to listen",
      timeoutMs: READY_TIMEOUT_MS,
    });
    const line = said();
    if (line === undefined) throw new Error(`the store ended at its start: ${process.output().slice(-2000)}`);
    door.target = line.slice("front ".length);
  }
  const kill = async (): Promise<void> => void (await running?.end("SIGKILL"));

  await start();
  return {
    url: door.url,
    door,
    kill,
    start,
    async dispose() {
      await kill();
      await door.close();
    },
  };
}
