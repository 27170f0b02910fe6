import { readFile } from "node:fs/promises";
import { TriplineError } from "@tripline/events";
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";

const REFRESH_MS = 10 * 60_000; // issuers publish a new key well before they sign with it
const COOLDOWN_MS = 30_000; // tokens with made-up key ids must not make us hammer the issuer
const FETCH_TIMEOUT_MS = 5_000;
const MAX_WAIT_MS = 1_000; // the longest a request waits for a key that is not known yet
const MAX_BYTES = 1024 * 1024; // the largest published key sets are some 20 KiB

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(1000) });

/** An issuer's public keys, in memory. Requests never wait for a refresh, but at most a second for an unknown key. */
export interface KeySet {
  /** The keys now, or null when none could be loaded yet. */
  current(): JWTVerifyGetKey | null;
  /** Loads the keys again, unless that was done just now. Resolves, with or without news, within a second. */
  refresh(): Promise<void>;
  /** Counts up whenever other keys were loaded. */
  readonly generation: number;
  start(): Promise<void>;
  stop(): void;
}

/** Keys from a file, read once. @throws TriplineError TRIPLINE_IDENTITY_JWKS from `start` */
export function createFileKeySet(file: string): KeySet {
  let keys: JWTVerifyGetKey | null = null;
  let generation = 0;
  return {
    current: () => keys,
    refresh: () => Promise.resolve(),
    get generation() {
      return generation;
    },
    async start() {
      try {
        keys = parseKeySet(await readFile(file, "utf8")).keys;
        generation += 1;
      } catch (cause) {
        const why = `the key set ${file} can't be read: give a JSON Web Key Set (RFC 7517)`;
        throw new TriplineError("TRIPLINE_IDENTITY_JWKS", why, { cause });
      }
    },
    stop: () => undefined,
  };
}

/**
 * Keys from an issuer's address, refreshed every ten minutes and when a key is unknown. An issuer that can't be reached
 * keeps the keys known so far; `onError` hears of it.
 */
export function createRemoteKeySet(
  url: string,
  onError: (error: TriplineError) => void,
  monotonicMs: () => number = () => performance.now(),
): KeySet {
  let keys: JWTVerifyGetKey | null = null;
  let text = "";
  let generation = 0;
  let lastLoad = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const stopped = new AbortController();

  async function load(): Promise<void> {
    try {
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
      const response = await fetch(url, { signal, headers: { accept: "application/json" } });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const parsed = parseKeySet(await boundedText(response));
      if (parsed.text === text) return;
      ({ keys, text } = parsed);
      generation += 1;
    } catch (cause) {
      if (stopped.signal.aborted) return;
      const message = `the key set ${url} can't be loaded: tokens of this issuer count as unknown until it can`;
      onError(new TriplineError("TRIPLINE_IDENTITY_JWKS", message, { kind: "retriable", cause }));
    }
  }

  function refresh(): Promise<void> {
    if (loading === null && monotonicMs() - lastLoad >= COOLDOWN_MS) {
      lastLoad = monotonicMs();
      loading = load().finally(() => {
        loading = null;
      });
    }
    return loading === null ? Promise.resolve() : Promise.race([loading, shortWait()]);
  }

  return {
    current: () => keys,
    refresh,
    get generation() {
      return generation;
    },
    async start() {
      timer = setInterval(() => void refresh(), REFRESH_MS);
      timer.unref();
      await refresh();
    },
    stop() {
      clearInterval(timer);
      stopped.abort();
    },
  };
}

function shortWait(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, MAX_WAIT_MS).unref();
  });
}

function parseKeySet(text: string): { keys: JWTVerifyGetKey; text: string } {
  const set: JSONWebKeySet = jwksSchema.parse(JSON.parse(text));
  return { keys: createLocalJWKSet(set), text };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`the key set is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
