import { type BaseOptions, SASLMechanisms, type SASLOptions } from "@platformatic/kafka";
import { streamError } from "../errors.ts";
import type { KafkaOptions } from "../kafka/connection.ts";

const CONNECT_TIMEOUT_MS = 3000;
/** A broker that keeps a connection open and says nothing is given up after this. Above the longest wait it may ask for: a join. */
export const REQUEST_TIMEOUT_MS = 15_000;
const RETRIES = 8;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2000; // with those before 7 s in all, long enough for a new leader; then the caller is told and decides

export function clientOptions(options: KafkaOptions): BaseOptions {
  const { brokers, clientId = "tripline", ssl, sasl } = options;
  return {
    clientId,
    bootstrapBrokers: brokers,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retries: RETRIES,
    retryDelay: (_client, _operation, attempt) => Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1)),
    autocreateTopics: false,
    ...(ssl ? { tls: ssl === true ? {} : ssl, tlsServerName: true } : {}),
    ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
  };
}

function saslOptions(sasl: NonNullable<KafkaOptions["sasl"]>): SASLOptions {
  if ("username" in sasl) {
    const { username, password } = sasl;
    if (sasl.mechanism === "plain") return { mechanism: SASLMechanisms.PLAIN, username, password };
    const mechanism =
      sasl.mechanism === "scram-sha-256" ? SASLMechanisms.SCRAM_SHA_256 : SASLMechanisms.SCRAM_SHA_512;
    return { mechanism, username, password };
  }
  if ("oauthBearerProvider" in sasl) {
    const { oauthBearerProvider } = sasl;
    return { mechanism: SASLMechanisms.OAUTHBEARER, token: async () => (await oauthBearerProvider()).value };
  }
  throw streamError("TRIPLINE_STREAM_CONFIG", `SASL mechanism ${sasl.mechanism} is not supported`);
}
