import { homedir } from "node:os";
import { join } from "node:path";
import { KAFKA_PARTITIONS } from "@tripline/events";
import { z } from "zod";
import { LOG_LEVELS } from "../logging.ts";

/** Keys that several services have; spread the ones a service needs into its schema. */

export const DEFAULT_PORT = 4180;

export const dataKeys = {
  data: z
    .string()
    .min(1)
    .default(() => join(homedir(), ".tripline"))
    .meta({
      description: "directory that holds everything this installation keeps",
      env: "TRIPLINE_HOME",
      placeholder: "DIR",
      defaultText: "~/.tripline",
    }),
};

export const httpKeys = {
  host: z.string().min(1).default("127.0.0.1").meta({
    description: "address to listen on; anything but loopback is reachable by others",
    placeholder: "ADDRESS",
  }),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(DEFAULT_PORT)
    .meta({ description: "port to listen on; 0 takes a free one" }),
  publicHosts: z.array(z.string().min(1)).default([]).meta({
    description: "names under which this service is reached, besides the loopback names; others are refused",
    placeholder: "NAME,NAME",
  }),
  allowedOrigins: z.array(z.url()).default([]).meta({
    description: "web origins besides the service's own whose pages may call it",
    placeholder: "URL,URL",
  }),
};

const KAFKA_URL = /^kafka:\/\/[^\s,/]+:\d+(,[^\s,/]+:\d+)*$/;

/** How services and the command get into Kafka; all of it is of no meaning to the embedded log. */
export const kafkaAccessKeys = {
  kafkaClient: z.enum(["kafkajs", "platformatic"]).default("kafkajs").meta({
    description:
      "library that speaks to the brokers; platformatic takes about half the CPU. All members of a group need the same: change it with the services stopped",
    placeholder: "NAME",
  }),
  kafkaTls: z.boolean().optional().meta({
    description: "TLS to the brokers; on by itself when a file for it is named",
  }),
  kafkaTlsCa: z.string().min(1).optional().meta({
    description:
      "PEM file with the authorities that may have signed the brokers' certificates; none: Node's own",
    placeholder: "FILE",
  }),
  kafkaTlsCert: z.string().min(1).optional().meta({
    description: "PEM file with this client's certificate, for brokers that want one",
    placeholder: "FILE",
  }),
  kafkaTlsKey: z.string().min(1).optional().meta({
    description: "PEM file with the key of this client's certificate",
    placeholder: "FILE",
  }),
  kafkaSasl: z.enum(["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"]).optional().meta({
    description: "how this client proves who it is; none: not at all, or by its certificate",
    placeholder: "MECHANISM",
  }),
  kafkaUsername: z.string().min(1).optional().meta({
    description: "user, for plain and scram",
    placeholder: "NAME",
  }),
  kafkaPassword: z.string().optional().meta({ description: "password, for plain and scram", secret: true }),
  kafkaTokenFile: z.string().min(1).optional().meta({
    description:
      "for oauthbearer: file with a token that something else keeps fresh; read at each connection",
    placeholder: "FILE",
  }),
  kafkaTokenUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description: "for oauthbearer: token endpoint for client credentials; tokens are renewed in time",
      placeholder: "URL",
    }),
  kafkaOauthClient: z.string().min(1).optional().meta({
    description: "client id at the token endpoint",
    placeholder: "ID",
  }),
  kafkaOauthSecret: z.string().optional().meta({
    description: "client secret at the token endpoint",
    secret: true,
  }),
  kafkaOauthScope: z.string().min(1).optional().meta({
    description: "scope to ask the token endpoint for",
    placeholder: "SCOPE",
  }),
};

const createTopicsKeys = {
  kafkaCreateTopics: z.boolean().default(false).meta({
    description:
      "create Kafka topics that are missing instead of refusing to start: for one machine, one broker",
  }),
};

export const logKeys = {
  log: z
    .string()
    .refine((log) => log === "embedded:" || KAFKA_URL.test(log))
    .default("embedded:")
    .meta({
      description: "where records travel",
      allowed: "embedded: (one machine) or kafka://host:port[,host:port]",
      placeholder: "URL",
    }),
  ...kafkaAccessKeys,
  ...createTopicsKeys,
};

/** For services that run alone: several processes share a log only through Kafka. */
export const kafkaKeys = {
  log: z.string().regex(KAFKA_URL).meta({
    description: "where records travel",
    allowed: "kafka://host:port[,host:port]",
    placeholder: "URL",
  }),
  partitions: z.number().int().min(1).max(10_000).default(KAFKA_PARTITIONS).meta({
    description: "partitions of each topic, as `tripline topics apply` made them; the same for all services",
  }),
  ...kafkaAccessKeys,
  ...createTopicsKeys,
};

const storeAccountKeys = {
  storeUser: z.string().min(1).default("default").meta({ description: "user at the ClickHouse server" }),
  storePassword: z
    .string()
    .default("")
    .meta({ description: "password at the ClickHouse server", secret: true }),
};

