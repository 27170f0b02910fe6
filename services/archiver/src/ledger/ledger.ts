import { readFile } from "node:fs/promises";
import { type Alert, TOPICS, TriplineError } from "@tripline/events";
import {
  createWitnessClient,
  type LedgerError,
  openPlace,
  type PlaceOptions,
  type Policy,
  parsePolicy,
  partitionPath,
  ROOT_PATH,
  type WitnessClient,
} from "@tripline/ledger";
import { gauge, type ServiceContext } from "@tripline/service";
import type { Log, PartitionInfo } from "@tripline/stream";
import { InstallationLogs } from "./installation-logs.ts";
import { behindAlert, damageAlert } from "./ledger-alerts.ts";
import { ledgerKeys } from "./ledger-keys.ts";
import { PartitionLedger } from "./partition-ledger.ts";
import { Publication } from "./publication.ts";
import { RootLedger } from "./root-ledger.ts";
import { Timestamps } from "./timestamps.ts";

/** What an operator says about the ledger. */
export interface LedgerSettings {
  /** `file:///DIRECTORY` or `s3://BUCKET/PREFIX` */
  url: string;
  /** Holds `keys/`. */
  dataDir: string;
  env: Readonly<Record<string, string | undefined>>;
  /** Path of a tlog-policy file that names witnesses; null: nobody is asked. */
  policy: string | null;
  webhook: string | null;
  /** A time-stamping authority, and a PEM file with the certificates that it is trusted by; null: none is asked. */
  timestamps: { url: string; trustedFile: string; everyMs: number } | null;
  retention: PlaceOptions["retention"];
  everyMs: number;
}

export interface LedgerDependencies {
  log: Log;
  context: ServiceContext;
  /** Whose commits in the events topic say what is stored. */
  group: string;
  raise(alerts: readonly Alert[]): Promise<void>;
}

/** The ledger of this installation, as far as this process writes it. */
export interface Ledger {
  /** For the owner of a partition of the events topic. */
  partition(info: Pick<PartitionInfo, "partition" | "generation">): PartitionLedger;
  /** For the owner of partition 0. */
  root(): RootLedger;
}

/**
 * Reads keys and policy; no log is opened yet, so that records are stored although the ledger can't be reached.
 * @throws LedgerError for a key, policy or address that is none; TriplineError TRIPLINE_LEDGER_FILE for a file that can't be read
 */
export async function createLedger(settings: LedgerSettings, deps: LedgerDependencies): Promise<Ledger> {
  const { url, env, dataDir, retention, everyMs, webhook } = settings;
  const { log, context, group } = deps;
  const place = openPlace(url, { env, ...(retention === undefined ? {} : { retention }) });
  const logs = new InstallationLogs(place, await ledgerKeys(dataDir, env));
  const policy =
    settings.policy === null ? null : parsePolicy(await read(settings.policy, "--ledger-policy"));
  const timestamps =
    settings.timestamps === null
      ? null
      : new Timestamps({
          ...{ url: settings.timestamps.url, everyMs: settings.timestamps.everyMs, now: context.now },
          trusted: (await read(settings.timestamps.trustedFile, "--ledger-timestamp-ca")).toString("utf8"),
          storage: place.storageOf(ROOT_PATH),
        });
  const size = gauge(context.metrics, {
    name: "tripline_ledger_leaves",
    help: "Leaves of a partition's log under its last checkpoint.",
    labels: ["partition"],
  });
  const behind = gauge(context.metrics, {
    name: "tripline_ledger_behind",
    help: "Stored positions of a partition that are not sealed yet.",
    labels: ["partition"],
  });
  const loop = (path: string) => ({
    everyMs,
    logger: context.logger,
    onDamage: (error: LedgerError) => deps.raise([damageAlert(path, error, context.now())]),
    onBehind: (trouble: string, forMs: number) =>
      deps.raise([behindAlert(path, trouble, context.now(), forMs)]),
  });

  return {
    partition({ partition, generation }) {
      const path = partitionPath(generation, partition);
      return new PartitionLedger({
        ...{ log, group, partition, topic: TOPICS.events, open: () => logs.open(path) },
        ...loop(path),
        onCheckpoint(leaves, missing) {
          size.set({ partition: String(partition) }, leaves);
          behind.set({ partition: String(partition) }, missing);
        },
      });
    },
    root() {
      const origin = () => logs.originOf(ROOT_PATH);
      return new RootLedger({
        ...{ logs, generation: log.generation, now: context.now },
        ...loop(ROOT_PATH),
        partitions: () => log.partitionCount(TOPICS.events),
        publication: new Publication({
          ...{ storage: place.storageOf(ROOT_PATH), log, webhook, timestamps, context, origin },
          witnesses: async () => witnessesOf(policy, logs, await origin()),
        }),
      });
    },
  };
}

function witnessesOf(policy: Policy | null, logs: InstallationLogs, origin: string): WitnessClient | null {
  return policy === null ? null : createWitnessClient({ policy, logs: logs.verifiersOf(origin) });
}

/** @param option that names the file */
async function read(path: string, option: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new TriplineError("TRIPLINE_LEDGER_FILE", `${path} can't be read: check ${option}`, { cause });
  });
}
