import { isUtf8 } from "node:buffer";
import { setImmediate as nextTurn } from "node:timers/promises";
import { cloudEventHeaders, eventKey, TOPICS } from "@tripline/events";
import {
  counter,
  type Guards,
  HttpError,
  histogram,
  type Producer,
  producerOf,
  type ServiceContext,
} from "@tripline/service";
import type { Log, NewRecord } from "@tripline/stream";
import type { FastifyPluginAsync } from "fastify";
import { refusalOf } from "./enrolment.ts";
import { Quotas } from "./quota.ts";
import { encodeReceived, readLine } from "./read-line.ts";

export const MAX_BODY_BYTES = 4 * 1024 * 1024;
export const MAX_LINES = 5_000;
const MAX_BYTES_IN_HAND = 64 * 1024 * 1024; // bodies that wait for the log; each becomes about three times its size
const SLICE_MS = 5; // how long one batch may hold the event loop before others have their turn
const LINES_BETWEEN_LOOKS = 64; // about 1 ms of work

/** A line that was not taken; `line` counts from 0. */
export interface RefusedLine {
  line: number;
  code: string;
  message: string;
}

export interface IngestAnswer {
  accepted: number;
  refused: RefusedLine[];
}

/** `POST /v1/records`: one record a line; answered when the log has made them durable. */
export function ingestRoute(deps: {
  log: Pick<Log, "produce">;
  guards: Guards;
  context: ServiceContext;
}): FastifyPluginAsync {
  const { context, log } = deps;
  const metrics = ingestMetrics(context);
  const quotas = new Quotas();
  let bytesInHand = 0;

  return async (app) => {
    app.addContentTypeParser(
      "application/x-ndjson",
      { parseAs: "buffer", bodyLimit: MAX_BODY_BYTES },
      (_request, body, done) => done(null, body),
    );
    app.post(
      "/v1/records",
      { onRequest: deps.guards.requireProducer },
      async (request): Promise<IngestAnswer> => {
        const producer = producerOf(request);
        const body = bodyOf(request.body, request.headers["content-encoding"]);
        const wait = quotas.secondsToWait(producer, context.now());
        if (wait > 0) {
          metrics.refused.inc({ code: "TRIPLINE_QUOTA" });
          throw new HttpError(429, "TRIPLINE_QUOTA", `more than ${producer.quota} records a second`, {
            headers: { "retry-after": String(wait) },
          });
        }
        if (bytesInHand + body.length > MAX_BYTES_IN_HAND) {
          throw new HttpError(503, "TRIPLINE_COLLECTOR_FULL", "too much waits for the log: try again", {
            headers: { "retry-after": "1" },
          });
        }
        bytesInHand += body.length;
        try {
          const { records, refused, lines } = await readBatch(producer, body, context);
          quotas.take(producer, lines, context.now());
          for (const { code } of refused) metrics.refused.inc({ code });
          if (records.length > 0) {
            const stop = metrics.append.startTimer();
            await log.produce(TOPICS.events, records);
            stop();
            metrics.accepted.inc(records.length);
            metrics.bytes.inc(body.length);
          }
          return { accepted: records.length, refused };
        } finally {
          bytesInHand -= body.length;
        }
      },
    );
  };
}

async function readBatch(
  producer: Producer,
  body: Buffer,
  context: ServiceContext,
): Promise<{ records: NewRecord[]; refused: RefusedLine[]; lines: number }> {
  if (!isUtf8(body)) {
    throw new HttpError(400, "TRIPLINE_BODY_NOT_UTF8", "the body is not UTF-8: send JSON as UTF-8");
  }
  const text = body.toString("utf8");
  const received = new Date(context.now()).toISOString();
  const records: NewRecord[] = [];
  const refused: RefusedLine[] = [];
  let sliceStart = performance.now();
  let index = 0;
  for (let start = 0; start < text.length; index++) {
    if (index >= MAX_LINES) {
      throw new HttpError(
        413,
        "TRIPLINE_TOO_MANY_LINES",
        `a batch may have ${MAX_LINES} lines: send several`,
      );
    }
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    const read = readLine(line);
    const refusal = read.kind === "refused" ? read : refusalOf(producer, read.envelope);
    if (refusal !== null) refused.push({ line: index, code: refusal.code, message: refusal.message });
    else if (read.kind === "record") {
      records.push({
        key: eventKey(read.envelope),
        value: Buffer.from(encodeReceived(read, received)),
        headers: cloudEventHeaders(read.envelope),
      });
    }
    if (index % LINES_BETWEEN_LOOKS === 0 && performance.now() - sliceStart > SLICE_MS) {
      await nextTurn();
      sliceStart = performance.now();
    }
  }
  return { records, refused, lines: index };
}

function bodyOf(body: unknown, encoding: string | undefined): Buffer {
  if (encoding !== undefined && encoding !== "identity") {
    throw new HttpError(415, "TRIPLINE_ENCODING", "compressed bodies are not taken: send them as they are");
  }
  if (!Buffer.isBuffer(body)) {
    throw new HttpError(415, "TRIPLINE_MEDIA_TYPE", "send records as application/x-ndjson, one a line");
  }
  return body;
}

function ingestMetrics({ metrics }: ServiceContext) {
  return {
    accepted: counter(metrics, {
      name: "tripline_collector_records_total",
      help: "Records that are durable in the log",
    }),
    refused: counter(metrics, {
      name: "tripline_collector_refused_total",
      help: "Lines that were refused, and batches over quota, by code",
      labels: ["code"],
    }),
    bytes: counter(metrics, {
      name: "tripline_collector_bytes_total",
      help: "Bytes of batches that were taken",
    }),
    append: histogram(metrics, {
      name: "tripline_collector_append_seconds",
      help: "From the parsed batch to its records being durable",
    }),
  };
}
