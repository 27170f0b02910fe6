import { join } from "node:path";
import { TriplineError } from "@tripline/events";
import type { LogLevel } from "@tripline/service";
import { type Command, Option } from "commander";
import { dataDirectory } from "../connection/client-file.ts";
import type { CommandContext } from "../context.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { printJson } from "../output/print.ts";
import { globals } from "./command.ts";
import { collect, parseListen } from "./options.ts";

interface Options {
  name?: string;
  dir?: string;
  logs?: string;
  listen?: { host: string; port: number };
  publicHost?: string[];
  addKey?: boolean;
  emptyState?: boolean;
  logLevel: LogLevel;
}

const DEFAULT_LISTEN = { host: "127.0.0.1", port: 4195 };
const LEVELS = ["error", "warn", "info", "debug"] as const satisfies readonly LogLevel[];

/** `tripline witness`: cosigns the checkpoints of other people's logs. */
export function addWitness(program: Command, context: CommandContext): void {
  program
    .command("witness")
    .summary("cosign the checkpoints of logs, for those who must not be shown different histories")
    .description(
      "Runs a witness (C2SP tlog-witness). For each log of its list it cosigns a checkpoint only when that tree contains the one it cosigned before; anything else it refuses. " +
        "Run it on another machine, under another administrator, than the log. " +
        "The first start makes its key and prints the verifier key for policy files. " +
        "All it has to keep is in --dir: keys (`*.key`, or one from TRIPLINE_WITNESS_KEY), `logs` and `state`.\n\n" +
        "tripline witness --name witness.example.org/tripline --dir /var/lib/tripline-witness",
    )
    .option(
      "--name <name>",
      "what the key is called that is made at the first start, as HOST/PATH without a scheme",
    )
    .option("--dir <dir>", "keys, list and state (default: `witness` in the data directory)")
    .option("--logs <file>", "the logs it watches, lines `log KEY` (default: `logs` in --dir)")
    .option(
      "--listen <host:port>",
      `where logs reach it (default: ${DEFAULT_LISTEN.host}:${DEFAULT_LISTEN.port})`,
      parseListen,
    )
    .option(
      "--public-host <name>",
      "a name it is reached by, besides loopback ones; may be repeated",
      collect,
    )
    .option(
      "--add-key",
      "make one more key and end: both sign from the next start, until a key file is taken away",
    )
    .option("--empty-state", "begin without memory though there is a key: only for a key that never cosigned")
    .addOption(
      new Option("--log-level <level>", "how much it says about itself").choices(LEVELS).default("info"),
    )
    .action(async (options: Options, command: Command) => {
      const { json, data } = globals(command);
      const directory = options.dir ?? join(dataDirectory(data, context.env, context.home), "witness");
      const home = {
        directory,
        env: context.env,
        name: options.name,
        forgetful: options.emptyState === true,
        now: () => context.now().getTime(),
      };
      // Late: it costs each command 100 ms.
      const { addWitnessKey, openWitnessKeys } = await import("../witness/witness-keys.ts");
      const { LedgerError } = await import("@tripline/ledger");
      const show = (verifierKeys: readonly string[], url?: string) => {
        if (json === true) return printJson(context, [{ url, verifier_keys: verifierKeys }]);
        for (const key of verifierKeys) context.out(`${key}\n`);
        if (url !== undefined) context.err(`witness at ${url}; the verifier keys are above\n`);
      };
      try {
        if (options.addKey === true) {
          show([(await addWitnessKey(home)).verifierKey]);
          return;
        }
        const signers = await openWitnessKeys(home);
        const { runWitness } = await import("../witness/run-witness.ts");
        const { createContext } = await import("@tripline/service");
        const service = createContext({
          service: "witness",
          logLevel: options.logLevel,
          sink: { write: (line) => context.err(line) },
          processMetrics: true,
          now: home.now,
        });
        await runWitness({
          directory,
          logsFile: options.logs ?? join(directory, "logs"),
          signers,
          listen: options.listen ?? DEFAULT_LISTEN,
          publicHosts: options.publicHost ?? [],
          context: service,
          signal: context.signal,
          onReady: (url) =>
            show(
              signers.map(({ verifierKey }) => verifierKey),
              url,
            ),
        });
      } catch (error) {
        if (error instanceof LedgerError || error instanceof TriplineError) {
          throw new CommandFailed(EXIT.failure, error.message, error);
        }
        throw error;
      }
    });
}
