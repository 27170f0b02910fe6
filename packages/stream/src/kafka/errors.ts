import { isRetriable, TriplineError } from "@tripline/events";
import { streamError } from "../errors.ts";
import { CERTIFICATE, fromProtocol, REFUSED } from "./protocol-errors.ts";

/** A broker, or this side, ends the TLS handshake: a plain listener, or a client certificate that is missing or unknown. */
const HANDSHAKE = /wrong version number|alert|EPROTO|ssl3_|packet length too long|ERR_SSL/i;
/** What a kafkajs error is for Tripline. Everything that may pass by itself is retriable. */
export function fromKafka(error: unknown, what: string): unknown {
  if (error instanceof TriplineError || !(error instanceof Error)) return error;
  const own = ownCause(error);
  if (own !== null)
    return new TriplineError(own.code, `${what}: ${own.message}`, { kind: own.kind, cause: error });
  const type = kafkaType(error);
  if (type === null) return error;
  const protocol = fromProtocol(type, what, error);
  if (protocol !== null) return protocol;
  const certificate = messages(error).find((message) => CERTIFICATE.test(message) || HANDSHAKE.test(message));
  if (certificate !== undefined) {
    return streamError(
      "TRIPLINE_STREAM_REFUSED",
      !HANDSHAKE.test(certificate)
        ? `${what}: the broker's certificate is not accepted (${certificate}): name the authority that signed it (kafka-tls-ca), and the broker by the name in its certificate`
        : `${what}: no TLS with the broker (${certificate}): is this its TLS listener, and does it want a client certificate (kafka-tls-cert, kafka-tls-key)?`,
      error,
    );
  }
  const ended = messages(error).find((message) =>
    /before secure TLS connection was established/.test(message),
  );
  if (ended !== undefined) {
    return streamError(
      "TRIPLINE_STREAM_UNAVAILABLE",
      `${what}: the broker ends the connection before there is TLS: it is restarting, or this is not its TLS listener`,
      error,
    );
  }
  if (/SASL/.test(type) && type !== "ILLEGAL_SASL_STATE") {
    return streamError(
      "TRIPLINE_STREAM_REFUSED",
      `${what}: the broker refuses the credentials (${lastOf(messages(error))}): check kafka-sasl, the user and the secret`,
      error,
    );
  }
  if (REFUSED.test(type)) {
    return streamError(
      "TRIPLINE_STREAM_REFUSED",
      `${what}: the broker refuses it (${type}): check access and settings`,
      error,
    );
  }
  return streamError("TRIPLINE_STREAM_UNAVAILABLE", `${what}: the broker can't do it now (${type})`, error);
}

/** Whether asking again can help, of a topic that is known to exist: a broker hears late of new topics and leaders. */
export function isPassing(error: unknown): boolean {
  return isRetriable(fromKafka(error, "")) || kafkaType(error) === "UNKNOWN_TOPIC_OR_PARTITION";
}

/** What Tripline's own parts inside kafkajs raised, e.g. a source of tokens. */
function ownCause(error: unknown): TriplineError | null {
  if (error instanceof TriplineError) return error;
  return error instanceof Error ? ownCause(error.cause) : null;
}

function messages(error: Error): string[] {
  return [error.message.trim(), ...(error.cause instanceof Error ? messages(error.cause) : [])];
}

function lastOf(texts: readonly string[]): string {
  return texts.at(-1) ?? "";
}

/** The protocol's name of the error, or kafkajs's; null when it does not come from kafkajs. */
export function kafkaType(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("type" in error && typeof error.type === "string") return error.type;
  const type = kafkaType(error.cause);
  if (type !== null) return type;
  if (error.message === "Broker not connected") return "KafkaJSBrokerNotConnected"; // the one that has no name of its own
  return error.name.startsWith("KafkaJS") ? error.name : null;
}
