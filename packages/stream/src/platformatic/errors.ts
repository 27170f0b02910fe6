import { TriplineError } from "@tripline/events";
import { streamError } from "../errors.ts";
import { CERTIFICATE, fromProtocol, REFUSED } from "../kafka/protocol-errors.ts";

/** A side that ends the TLS handshake: a plain listener, or a client certificate that is missing or unknown. */
const HANDSHAKE =
  /wrong version number|alert|EPROTO|ssl3_|packet length too long|ERR_SSL|TLS handshake failed|Broker requires TLS/i;
const PREFIX = "PLT_KFK_";

/** What an error of @platformatic/kafka is for Tripline. Everything that may pass by itself is retriable. */
export function fromPlatformatic(error: unknown, what: string): unknown {
  if (error instanceof TriplineError || !(error instanceof Error)) return error;
  const chain = lastChain(error);
  const own = chain.find((each) => each instanceof TriplineError); // a token that could not be had
  if (own !== undefined) return own;
  const type = typeOf(chain);
  if (type === null) return error;
  const protocol = fromProtocol(type, what, error);
  if (protocol !== null) return protocol;
  if (chain.some(({ message }) => /^Unknown topic /.test(message))) {
    return streamError("TRIPLINE_STREAM_TOPIC_UNKNOWN", `${what}: there is no such topic`, error);
  }
  const refusal = refusalIn(chain, type);
  if (refusal !== null) return streamError("TRIPLINE_STREAM_REFUSED", `${what}: ${refusal}`, error);
  return streamError("TRIPLINE_STREAM_UNAVAILABLE", `${what}: the broker can't do it now (${type})`, error);
}

/** Why asking again is of no use, in words; null when it may be. */
function refusalIn(chain: readonly Error[], type: string): string | null {
  const messages = chain.map(({ message }) => message);
  const certificate = messages.find((message) => CERTIFICATE.test(message));
  if (certificate !== undefined) {
    return `the broker's certificate is not accepted (${certificate}): name the authority that signed it (kafka-tls-ca), and the broker by the name in its certificate`;
  }
  const handshake = messages.find((message) => HANDSHAKE.test(message));
  if (handshake !== undefined) {
    return `no TLS with the broker (${handshake}): it is not its TLS listener, or wants a client certificate (kafka-tls-cert, kafka-tls-key)`;
  }
  if (/SASL/.test(type) || chain.some((each) => codeOf(each) === "AUTHENTICATION")) {
    return `the broker refuses the credentials (${type}): check kafka-sasl, the user and the secret, or whether anyone is served with this token`;
  }
  return REFUSED.test(type) ? `the broker refuses it (${type}): check access and settings` : null;
}

/** The error and what led to it; of several tries and of several brokers the last. */
function lastChain(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const inner =
    error instanceof AggregateError && error.errors.length > 0 ? error.errors.at(-1) : error.cause;
  return [error, ...lastChain(inner)];
}

/** The protocol's name of the error, else the library's own; null when it does not come from the library. */
function typeOf(chain: readonly Error[]): string | null {
  for (const each of chain.toReversed()) {
    if ("apiId" in each && typeof each.apiId === "string") return each.apiId;
  }
  return chain.map(codeOf).findLast((code) => code !== null) ?? null;
}

function codeOf(error: Error): string | null {
  if (!("code" in error) || typeof error.code !== "string" || !error.code.startsWith(PREFIX)) return null;
  return error.code.slice(PREFIX.length);
}
