import { readFileSync } from "node:fs";
import { LedgerError, type Policy, parsePolicy } from "@tripline/ledger";
import { CommandFailed, EXIT } from "../exit.ts";

/** Whom the person trusts; null when no file was named. */
export function readPolicy(path: string | undefined): Policy | null {
  if (path === undefined) return null;
  try {
    return parsePolicy(readFileSync(path));
  } catch (cause) {
    const why = cause instanceof LedgerError ? cause.message : "it can't be read";
    throw new CommandFailed(EXIT.usage, `${path}: ${why}`, cause);
  }
}

/** Root checkpoints that were kept from before. */
export function readKept(paths: readonly string[] = []): { name: string; note: Uint8Array }[] {
  return paths.map((path) => {
    try {
      return { name: path, note: Uint8Array.from(readFileSync(path)) };
    } catch (cause) {
      throw new CommandFailed(EXIT.usage, `${path} can't be read`, cause);
    }
  });
}
