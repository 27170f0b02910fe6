import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ledgerKeys } from "@tripline/service";
import type { z } from "zod";
import type { LedgerSettings } from "./ledger.ts";

const DIRECTORY = "ledger"; // in the data directory
const OFF = "off";
const MINUTE_MS = 60_000;

/** What a configuration says about the ledger; null: it is off. @param env for S3 and the signing key */
export function ledgerSettingsOf(
  config: z.output<z.ZodObject<typeof ledgerKeys>> & { data: string },
  env: LedgerSettings["env"],
): LedgerSettings | null {
  if (config.ledger === OFF) return null;
  const days = config.ledgerRetentionDays;
  return {
    url: config.ledger ?? pathToFileURL(join(config.data, DIRECTORY)).href,
    dataDir: config.data,
    env,
    policy: config.ledgerPolicy ?? null,
    webhook: config.ledgerWebhook ?? null,
    timestamps:
      config.ledgerTimestampUrl === undefined || config.ledgerTimestampCa === undefined
        ? null
        : {
            url: config.ledgerTimestampUrl,
            trustedFile: config.ledgerTimestampCa,
            everyMs: config.ledgerTimestampMinutes * MINUTE_MS,
          },
    retention: days === undefined ? undefined : { mode: "COMPLIANCE", days },
    everyMs: config.ledgerEveryMs,
  };
}
