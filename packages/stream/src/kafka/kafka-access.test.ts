import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../../../infra/kafka/broker.ts";
import { type Certificates, makeCertificates } from "../../../../infra/kafka/certificates.ts";
import { requirement } from "../../../../test/support/requirements.ts";
import { type KafkaAccessConfig, kafkaAccess } from "./access.ts";
import { openKafkaLog } from "./kafka-log.ts";

const PORT = 20_160; // and its controller on the next
const LISTENERS = { SSL: 20_162, SASL_PLAINTEXT: 20_163, SASL_SSL: 20_164, OAUTH: 20_165 };
const PASSWORD = "correct-horse-battery";

/** A token as Kafka's development validator takes it: unsigned. */
function token(subject: string, lifeS: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: "none" })}.${part({ sub: subject, iat: now - 60, exp: now + lifeS })}.`;
}

describe.skipIf(requirement("kafka").missing)("access to Kafka by configuration", () => {
  const directory = mkdtempSync(join(tmpdir(), "tripline-kafka-access-"));
  let broker: Broker;
  let certificates: Certificates;

  beforeAll(async () => {
    mkdirSync(join(directory, "certificates"));
    certificates = makeCertificates(join(directory, "certificates"), "archiver");
    const security = "org.apache.kafka.common.security";
    const plain = `${security}.plain.PlainLoginModule required user_alice="${PASSWORD}" user_nobody="${PASSWORD}";`;
    const scram = `${security}.scram.ScramLoginModule required;`;
    const names = Object.keys(LISTENERS);
    broker = await startBroker({
      port: PORT,
      dataDir: join(directory, "data"),
      formatArguments: [256, 512].flatMap((bits) => [
        "--add-scram",
        `SCRAM-SHA-${bits}=[name=alice,password=${PASSWORD}]`,
      ]),
      properties: {
        listeners: [
          `PLAINTEXT://127.0.0.1:${PORT}`,
          `CONTROLLER://127.0.0.1:${PORT + 1}`,
          ...Object.entries(LISTENERS).map(([name, port]) => `${name}://127.0.0.1:${port}`),
        ].join(","),
        "advertised.listeners": [
          `PLAINTEXT://127.0.0.1:${PORT}`,
          ...Object.entries(LISTENERS).map(([name, port]) => `${name}://127.0.0.1:${port}`),
        ].join(","),
        "listener.security.protocol.map": `PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,OAUTH:SASL_PLAINTEXT,${names
          .filter((name) => name !== "OAUTH")
          .map((name) => `${name}:${name}`)
          .join(",")}`,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": certificates.serverStore,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": certificates.ca,
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        ...Object.fromEntries(
          ["sasl_plaintext", "sasl_ssl"].flatMap((listener) => [
            [`listener.name.${listener}.plain.sasl.jaas.config`, plain],
            [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`, scram],
            [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, scram],
          ]),
        ),
        "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
        "listener.name.oauth.oauthbearer.sasl.jaas.config": `${security}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
        "listener.name.oauth.oauthbearer.sasl.server.callback.handler.class": `${security}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:alice;User:CN=archiver",
      },
    });
    const log = await openKafkaLog({ brokers: [broker.address] });
    await log.ensureTopics([{ name: "t", partitions: 1, cleanup: "delete" }]);
    await log.close();
  }, 300_000);
  afterAll(async () => {
    await broker?.kill();
    rmSync(directory, { recursive: true });
  });

  /** Opens the log over a listener, and writes and reads a record. */
  async function use(listener: keyof typeof LISTENERS, config: KafkaAccessConfig): Promise<void> {
    const access = await kafkaAccess(config, { clientId: "test" });
    const log = await openKafkaLog({ ...access, brokers: [`127.0.0.1:${LISTENERS[listener]}`] });
    try {
      const [position] = await log.produce("t", [{ key: "k", value: Buffer.from("v") }]);
      const from = position?.offset ?? -1;
      const read: string[] = [];
      await log.scan({ topic: "t", partition: 0, from, to: from + 1 }, async (records) => {
        read.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()));
      });
      expect(read).toEqual(["v"]);
    } finally {
      await log.close();
    }
  }
  const user = { kafkaUsername: "alice", kafkaPassword: PASSWORD };

  test("TLS with a client certificate", async () => {
    const { ca: kafkaTlsCa, clientCert: kafkaTlsCert, clientKey: kafkaTlsKey } = certificates;
    await use("SSL", { kafkaTlsCa, kafkaTlsCert, kafkaTlsKey });
  });

  test.each(["plain", "scram-sha-256", "scram-sha-512"] as const)(
    "%s, with and without TLS",
    async (kafkaSasl) => {
      await use("SASL_PLAINTEXT", { kafkaSasl, ...user });
      await use("SASL_SSL", { kafkaSasl, ...user, kafkaTlsCa: certificates.ca });
    },
  );

  test("a token from a file, which is read again for each connection; one that has expired is refused", async () => {
    const kafkaTokenFile = join(directory, "token");
    writeFileSync(kafkaTokenFile, `${token("alice", 3600)}\n`);
    await use("OAUTH", { kafkaSasl: "oauthbearer", kafkaTokenFile });
    writeFileSync(kafkaTokenFile, token("alice", -30));
    await expect(use("OAUTH", { kafkaSasl: "oauthbearer", kafkaTokenFile })).rejects.toMatchObject({
      code: "TRIPLINE_STREAM_REFUSED",
      message: expect.stringMatching(/kafka-token-file: the token in .* expired at 20/),
    });
    writeFileSync(kafkaTokenFile, "no.token.at-all");
    await expect(use("OAUTH", { kafkaSasl: "oauthbearer", kafkaTokenFile })).rejects.toMatchObject({
      code: "TRIPLINE_STREAM_REFUSED",
      message: expect.stringContaining("with this token"),
    });
  });

  test("tokens by client credentials: one for all connections, renewed before it ends", async () => {
    const asked: string[] = [];
    let life = 3600;
    const endpoint = createServer((request, response) => {
      let body = "";
      request.on("data", (text) => {
        body += text;
      });
      request.on("end", () => {
        asked.push(`${request.headers.authorization} ${body}`);
        response.writeHead(request.headers.authorization?.includes("Basic") ? 200 : 401, {
          "content-type": "application/json",
        });
        response.end(JSON.stringify({ access_token: token("alice", 3600), expires_in: life }));
      });
    });
    endpoint.listen(0, "127.0.0.1");
    await once(endpoint, "listening");
    const address = endpoint.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const config: KafkaAccessConfig = {
      kafkaSasl: "oauthbearer",
      kafkaTokenUrl: `http://127.0.0.1:${port}/token`,
      kafkaOauthClient: "tripline:1",
      kafkaOauthSecret: "s ü/",
      kafkaOauthScope: "kafka",
    };
    try {
      await use("OAUTH", config);
      expect(asked).toEqual([
        `Basic ${Buffer.from("tripline%3A1:s%20%C3%BC%2F").toString("base64")} grant_type=client_credentials&scope=kafka`,
      ]);
      life = 0.001; // each connection needs a new one
      await use("OAUTH", config);
      expect(asked.length).toBeGreaterThan(2);
    } finally {
      endpoint.close();
    }
    await expect(use("OAUTH", config)).rejects.toMatchObject({
      message: expect.stringContaining("the token endpoint"),
    });
  });

  test("a wrong password, an authority that is not trusted, a plain port: each says what to look at", async () => {
    const refused = (words: RegExp) => ({
      code: "TRIPLINE_STREAM_REFUSED",
      message: expect.stringMatching(words),
    });
    for (const kafkaSasl of ["plain", "scram-sha-512"] as const) {
      const wrong = use("SASL_PLAINTEXT", {
        kafkaSasl,
        kafkaUsername: "alice",
        kafkaPassword: "wr0ng-secret",
      });
      const error = await wrong.catch((reason: unknown) => reason);
      expect(error).toMatchObject(refused(/credentials .*kafka-sasl/));
      expect(String(error)).not.toContain("wr0ng-secret");
    }
    await expect(
      use("SASL_SSL", { kafkaSasl: "plain", ...user, kafkaTlsCa: certificates.strangerCa }),
    ).rejects.toMatchObject(refused(/certificate is not accepted .*kafka-tls-ca/));
    await expect(use("SASL_SSL", { kafkaSasl: "plain", ...user, kafkaTls: true })).rejects.toMatchObject(
      refused(/certificate is not accepted .*kafka-tls-ca/),
    );
    await expect(
      use("SASL_PLAINTEXT", { kafkaSasl: "plain", ...user, kafkaTlsCa: certificates.ca }),
    ).rejects.toMatchObject({ message: expect.stringContaining("not its TLS listener") });
    await expect(use("SSL", { kafkaTlsCa: certificates.ca })).rejects.toMatchObject(
      refused(/no TLS with the broker .*kafka-tls-cert/),
    );
  });

  test("without the right to write, produce is refused for good, and says so", async () => {
    const access = await kafkaAccess(
      { kafkaSasl: "plain", kafkaUsername: "nobody", kafkaPassword: PASSWORD },
      { clientId: "test" },
    );
    const log = await openKafkaLog({ ...access, brokers: [`127.0.0.1:${LISTENERS.SASL_PLAINTEXT}`] });
    // Kafka does not even say that a topic exists to someone who may not see it.
    await expect(log.produce("t", [{ key: "k", value: Buffer.from("v") }])).rejects.toMatchObject({
      kind: "permanent",
      code: expect.stringMatching(/TOPIC_UNKNOWN|REFUSED/),
    });
    await log.close();
  });

  test("keys that don't go together stop the start", async () => {
    const wrong: [KafkaAccessConfig, RegExp][] = [
      [{ kafkaSasl: "plain" }, /needs kafka-username/],
      [{ kafkaPassword: "x" }, /need kafka-sasl/],
      [{ kafkaSasl: "oauthbearer" }, /kafka-token-file or kafka-token-url/],
      [{ kafkaSasl: "oauthbearer", kafkaTokenUrl: "http://127.0.0.1:1" }, /kafka-oauth-client/],
      [{ kafkaTlsCert: "x" }, /go together/],
      [{ kafkaTlsCa: "/nonexistent.pem" }, /can't read \/nonexistent.pem/],
      [{ kafkaTls: false, kafkaTlsCa: certificates.ca }, /need kafka-tls/],
    ];
    for (const [config, words] of wrong) {
      await expect(kafkaAccess(config, { clientId: "test" })).rejects.toMatchObject({
        code: "TRIPLINE_STREAM_CONFIG",
        message: expect.stringMatching(words),
      });
    }
  });
});
