import {
  type ClientRequest,
  type IncomingMessage,
  request as plainRequest,
  type RequestOptions,
} from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import { TriplineError } from "@tripline/events";
import { type CheckedAddress, createEgress, type Egress, type EgressOptions } from "./egress.ts";
import type { Http, HttpAnswer, HttpRequest } from "./http.ts";

const TIMEOUT_MS = 15_000; // Standard Webhooks advises 15 to 30 s; a slow receiver only holds up its own queue
const MAX_ANSWER_BYTES = 64 * 1024; // answers are read for a code or a token's state, never for content

/**
 * HTTP to addresses of the operator's choosing, which may not be ours to reach: internal targets are refused unless listed, and the
 * connection goes to the address that was checked. Redirects are not followed, proxies of the environment are not used, a
 * server's certificate is always verified, an answer is read to 64 KB.
 */
export function createHttp(options: EgressOptions): Http {
  return httpThrough(createEgress(options));
}

/** The same, where an `Egress` is at hand already. */
export function httpThrough(egress: Egress): Http {
  return {
    request: async (text, options) => {
      const url = parseUrl(text);
      const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
      const signal = AbortSignal.any([options.signal, timeout]);
      try {
        const addresses = await unlessAborted(egress.addresses(url.hostname), signal);
        return await exchange(url, addresses, { ...options, signal });
      } catch (error) {
        if (error instanceof TriplineError) throw error;
        throw unreached(url.hostname, timeout.aborted ? "it did not answer in time" : systemCode(error));
      }
    },
  };
}

/** @throws TriplineError TRIPLINE_EGRESS_INVALID; the address is not told, since it may hold a secret */
function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw invalid("expected an http:// or https:// address");
  if (url.username !== "" || url.password !== "")
    throw invalid("an address with user and password is refused");
  return url;
}

function exchange(url: URL, addresses: CheckedAddress[], options: HttpRequest): Promise<HttpAnswer> {
  const { method, headers, body, signal, tls } = options;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const settings: RequestOptions = {
    method,
    host,
    port: url.port === "" ? undefined : url.port,
    path: `${url.pathname}${url.search}`,
    headers: {
      "accept-encoding": "identity",
      "user-agent": "tripline",
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...headers,
    },
    agent: false, // a connection of its own: none is reused for a host whose addresses have changed
    signal,
    lookup: (_host, wanted, callback) => {
      const [first] = addresses;
      if (wanted.all === true) callback(null, addresses);
      else callback(null, first?.address ?? "", first?.family);
    },
  };
  return new Promise((resolve, reject) => {
    let request: ClientRequest;
    try {
      request =
        url.protocol === "https:"
          ? tlsRequest({
              ...settings,
              ...tls,
              rejectUnauthorized: true,
              servername: isIP(host) === 0 ? host : "",
            })
          : plainRequest(settings);
    } catch {
      // Node quotes what it can't send; that may be a secret with a line end behind it.
      reject(invalid("its method, a header or a certificate has a form that can't be used"));
      return;
    }
    request.on("error", reject);
    request.on("response", (response) => readAnswer(response).then(resolve, reject));
    request.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length >= MAX_ANSWER_BYTES) break; // leaving the loop destroys the connection
  }
  const text = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString("utf8");
  const headers = new Headers();
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  return { status: response.statusCode ?? 0, headers, text };
}

/** A lookup can't be called off; nobody waits for it any longer. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The system's own code (ECONNREFUSED …); an error's text may name more than may be told. */
function systemCode(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  return /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : "the connection failed";
}

function invalid(why: string): TriplineError {
  return new TriplineError("TRIPLINE_EGRESS_INVALID", `this request can't be sent: ${why}`);
}

function unreached(host: string, why: string): TriplineError {
  return new TriplineError("TRIPLINE_EGRESS_UNREACHED", `${host} was not reached: ${why}`, {
    kind: "retriable",
  });
}
