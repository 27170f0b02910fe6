import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TriplineError, tenantId, timestamp } from "@tripline/events";
import { z } from "zod";
import { writePrivateFile } from "../private-file.ts";

const KEY_BYTES = 32;
const KEY_ID_BYTES = 4; // tells a tenant's few keys apart; no secret
/** How long a key is handed out after it was replaced: spools may hold records made with it as long as topics keep them. */
export const ROTATION_OVERLAP_MS = 7 * 24 * 3600 * 1000;

const keySchema = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]+$/),
  key: z.string().regex(/^[0-9a-f]{64}$/),
  created_at: timestamp,
  replaced_at: timestamp.optional(),
});
const fileSchema = z.object({ v: z.literal(1), keys: z.array(keySchema).min(1) });
type KeyFile = z.infer<typeof fileSchema>;

/** What interceptors and the detector are given. */
export interface TenantRedactionKeys {
  /** id of the key to use for new tokens */
  current: string;
  /** all that are in force, the current one included; `key` is 64 hex digits */
  keys: { id: string; key: string }[];
}

export interface RedactionKeys {
  /** The tenant's keys; the first one is made on first use. */
  of(tenant: string): Promise<TenantRedactionKeys>;
  /** Makes a new current key; the old one stays in force for a week. */
  rotate(tenant: string): Promise<TenantRedactionKeys>;
}

/** Redaction keys in `directory`, `redaction-<tenant>.json`, 0600. Read anew on each use, so that processes agree. */
export function createRedactionKeys(options: { directory: string; now(): number }): RedactionKeys {
  const pathOf = (tenant: string) => join(options.directory, `redaction-${tenantId.parse(tenant)}.json`);
  const newKey = () => ({
    id: randomBytes(KEY_ID_BYTES).toString("hex"),
    key: randomBytes(KEY_BYTES).toString("hex"),
    created_at: new Date(options.now()).toISOString(),
  });

  const load = async (tenant: string): Promise<KeyFile> => {
    const known = await readKeyFile(pathOf(tenant));
    if (known !== null) return known;
    const made: KeyFile = { v: 1, keys: [newKey()] };
    // Another process may make the first key at the same moment: whoever comes second uses the first one's.
    if (await writePrivateFile(pathOf(tenant), encode(made), { exclusive: true })) return made;
    return (await readKeyFile(pathOf(tenant))) ?? made;
  };

  return {
    of: async (tenant) => inForce(await load(tenant), options.now()),
    rotate: async (tenant) => {
      const { keys } = await load(tenant);
      const at = new Date(options.now()).toISOString();
      const replaced = keys.map((key) => (key.replaced_at === undefined ? { ...key, replaced_at: at } : key));
      const rotated: KeyFile = { v: 1, keys: [...replaced, newKey()] };
      await writePrivateFile(pathOf(tenant), encode(rotated));
      return inForce(rotated, options.now());
    },
  };
}

function inForce(file: KeyFile, now: number): TenantRedactionKeys {
  const keys = file.keys.filter(
    (key) => key.replaced_at === undefined || Date.parse(key.replaced_at) + ROTATION_OVERLAP_MS > now,
  );
  const current = keys.findLast((key) => key.replaced_at === undefined);
  if (current === undefined) throw invalid("it has no current key");
  return { current: current.id, keys: keys.map(({ id, key }) => ({ id, key })) };
}

function encode(file: KeyFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

async function readKeyFile(path: string): Promise<KeyFile | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    // Neither the text nor the parser's words about it: both hold the key.
    throw invalid(`${path} can't be understood`);
  }
}

function invalid(what: string): TriplineError {
  return new TriplineError(
    "TRIPLINE_REDACTION_KEYS",
    `the redaction keys are damaged: ${what}; restore them from a backup`,
  );
}
