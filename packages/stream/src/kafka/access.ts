import { readFile } from "node:fs/promises";
import { streamError } from "../errors.ts";
import type { KafkaOptions } from "./connection.ts";
import { clientCredentialsToken, fileToken } from "./oauth-token.ts";
import { quietly } from "./quiet-log.ts";

/** How a service gets into Kafka, as its configuration says (`kafkaKeys` of packages/service). */
export interface KafkaAccessConfig {
  kafkaClient?: "kafkajs" | "platformatic" | undefined;
  kafkaTls?: boolean | undefined;
  kafkaTlsCa?: string | undefined;
  kafkaTlsCert?: string | undefined;
  kafkaTlsKey?: string | undefined;
  kafkaSasl?: "plain" | "scram-sha-256" | "scram-sha-512" | "oauthbearer" | undefined;
  kafkaUsername?: string | undefined;
  kafkaPassword?: string | undefined;
  kafkaTokenFile?: string | undefined;
  kafkaTokenUrl?: string | undefined;
  kafkaOauthClient?: string | undefined;
  kafkaOauthSecret?: string | undefined;
  kafkaOauthScope?: string | undefined;
  kafkaCreateTopics?: boolean | undefined;
}

export interface KafkaAccessAbout {
  /** Names the service in the brokers' logs and quotas. */
  clientId: string;
  logger?: { warn(message: string): void; error(message: string): void };
}

/**
 * What `openLog` needs for Kafka, from a service's configuration. Reads the files that it names.
 * @throws TriplineError TRIPLINE_STREAM_CONFIG for keys that don't go together or a file that can't be read
 */
export async function kafkaAccess(
  config: KafkaAccessConfig,
  { clientId, logger }: KafkaAccessAbout,
): Promise<Omit<KafkaOptions, "brokers">> {
  const ssl = await tlsOptions(config);
  const sasl = saslOptions(config);
  return {
    clientId,
    client: config.kafkaClient,
    createTopics: config.kafkaCreateTopics === true,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(logger === undefined
      ? {}
      : { onLog: quietly((level: "warn" | "error", message) => logger[level](message)) }),
  };
}

async function tlsOptions(config: KafkaAccessConfig): Promise<KafkaOptions["ssl"]> {
  const { kafkaTls, kafkaTlsCa, kafkaTlsCert, kafkaTlsKey } = config;
  const named = [kafkaTlsCa, kafkaTlsCert, kafkaTlsKey].some((file) => file !== undefined);
  if (kafkaTls === false || (kafkaTls === undefined && !named)) {
    if (named) throw wrong("kafka-tls-ca, -cert and -key need kafka-tls");
    return undefined;
  }
  if ((kafkaTlsCert === undefined) !== (kafkaTlsKey === undefined)) {
    throw wrong("kafka-tls-cert and kafka-tls-key go together: give both or none");
  }
  return {
    ...(kafkaTlsCa === undefined ? {} : { ca: [await pem("kafka-tls-ca", kafkaTlsCa)] }),
    ...(kafkaTlsCert === undefined ? {} : { cert: await pem("kafka-tls-cert", kafkaTlsCert) }),
    ...(kafkaTlsKey === undefined ? {} : { key: await pem("kafka-tls-key", kafkaTlsKey) }),
  };
}

function saslOptions(config: KafkaAccessConfig): KafkaOptions["sasl"] {
  const { kafkaSasl: mechanism, kafkaUsername: username, kafkaPassword: password } = config;
  if (mechanism === undefined) {
    if (username === undefined && password === undefined) return undefined;
    throw wrong("kafka-username and TRIPLINE_KAFKA_PASSWORD need kafka-sasl, which says how they are sent");
  }
  if (mechanism === "oauthbearer") return { mechanism, oauthBearerProvider: tokenSource(config) };
  if (username === undefined || password === undefined || password === "") {
    throw wrong(`kafka-sasl ${mechanism} needs kafka-username and TRIPLINE_KAFKA_PASSWORD`);
  }
  const user = { username, password };
  if (mechanism === "plain") return { mechanism, ...user };
  return mechanism === "scram-sha-256" ? { mechanism, ...user } : { mechanism, ...user };
}

function tokenSource(config: KafkaAccessConfig): () => Promise<{ value: string }> {
  const { kafkaTokenFile, kafkaTokenUrl, kafkaOauthClient, kafkaOauthSecret, kafkaOauthScope } = config;
  if ((kafkaTokenFile === undefined) === (kafkaTokenUrl === undefined)) {
    throw wrong("kafka-sasl oauthbearer needs kafka-token-file or kafka-token-url, one of them");
  }
  if (kafkaTokenFile !== undefined) return fileToken(kafkaTokenFile);
  if (kafkaTokenUrl === undefined || kafkaOauthClient === undefined || kafkaOauthSecret === undefined) {
    throw wrong("kafka-token-url needs kafka-oauth-client and TRIPLINE_KAFKA_OAUTH_SECRET");
  }
  return clientCredentialsToken({
    url: kafkaTokenUrl,
    clientId: kafkaOauthClient,
    clientSecret: kafkaOauthSecret,
    scope: kafkaOauthScope ?? null,
  });
}

async function pem(key: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw wrong(`${key}: can't read ${path}`, cause);
  }
  if (!text.includes("-----BEGIN ")) throw wrong(`${key}: ${path} holds no PEM`);
  return text;
}

function wrong(message: string, cause?: unknown) {
  return streamError("TRIPLINE_STREAM_CONFIG", message, cause);
}
