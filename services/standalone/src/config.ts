import { detectionKeys } from "@tripline/detector";
import { retentionKeys } from "@tripline/eraser";
import {
  backupKeys,
  dataKeys,
  httpKeys,
  ledgerKeys,
  logKeys,
  observabilityKeys,
  storeKeys,
} from "@tripline/service";
import { RESERVE_BYTES } from "@tripline/stream";
import { z } from "zod";

const DEFAULT_RESERVE_MIB = RESERVE_BYTES / 2 ** 20;

/** For the log on this machine's disk. */
const embeddedLogKeys = {
  logSync: z.enum(["commit", "never"]).default("commit").meta({
    description:
      "embedded log: commit acknowledges a record when it is on the disk; never leaves that to the operating system, for throw-away data: a power cut can destroy the log",
  }),
  logReserve: z.number().int().min(1).max(1_000_000).default(DEFAULT_RESERVE_MIB).meta({
    description:
      "embedded log: MiB of free disk below which producers have to wait; what was accepted is worked off in the reserve",
    placeholder: "MIB",
  }),
};

/** Everything the standalone can be told; `docs/configuration.md` and `--help` are generated from it. */
export const standaloneConfig = z.object({
  ...dataKeys,
  ...httpKeys,
  publicUrl: z.url().optional().meta({
    description: "URL under which people reach the console, for the links in alerts; none: host and port",
    placeholder: "URL",
  }),
  ...logKeys,
  ...embeddedLogKeys,
  ...storeKeys,
  ...ledgerKeys,
  ...detectionKeys,
  ...retentionKeys,
  ...backupKeys,
  ...observabilityKeys,
});
export type StandaloneConfig = z.output<typeof standaloneConfig>;
