import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { name, type RedactionKey, tenantId } from "@tripline/events";
import { request } from "undici";
import { z } from "zod";
import { DIRECTORY_MODE, FILE_MODE } from "../spool/segment.ts";

const MAX_SETTINGS_BYTES = 1024 * 1024;
const ANSWER_TIMEOUT_MS = 10_000;

const redactionKeySchema = z.object({ id: z.string().min(1), key: z.string().regex(/^[0-9a-f]{64}$/) });

/** What the collector tells an enrolled interceptor: `GET /v1/interceptor`. */
const settingsSchema = z.object({
  tenant: tenantId,
  producer: name,
  credentials: z.array(z.string()).default([]),
  issuers: z.array(z.string()).default([]),
  redaction: z.object({ current: z.string(), keys: z.array(redactionKeySchema).min(1) }),
  revocation_keys: z.array(z.object({ id: z.string(), public_key: z.string() })),
  verdict_keys: z.array(z.object({ id: z.string(), public_key: z.string() })).default([]),
  policy: z.record(z.string(), z.unknown()).default({}),
});
export type InterceptorSettings = z.infer<typeof settingsSchema>;

/** The keys in use, the current one first. */
export function redactionKeysOf({ redaction }: InterceptorSettings): RedactionKey[] {
  const current = redaction.keys.filter(({ id }) => id === redaction.current);
  return [...current, ...redaction.keys.filter(({ id }) => id !== redaction.current)];
}

/** Asks the collector. Rejects when it can't be reached or answers something else; the message names no key. */
export async function fetchSettings(
  url: string,
  ingestKey: string,
  signal: AbortSignal,
): Promise<InterceptorSettings> {
  const { statusCode, body } = await request(new URL("v1/interceptor", url.endsWith("/") ? url : `${url}/`), {
    headers: { authorization: `Bearer ${ingestKey}` },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    signal,
  });
  let text = "";
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > MAX_SETTINGS_BYTES) throw new RangeError("the answer is too large");
  }
  if (statusCode !== 200) throw new Error(`the collector answered ${statusCode}`);
  return settingsSchema.parse(JSON.parse(text));
}

/** What is kept in the state directory so that an interceptor starts without the collector. All files are 0600. */
export class SettingsCache {
  readonly #directory: string;
  readonly #path: string;

  /** One file for each collector and ingest key, named by their hash. */
  constructor(stateDir: string, url: string, ingestKey: string) {
    const id = createHash("sha256").update(`${url}\n${ingestKey}`).digest("hex").slice(0, 16);
    this.#directory = join(stateDir, "interceptor");
    this.#path = join(this.#directory, `settings-${id}.json`);
  }

  get denyListPath(): string {
    return this.#path.replace("settings-", "deny-list-");
  }

  read(): InterceptorSettings | null {
    return settingsSchema.safeParse(readJson(this.#path)).data ?? null;
  }

  /** @throws the system's error */
  write(settings: InterceptorSettings): void {
    this.#replace(this.#path, settings);
  }

  /** A key of this machine's own, for records made before the collector was ever reached. Made once and kept. */
  localKey(): RedactionKey {
    const path = join(this.#directory, "redaction-local.json");
    const kept = redactionKeySchema.safeParse(readJson(path));
    if (kept.success) return kept.data;
    const made = { id: `local-${randomBytes(4).toString("hex")}`, key: randomBytes(32).toString("hex") };
    this.#replace(path, made);
    return made;
  }

  #replace(path: string, value: unknown): void {
    mkdirSync(this.#directory, { recursive: true, mode: DIRECTORY_MODE });
    const unfinished = `${path}.${process.pid}.tmp`;
    writeFileSync(unfinished, JSON.stringify(value), { mode: FILE_MODE });
    renameSync(unfinished, path);
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null; // absent or damaged: as if it had never been
  }
}