export const storeKeys = {
  store: z
    .string()
    .regex(/^(embedded:|https?:\/\/\S+)$/)
    .default("embedded:")
    .meta({
      description: "where records are kept to be asked",
      allowed: "embedded: (one machine) or http(s)://host:port of a ClickHouse server",
      placeholder: "URL",
    }),
  ...storeAccountKeys,
};

/** For services that run alone: several processes share a store only through a ClickHouse server. */
export const clickhouseKeys = {
  store: z.url({ protocol: /^https?$/ }).meta({
    description: "the ClickHouse server that keeps the records",
    allowed: "http(s)://host:port of a ClickHouse server",
    placeholder: "URL",
  }),
  ...storeAccountKeys,
};

const LEDGER_URL = /^(off|file:\/\/\/\S+|s3:\/\/[a-z0-9][a-z0-9.-]+(\/\S*)?)$/;

/** Where and how what is stored is sealed. */
export const ledgerKeys = {
  ledger: z.string().regex(LEDGER_URL).optional().meta({
    description:
      "where the ledger's logs are kept, which show that no stored record was changed; off: records are stored and not sealed. Archivers on several machines need one place for all of them",
    allowed: "off, file:///DIRECTORY, or s3://BUCKET/PREFIX with AWS_* in the environment",
    placeholder: "URL",
    defaultText: "the directory `ledger` in `data`",
  }),
  ledgerPolicy: z.string().min(1).optional().meta({
    description:
      "file (C2SP tlog-policy) that names the witnesses of the root log's checkpoints; none: nobody is asked, and what this installation's own administrators do to its ledger can't be told from it alone",
    placeholder: "FILE",
  }),
  ledgerWebhook: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({ description: "URL that gets each root checkpoint as the body of a POST", placeholder: "URL" }),
  ledgerTimestampUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description:
        "time-stamping authority (RFC 3161) that says when a root checkpoint existed; asked only with `ledgerTimestampCa`",
      placeholder: "URL",
    }),
  ledgerTimestampCa: z.string().min(1).optional().meta({
    description: "PEM file with the certificates that the authority's own has to come from",
    placeholder: "FILE",
  }),
  ledgerTimestampMinutes: z.number().int().min(1).max(10_080).default(60).meta({
    description: "minutes from one timestamp to the next",
    placeholder: "MINUTES",
  }),
  ledgerEveryMs: z.number().int().min(100).max(3_600_000).default(1000).meta({
    description: "milliseconds from one signed checkpoint to the next",
    placeholder: "MS",
  }),
  ledgerRetentionDays: z.number().int().min(1).max(36_500).optional().meta({
    description:
      "in S3: days for which Object Lock (compliance mode) keeps full tiles from everybody; none: no lock",
    placeholder: "DAYS",
  }),
};

/** For services that check revocations, or hand the keys for it to interceptors, apart from the responder. */
export const revocationKeysKeys = {
  revocationKeys: z
    .array(z.string().regex(/^[^=\s]+=[A-Za-z0-9_-]{43}$/))
    .default([])
    .meta({
      description:
        "public keys of the responder, which revocations are checked with; keep a former key for as long as entries that it signed are in the log",
      allowed: "id=public key (base64url) with commas between them, as the responder prints them",
      placeholder: "ID=KEY",
    }),
};

/** For services that hand out what verdicts on waiting calls are checked with. */
export const verdictKeysKeys = {
  verdictKeys: z
    .array(z.string().regex(/^[^=\s]+=[A-Za-z0-9_-]{43}$/))
    .default([])
    .meta({
      description:
        "public keys of the detector, which verdicts on waiting calls are checked with; none: no call waits",
      allowed: "id=public key (base64url) with commas between them, as the detector prints them",
      placeholder: "ID=KEY",
    }),
};

/** The keys behind `revocationKeys` and `verdictKeys`: raw Ed25519, base64url. */
export function parseRevocationKeys(pairs: readonly string[]): { id: string; public_key: string }[] {
  return pairs.map((pair) => ({
    id: pair.slice(0, pair.indexOf("=")),
    public_key: pair.slice(pair.indexOf("=") + 1),
  }));
}

/** For services that tell people which copies there are of what was erased. */
export const backupKeys = {
  backupDays: z.number().int().min(1).max(36_500).optional().meta({
    description:
      "days for which backups are kept, so that an erasure can say when the last copy ends; none: it says that Tripline does not know",
    placeholder: "DAYS",
  }),
};

export const observabilityKeys = {
  logLevel: z.enum(LOG_LEVELS).default("info").meta({
    description: "how much the service says about itself; never holds audit data",
    placeholder: "LEVEL",
  }),
  otlpEndpoint: z.url().optional().meta({
    description: "base URL of an OTLP/HTTP receiver for traces, e.g. http://127.0.0.1:4318; none: no traces",
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    placeholder: "URL",
  }),
};
