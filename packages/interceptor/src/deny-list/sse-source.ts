import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import type { OnWarning } from "../core/warnings.ts";
import type { RevocationSink, RevocationSource } from "./revocation-source.ts";
import { SseEvents } from "./sse-events.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const SILENCE_MS = 45_000; // the collector writes a comment every 15 s: three missed
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000; // how late a revocation may come after an outage

export interface SseSourceOptions {
  /** The collector's base URL. */
  url: string;
  ingestKey: string;
  onWarning: OnWarning;
  random?: (() => number) | undefined;
}

/** The collector's `GET /v1/revocations`: the whole list, `loaded`, then what comes. Connects anew for ever. */
export function createSseSource(options: SseSourceOptions): RevocationSource {
  const base = new URL(options.url);
  const path = `${base.pathname.replace(/\/$/, "")}/v1/revocations`;
  const pool = new Pool(base.origin, {
    connections: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
  });
  const random = options.random ?? Math.random;
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function follow(sink: RevocationSink): Promise<void> {
    const { statusCode, headers, body } = await pool.request({
      method: "GET",
      path,
      headers: { authorization: `Bearer ${options.ingestKey}`, accept: "text/event-stream" },
      signal: stop.signal,
    });
    const type = String(headers["content-type"] ?? "");
    if (statusCode !== 200 || !type.startsWith("text/event-stream")) {
      // Letting go of an unread body is an `error` event of its own, which nobody hearing would end the process.
      body.on("error", () => undefined).destroy();
      throw new Error(`answered ${statusCode} ${type}`);
    }
    sink.snapshotBegins();
    const events = new SseEvents(({ event, data }) => {
      if (event === "revocation") sink.entry(parseJson(data));
      else if (event === "loaded") sink.loaded();
    });
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      events.push(decoder.decode(chunk, { stream: true }));
      sink.contact();
    }
  }

  async function run(sink: RevocationSink): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; failures += 1) {
      const started = performance.now();
      try {
        await follow(sink);
      } catch (cause) {
        if (stop.signal.aborted) return;
        options.onWarning({
          code: "TRIPLINE_REVOCATIONS_UNREACHABLE",
          message: `revocations can't be followed at ${base.origin}; the last known list stays in force`,
          cause,
        });
      }
      if (performance.now() - started > SILENCE_MS) failures = 0;
      const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
      await delay(ceiling / 2 + (random() * ceiling) / 2, undefined, {
        signal: stop.signal,
        ref: false,
      }).catch((error: unknown) => {
        if (!stop.signal.aborted) throw error;
      });
    }
  }

  return {
    start: (sink) => {
      running = run(sink);
    },
    close: async () => {
      stop.abort();
      await running;
      await pool.destroy();
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the deny list counts it as not genuine
  }
}
