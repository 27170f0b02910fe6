import { isoTime } from "./source.ts";

/** Which person a subject id is → a row of `directory`. Erasable apart from the records that name the subject. */

export const DIRECTORY_COLUMNS: readonly string[] = ["tenant", "subject_id", "name", "last_seen"];

export const MAX_NAMES_PER_PAYLOAD = 32; // one call names its principal and a few more; the rest is noise or an attack
const MAX_DIRECTORY_CHARS = 1024;

/** @param lastSeen ms since the epoch, the log's clock */
export function rowFromName(tenant: string, subjectId: string, name: string, lastSeen: number): string {
  const cut = (value: string) => value.slice(0, MAX_DIRECTORY_CHARS).toWellFormed();
  return JSON.stringify([tenant, cut(subjectId), cut(name), isoTime(lastSeen)]);
}
