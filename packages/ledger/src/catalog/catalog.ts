import { sha256 } from "#crypto";
import { LedgerError } from "../errors.ts";
import { parseVerifierKey } from "../note/index.ts";

/** One log of an installation: where its files are, below the ledger's own place, and who it is. */
export interface CatalogEntry {
  /** `root`, or `events/GENERATION/PARTITION`. */
  path: string;
  origin: string;
  verifier_key: string;
}

/** The file that names all logs of a ledger. It is no evidence: whom to trust, a policy says. */
export const CATALOG_PATH = "logs.json";
export const ROOT_PATH = "root";

const VERSION = 1;
const MAX_LOGS = 100_000;
const PATH = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;
const KEY_NAME_BYTES = 8;

/** Of the log of one partition. @param generation of the stream, as positions name it */
export function partitionPath(generation: string, partition: number): string {
  return `events/${generation}/${partition}`;
}

/** The name of a log: nobody else's, because it begins with a hash of its key. @param publicKey 32 bytes, Ed25519 */
export function originOf(publicKey: Uint8Array, path: string): string {
  const name = Array.from(sha256(publicKey).subarray(0, KEY_NAME_BYTES), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  return `tripline/${name.join("")}/${path}`;
}

export function encodeCatalog(logs: readonly CatalogEntry[]): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ v: VERSION, logs }, null, 2)}\n`);
}

/** @throws LedgerError TRIPLINE_LEDGER_INVALID for another form, a path that leaves the ledger, a key that is none */
export function parseCatalog(bytes: Uint8Array): CatalogEntry[] {
  const invalid = (what: string, cause?: unknown): LedgerError =>
    new LedgerError("TRIPLINE_LEDGER_INVALID", `${CATALOG_PATH} ${what}`, cause);
  let said: unknown;
  try {
    said = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid("is not JSON in UTF-8", cause);
  }
  if (!isObject(said) || said.v !== VERSION || !Array.isArray(said.logs))
    throw invalid("has another form than this version knows");
  if (said.logs.length > MAX_LOGS) throw invalid(`names more than ${MAX_LOGS} logs`);
  return said.logs.map((each: unknown) => {
    if (!isObject(each)) throw invalid("has a log that is no object");
    const { path, origin, verifier_key } = each;
    if (typeof path !== "string" || !PATH.test(path) || path.split("/").some((part) => /^\.+$/.test(part)))
      throw invalid("has a log whose path is none");
    if (typeof origin !== "string" || typeof verifier_key !== "string")
      throw invalid(`says no origin or verifier key of ${path}`);
    if (parseVerifierKey(verifier_key).name !== origin)
      throw invalid(`has a verifier key of another name than ${path} has`);
    return { path, origin, verifier_key };
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
