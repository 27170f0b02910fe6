import type { Access } from "@tripline/service";
import type { StoreReader } from "@tripline/store";
import { mayReadPayloads } from "./read-route.ts";

/**
 * The names of the people in an answer, for those who may read payloads (names live in the directory, which is
 * personal data like a payload); undefined for everybody else.
 */
export async function namesFor(
  access: Access,
  reader: StoreReader,
  subjectIds: readonly (string | null | undefined)[],
  signal: AbortSignal,
): Promise<Record<string, string[]> | undefined> {
  if (!mayReadPayloads(access)) return undefined;
  const wanted = [...new Set(subjectIds.filter((id) => typeof id === "string"))];
  if (wanted.length === 0) return {};
  return Object.fromEntries(await reader.names(wanted, { signal }));
}
