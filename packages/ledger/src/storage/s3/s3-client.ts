import { setTimeout as delay } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { LedgerError } from "../../errors.ts";

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface S3Options {
  /** The bucket's address: `https://s3.eu-west-1.amazonaws.com/my-bucket`, `https://my-bucket.s3.eu-west-1.amazonaws.com`. */
  bucketUrl: string;
  region: string;
  /** Asked for each request, so that short-lived credentials can change. */
  credentials: () => S3Credentials | Promise<S3Credentials>;
}

export interface S3Request {
  method: "GET" | "PUT" | "DELETE";
  /** Below the bucket; "" for the bucket itself. */
  key: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array;
}

export interface S3Answer {
  status: number;
  headers: Headers;
  body: Uint8Array;
  /** Whether an earlier attempt may have been carried out, because its answer was lost. */
  again: boolean;
}

const ATTEMPTS = 5; // with the pauses below: 1.5 s of trouble are bridged
const FIRST_PAUSE_MS = 100;
const TIMEOUT_MS = 30_000; // objects have at most 16 MiB, most 12 KiB
const SIGNATURE_CACHE = new Map<string, ArrayBuffer>(); // derived keys of a day, region and secret
const SIGNATURE_CACHE_ENTRIES = 100;

/**
 * Signed requests to an S3-compatible service (AWS Signature Version 4). What passes (429, 5xx, a lost connection) is tried again;
 * every other answer is returned.
 */
export class S3Client {
  readonly #options: S3Options;
  readonly #base: string;

  constructor(options: S3Options) {
    this.#options = options;
    this.#base = options.bucketUrl.replace(/\/+$/, "");
  }

  /** @throws LedgerError TRIPLINE_LEDGER_UNAVAILABLE */
  async request(request: S3Request): Promise<S3Answer> {
    let trouble: unknown;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
      try {
        const answer = await this.#send(request);
        const body = new Uint8Array(await answer.arrayBuffer());
        if (answer.status < 500 && answer.status !== 429)
          return { status: answer.status, headers: answer.headers, body, again: attempt > 0 };
        trouble = new Error(`HTTP ${answer.status}`);
      } catch (error) {
        trouble = error;
      }
    }
    throw new LedgerError(
      "TRIPLINE_LEDGER_UNAVAILABLE",
      `${new URL(this.#base).host} did not carry out a ${request.method} in ${ATTEMPTS} attempts: check the address and the service`,
      trouble,
    );
  }

  async #send({ method, key, query, headers, body }: S3Request): Promise<Response> {
    const url = new URL(key === "" ? this.#base : `${this.#base}/${key}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    if (SIGNATURE_CACHE.size > SIGNATURE_CACHE_ENTRIES) SIGNATURE_CACHE.clear();
    const payload = body === undefined ? null : body.slice();
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, "x-amz-content-sha256": await sha256Hex(payload ?? new Uint8Array()) },
      body: payload,
      service: "s3",
      region: this.#options.region,
      cache: SIGNATURE_CACHE,
      ...(await this.#options.credentials()),
    }).sign();
    return fetch(signed.url, {
      method,
      headers: signed.headers,
      body: payload,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "error", // a bucket elsewhere needs another signature, and nobody else may be sent one
    });
  }
}

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
}
