import { Pool } from "undici";
import type { OnWarning } from "../core/warnings.ts";
import { createReopenedSource, parseEntry } from "./reopened-source.ts";
import type { RevocationSink, RevocationSource } from "./revocation-source.ts";
import { SseEvents } from "./sse-events.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const SILENCE_MS = 45_000; // the collector writes a comment every 15 s: three missed

export interface SseSourceOptions {
  /** The collector's base URL. */
  url: string;
  ingestKey: string;
  onWarning: OnWarning;
  /** This producer's boot, where it wants to hear the verdicts that its calls wait for. */
  boot?: string | undefined;
  /** Unverified. */
  onVerdict?: ((verdict: unknown) => void) | undefined;
  random?: (() => number) | undefined;
}

/** The collector's `GET /v1/revocations`: the whole list, `loaded`, then what comes. Connects anew for ever. */
export function createSseSource(options: SseSourceOptions): RevocationSource {
  const base = new URL(options.url);
  const path = `${base.pathname.replace(/\/$/, "")}/v1/revocations`;
  const query = options.boot === undefined ? undefined : { boot: options.boot };
  const pool = new Pool(base.origin, {
    connections: 1,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
  });

  async function follow(sink: RevocationSink, stop: AbortSignal): Promise<void> {
    const { statusCode, headers, body } = await pool.request({
      method: "GET",
      path,
      ...(query === undefined ? {} : { query }),
      headers: { authorization: `Bearer ${options.ingestKey}`, accept: "text/event-stream" },
      signal: stop,
    });
    const type = String(headers["content-type"] ?? "");
    if (statusCode !== 200 || !type.startsWith("text/event-stream")) {
      // Letting go of an unread body is an `error` event of its own, which nobody hearing would end the process.
      body.on("error", () => undefined).destroy();
      throw new Error(`answered ${statusCode} ${type}`);
    }
    sink.snapshotBegins();
    const events = new SseEvents(({ event, data }) => {
      if (event === "revocation") sink.entry(parseEntry(data));
      else if (event === "verdict") options.onVerdict?.(parseEntry(data));
      else if (event === "loaded") sink.loaded();
    });
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      events.push(decoder.decode(chunk, { stream: true }));
      sink.contact();
    }
  }

  return createReopenedSource({
    follow,
    unreachable: `revocations can't be followed at ${base.origin}; the last known list stays in force`,
    onWarning: options.onWarning,
    random: options.random,
    release: () => pool.destroy(),
  });
}
