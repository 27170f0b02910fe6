import type { Connection } from "../connection/connection.ts";
import { CommandFailed, EXIT } from "../exit.ts";
import { failed, type Query, reason } from "./client.ts";

const ANSWER_TIMEOUT_MS = 120_000; // some ten thousand records of a store that has other work too

/** An answer of bytes. @throws CommandFailed with a message for the person */
export async function requestBytes(
  connection: Connection,
  path: string,
  query: Query,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const url = new URL(`${connection.url}${path}`);
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${connection.token}`, accept: "application/octet-stream" },
      redirect: "error", // a token never follows a redirect
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    if (response.status >= 400) throw failed(response.status, await response.text(), path);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (cause instanceof CommandFailed) throw cause;
    if (signal.aborted) throw new CommandFailed(EXIT.failure, "interrupted", cause);
    throw new CommandFailed(EXIT.failure, `${connection.url} does not answer: ${reason(cause)}`, cause);
  }
}
