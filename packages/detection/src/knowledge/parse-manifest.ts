import { TriplineError } from "@tripline/events";
import { isMap, isNode, isSeq, LineCounter, parseDocument } from "yaml";
import { type Manifest, manifestOf } from "./manifest.ts";
import { manifestSchema } from "./manifest-schema.ts";

const MAX_MANIFEST_CHARS = 1024 * 1024; // a thousand tools with hashes are about 150 KiB
const MAX_ALIASES = 50; // YAML aliases can multiply a small file without end

/**
 * Reads a manifest.
 * @param file its name, for errors
 * @throws TriplineError TRIPLINE_MANIFEST_INVALID as `file:line: path: expected …, found …`
 */
export function parseManifest(text: string, file: string): Manifest {
  const fail = (line: number, message: string, cause?: unknown): TriplineError =>
    new TriplineError("TRIPLINE_MANIFEST_INVALID", `${file}:${line}: ${message}`, { cause });
  if (text.length > MAX_MANIFEST_CHARS) throw fail(1, `expected at most ${MAX_MANIFEST_CHARS} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const fault = document.errors[0];
  if (fault !== undefined)
    throw fail(lines.linePos(fault.pos[0]).line, fault.message.split("\n")[0] ?? "not YAML");
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw fail(1, `YAML aliases: ${cause instanceof Error ? cause.message : "unreadable"}`, cause);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return manifestOf(parsed.data);
  // A key that nobody knows is most often the misspelt one that something else misses.
  const unknown = parsed.error.issues.find((issue) => issue.code === "unrecognized_keys");
  const issue = unknown ?? parsed.error.issues[0];
  const path = [...(issue?.path ?? []), ...(unknown?.keys.slice(0, 1) ?? [])];
  throw fail(
    lines.linePos(offsetOf(document.contents, path)).line,
    `${path.join(".") || "the manifest"}: ${issue?.message ?? "invalid"}`,
  );
}

/** Where the deepest part of `path` begins that the file has. */
function offsetOf(contents: unknown, path: readonly PropertyKey[]): number {
  let node = contents;
  let offset = 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      if (pair === undefined) return offset;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
