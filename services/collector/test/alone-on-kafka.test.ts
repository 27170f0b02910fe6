import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AccessRegistry, createContext } from "@tripline/service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Broker, startBroker } from "../../../infra/kafka/broker.ts";
import { requirement } from "../../../test/support/requirements.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { sampleLine } from "./sample-records.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const BROKER_PORT = 20_610;

describe.skipIf(requirement("kafka").missing)("a collector of its own, on Kafka", () => {
  let directory: string;
  let broker: Broker;
  let child: ChildProcess;
  let url: string;
  let key: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tripline-collector-kafka-"));
    broker = await startBroker({ port: BROKER_PORT, dataDir: join(directory, "kafka") });
    const context = createContext({ service: "test", logLevel: "silent" });
    const data = join(directory, "data");
    const access = await AccessRegistry.open({
      path: join(data, "access.json"),
      logger: context.logger,
      now: context.now,
    });
    key = (await access.createProducer({ id: "gw", tenant: "acme", issuers: ["local"] })).token;
    access.close();
    const kafka = ["--log", `kafka://${broker.address}`, "--partitions", "2", "--kafka-create-topics"];
    const flags = [...kafka, "--data", data, "--port", "0"];
    child = spawn(process.execPath, [MAIN, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
    if (child.stdout === null) throw new Error("the collector has no output");
    const said = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    url = /http:\S+/.exec(said.value ?? "")?.[0] ?? "";
  }, 120_000);
  afterAll(async () => {
    child?.kill("SIGKILL");
    await broker?.kill();
    await rm(directory, { recursive: true, force: true });
  });

  const post = () =>
    fetch(`${url}/v1/records`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
      body: sampleLine(),
    });

  it("takes records, answers 503 while the broker is away, goes on when it is back, and stops in good order", async () => {
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ ready: true });
    expect(await (await post()).json()).toEqual({ accepted: 1, refused: [] });

    await broker.kill();
    const away = await post();
    expect([away.status, away.headers.get("retry-after")]).toEqual([503, "1"]);

    broker = await startBroker({ port: BROKER_PORT, dataDir: join(directory, "kafka") });
    await waitFor(async () => (await post()).status === 200, {
      timeoutMs: 60_000,
      what: "the broker to be back",
    });
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
  }, 150_000);
});
