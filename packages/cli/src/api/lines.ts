import type { z } from "zod";
import type { Connection } from "../connection/connection.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { failed, reason } from "./client.ts";

const MAX_LINE_CHARS = 4 * 1024 * 1024; // far more than any line that is expected: a record of the log has at most 1 MB

/** The lines of a long answer (application/x-ndjson) as they come, each checked. Leaving the loop ends the request. */
export async function* requestLines<T>(
  connection: Connection,
  path: string,
  schema: z.ZodType<T>,
  { query, signal }: { query: Readonly<Record<string, string | number | undefined>>; signal: AbortSignal },
): AsyncGenerator<T> {
  const url = new URL(`${connection.url}${path}`);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  const left = new AbortController();
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${connection.token}`, accept: "application/x-ndjson" },
      redirect: "error", // a token never follows a redirect
      signal: AbortSignal.any([signal, left.signal]),
    });
    if (response.status >= 400) throw failed(response.status, await response.text(), path);
    for await (const line of textLines(response.body ?? [])) yield parse(line, schema, connection.url, path);
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    if (signal.aborted) throw new CommandFailed(EXIT.failure, "interrupted", error);
    throw new CommandFailed(EXIT.failure, `${connection.url} does not answer: ${reason(error)}`, error);
  } finally {
    left.abort();
  }
}

async function* textLines(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > MAX_LINE_CHARS) throw new Error("a line of the answer has no end");
    yield* parts.filter((part) => part !== "");
  }
  if (rest !== "") yield rest;
}

function parse<T>(line: string, schema: z.ZodType<T>, url: string, path: string): T {
  const parsed = schema.safeParse(json(line));
  if (parsed.success) return parsed.data;
  throw new CommandFailed(
    EXIT.failure,
    `${url} answered ${path} in a form this version does not know: are both of one version?`,
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
