import { Pool } from "undici";
import { z } from "zod";
import { type RecordSender, SendError, type SendResult } from "./record-sender.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 30_000; // a collector that takes longer for a batch is as good as down; the batch is sent again
const MAX_ANSWER_BYTES = 1024 * 1024; // 1,000 refusals fit

const answerSchema = z.object({
  accepted: z.number().int().min(0),
  refused: z
    .array(z.object({ line: z.number().int().min(0), code: z.string(), message: z.string() }))
    .default([]),
});

export interface HttpSenderOptions {
  /** The collector's base URL. */
  url: string;
  /** The producer's ingest key. */
  ingestKey: string;
  answerTimeoutMs?: number | undefined;
}

/** Sends batches to the collector's `POST /v1/records`. */
export function createHttpSender(options: HttpSenderOptions): RecordSender {
  const base = new URL(options.url);
  const path = `${base.pathname.replace(/\/$/, "")}/v1/records`;
  const timeout = options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
  const pool = new Pool(base.origin, {
    connections: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: timeout,
    bodyTimeout: timeout,
  });
  const headers = {
    authorization: `Bearer ${options.ingestKey}`,
    "content-type": "application/x-ndjson",
  };

  async function send(lines: Buffer, signal: AbortSignal): Promise<SendResult> {
    let status: number;
    let retryAfter: string | string[] | undefined;
    let text: string;
    try {
      const response = await pool.request({ method: "POST", path, headers, body: lines, signal });
      status = response.statusCode;
      retryAfter = response.headers["retry-after"];
      text = await readBounded(response.body);
    } catch (cause) {
      throw new SendError(
        "unavailable",
        `the collector at ${base.origin} can't be reached; records wait in the spool`,
        { cause },
      );
    }
    if (status === 200) return readAnswer(text, base.origin);
    throw failureOf(status, retryAfter, base.origin);
  }

  return {
    send,
    // Not `close`: that would wait for an answer that may never come.
    close: async () => await pool.destroy(),
  };
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new RangeError("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** An answer that is not the collector's does not count as taken: something else listens there. */
function readAnswer(text: string, origin: string): SendResult {
  const parsed = answerSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new SendError(
    "unavailable",
    `what answers at ${origin} is not a Tripline collector; check the URL. Records wait in the spool`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

function failureOf(status: number, retryAfter: string | string[] | undefined, origin: string): SendError {
  if (status === 401 || status === 403) {
    return new SendError(
      "unauthorized",
      `the collector at ${origin} does not know this ingest key; enrol the producer again. Records wait in the spool`,
    );
  }
  if (status === 400 || status === 413) {
    return new SendError("rejected", `the collector refused a batch with ${status}`);
  }
  const seconds = typeof retryAfter === "string" ? Number(retryAfter) : Number.NaN;
  return new SendError(
    "unavailable",
    `the collector at ${origin} answered ${status}; records wait in the spool`,
    { retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined },
  );
}
