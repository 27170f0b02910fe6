import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { type Envelope, eventKey, parseRecord, TOPICS } from "@tripline/events";
import {
  createHttpSender,
  createInterceptor,
  createLogSender,
  type Interceptor,
  type InterceptorOptions,
  type RecordSender,
} from "@tripline/interceptor";
import { tamper } from "@tripline/store/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RunningCollector, startCollector } from "../services/collector/test/running-collector.ts";
import { startProcess } from "./support/own-process.ts";
import { waitFor } from "./support/wait-for.ts";
import { startWatchedArchive, type WatchedArchive } from "./support/watched-archive.ts";

const KEYS = [{ id: "test", key: "ab".repeat(32) }];
const CALLER = new URL("./support/numbered-caller.ts", import.meta.url).pathname;

const PATIENCE_MS = 120_000; // several processes on a busy machine

let archive: WatchedArchive;
let open: Interceptor[];
beforeEach(() => {
  open = [];
});
afterEach(async () => {
  for (const interceptor of open) await interceptor.close(1_000);
  await archive.close();
});

interface Made {
  interceptor: Interceptor;
  call(): void;
}

/** A real interceptor that sends straight to the log, or through what `wrap` puts in between. */
function producer(
  id: string,
  more: Partial<InterceptorOptions> & { wrap?: (sender: RecordSender) => RecordSender; state?: string } = {},
): Made {
  const { wrap = (sender) => sender, state = id, ...options } = more;
  const interceptor = createInterceptor({
    tenant: "acme",
    producer: { id, enforcement: "enforced" },
    stateDir: join(archive.directory, state),
    sender: wrap(createLogSender({ log: archive.log, now: Date.now })),
    redactionKeys: () => KEYS,
    policy: { intents: "none" },
    heartbeatMs: 120,
    onWarning: () => undefined,
    ...options,
  });
  open.push(interceptor);
  return {
    interceptor,
    call: () => {
      const verdict = interceptor.begin({
        caller: { credential: `local:${id}`, assurance: "verified" },
        session: {},
        target: { server: "files", tool: "read", transport: "stdio" },
        method: "tools/call",
        args: { path: "/tmp/x" },
      });
      if (verdict.kind === "allow") verdict.call.end({ outcome: "ok", text: "hello", bytes: 5, items: 1 });
    },
  };
}

/** Changes the records on their way; what it answers null for is taken and never sent. */
function onTheWay(change: (envelope: Envelope, line: string) => string | null) {
  return (sender: RecordSender): RecordSender => ({
    send: async (lines, signal) => {
      const texts = lines.toString("utf8").trimEnd().split("\n");
      const kept = texts.flatMap((line) => change(parseRecord(line).envelope, line) ?? []);
      const body = Buffer.from(kept.map((line) => `${line}\n`).join(""));
      if (kept.length > 0) await sender.send(body, signal);
      return { accepted: texts.length, refused: [] };
    },
    close: () => sender.close(),
  });
}

async function sent(of: Made, calls: number, heartbeats = 2): Promise<void> {
  const before = of.interceptor.stats().records;
  for (let n = 0; n < calls; n += 1) of.call();
  await waitFor(() => of.interceptor.stats().records >= before + calls + heartbeats, {
    timeoutMs: PATIENCE_MS,
    what: "heartbeats",
  });
}

const firing = async (rule: string) => (await archive.alerts()).filter(({ rule_id }) => rule_id === rule);

describe("with several partitions", { timeout: PATIENCE_MS }, () => {
  beforeEach(async () => {
    archive = await startWatchedArchive({ partitions: 3, silentAfterMs: 1_500 });
  });

  it("producers that start, work, stop and start again are no reason for an alert; what one had to drop is", async () => {
    for (const id of ["gw-1", "gw-2"]) {
      const first = producer(id);
      await sent(first, 20);
      await first.interceptor.close();
    }
    const full = producer("gw-3", { maxSpoolBytes: 4_000 });
    for (let n = 0; n < 30; n += 1) full.call();
    await waitFor(() => Object.keys(full.interceptor.stats().dropped).length > 0, {
      timeoutMs: PATIENCE_MS,
      what: "drops",
    });
    await sent(full, 1);
    await full.interceptor.close();
    const ahead = producer("gw-4", { now: () => Date.now() + 3_600_000 });
    await sent(ahead, 5);
    await ahead.interceptor.close();
    await sent(producer("gw-1"), 5); // runs on
    await archive.settled();

    const found = await archive.gaps();
    expect(new Set(found.map(({ kind, producer: of }) => `${of} ${kind}`))).toEqual(
      new Set(["gw-3 dropped"]),
    );
    expect(found[0]?.declared).toMatchObject({ spool_full: expect.any(Number) });
    const alerts = await archive.alerts();
    expect(alerts.map(({ rule_id, group }) => `${rule_id} ${group}`)).toEqual([
      "records-dropped producer=gw-3",
    ]);
    expect(alerts[0]?.summary).toContain("the producer itself declared");
  });

  it("records lost between interceptor and log are named and alerted once; when they come after all, that ends", async () => {
    const held: string[] = [];
    const lossy = producer("gw-1", {
      wrap: onTheWay((envelope, line) => {
        if (![2, 3, 4, 9].includes(envelope.producer.seq)) return line;
        held.push(line);
        return null;
      }),
    });
    await sent(lossy, 15);
    const [alert] = await waitFor(
      async () => {
        const found = await firing("records-missing");
        return found.length > 0 && found;
      },
      { timeoutMs: PATIENCE_MS, what: "the alert" },
    );
    expect(alert).toMatchObject({ state: "open", group: "producer=gw-1", severity: "high" });
    const missing = (await archive.gaps()).filter(({ kind }) => kind === "missing");
    expect(missing.flatMap(({ ranges }) => ranges)).toEqual([
      { first_seq: 2, last_seq: 4 },
      { first_seq: 9, last_seq: 9 },
    ]);
    expect(missing[0]).toMatchObject({
      producer: "gw-1",
      boot: lossy.interceptor.stats().boot,
      declared: {},
    });
    expect(Date.parse(missing[0]?.after ?? "")).toBeLessThanOrEqual(Date.parse(missing[0]?.before ?? ""));

    await archive.restarted();
    await sent(lossy, 3);
    await archive.settled();
    expect(await firing("records-missing")).toMatchObject([{ id: alert?.id, state: "open" }]);

    const late = createLogSender({ log: archive.log, now: Date.now });
    await late.send(Buffer.from(held.map((line) => `${line}\n`).join("")), AbortSignal.timeout(5_000));
    await waitFor(async () => (await firing("records-missing"))[0]?.state === "resolved", {
      what: "the end of the alert",
    });
    expect(await archive.gaps()).toEqual([]);
    expect(await archive.alerts()).toHaveLength(1);
  });

  it("an interval that was changed on its way has another hash, and that is alerted; so is a history under a used boot id", async () => {
    const altered = producer("gw-1", {
      wrap: onTheWay((envelope, line) =>
        envelope.producer.seq === 3 ? line.replaceAll('"tool":"read"', '"tool":"list"') : line,
      ),
    });
    await sent(altered, 6);
    await waitFor(async () => (await firing("records-altered")).length === 1, {
      timeoutMs: PATIENCE_MS,
      what: "the alert",
    });
    const { boot } = altered.interceptor.stats();
    expect((await archive.gaps()).filter(({ kind }) => kind === "altered")).toMatchObject([
      { boot, producer: "gw-1" },
    ]);

    const twins = ["here", "there"].map((state) => {
      let uses = 0;
      return producer("gw-2", {
        state,
        random: (buffer) => {
          randomFillSync(buffer);
          if (uses++ === 0) buffer.fill(7, 0, 10); // both get the same boot id
        },
        now: () => (uses < 2 ? 1_790_000_000_000 : Date.now()),
      });
    });
    expect(new Set(twins.map(({ interceptor }) => interceptor.stats().boot)).size).toBe(1);
    for (const twin of twins) await sent(twin, 5);
    await waitFor(async () => (await firing("sequence-reused")).length === 1, {
      timeoutMs: PATIENCE_MS,
      what: "the alert",
    });
    expect((await archive.gaps()).filter((gap) => gap.producer === "gw-2").map(({ kind }) => kind)).toContain(
      "boot_reused",
    );
  });

  it("a record that lies in the dead letters is not missing, and is named as what it is", async () => {
    const spoiled = producer("gw-1", {
      wrap: onTheWay((envelope, line) => {
        if (envelope.producer.seq !== 2) return line;
        const wrong = line.replace(/"payload_hash":"[0-9a-f]{8}/, '"payload_hash":"00000000');
        void archive.log.produce(TOPICS.events, [{ key: eventKey(envelope), value: Buffer.from(wrong) }]);
        return null;
      }),
    });
    await sent(spoiled, 5);
    await archive.settled();
    const [found, ...others] = await archive.gaps();
    expect(found).toMatchObject({
      kind: "dead_lettered",
      ranges: [{ first_seq: 2, last_seq: 2 }],
      numbers: 1,
    });
    expect(others).toEqual([]);
    expect(await archive.alerts()).toEqual([]);
  });

  it("rows that are deleted or changed in the database are named, down to the number", async () => {
    const honest = producer("gw-1");
    await sent(honest, 10);
    await honest.interceptor.close();
    await archive.settled();
    expect(await archive.gaps()).toEqual([]);
    await archive.restarted(() =>
      tamper(
        archive.storeDirectory,
        "ALTER TABLE records DELETE WHERE seq = 4 AND type = 'call' SETTINGS mutations_sync = 2",
      ),
    );
    expect((await archive.gaps()).filter(({ kind }) => kind === "missing")).toMatchObject([
      { ranges: [{ first_seq: 4, last_seq: 4 }] },
    ]);
  });

  it("a producer that falls silent is alerted, not one that its own user may end; and no more once it speaks again", async () => {
    let away = false;
    const asleep = (sender: RecordSender): RecordSender => ({
      ...sender,
      send: (lines, signal) => (away ? Promise.reject(new Error("away")) : sender.send(lines, signal)),
    });
    const gateway = producer("gw-1", { wrap: asleep });
    const laptop = producer("laptop", { producer: { id: "laptop", enforcement: "advisory" }, wrap: asleep });
    const other = producer("gw-2");
    for (const each of [gateway, laptop, other]) await sent(each, 3);
    away = true;
    const [silent] = await waitFor(
      async () => {
        const found = await firing("producer-silent");
        return found.length > 0 && found;
      },
      { timeoutMs: PATIENCE_MS, what: "the alert" },
    );
    expect(silent).toMatchObject({ state: "open", group: "producer=gw-1", severity: "medium" });
    away = false;
    await waitFor(async () => (await firing("producer-silent"))[0]?.state === "resolved", {
      timeoutMs: PATIENCE_MS,
      what: "the end of the alert",
    });
    await archive.settled();
    expect(await archive.alerts()).toHaveLength(1);
    expect(await archive.gaps()).toEqual([]);
  });
});

describe("through a collector", { timeout: PATIENCE_MS }, () => {
  let collector: RunningCollector;
  beforeEach(async () => {
    archive = await startWatchedArchive();
    collector = await startCollector({ log: archive.log });
  });

  it("a host that is killed leaves nothing missing once its spool is taken up, and a boot without a goodbye", async () => {
    const key = await collector.enrol({ id: "gw-1", credentials: ["local:counter"] });
    const env = {
      TRIPLINE_URL: collector.url,
      TRIPLINE_INGEST_KEY: key,
      STATE_DIR: join(archive.directory, "gw"),
    };
    const killed = startProcess(CALLER, { env });
    await waitFor(() => killed.lines().length > 200, { timeoutMs: PATIENCE_MS, what: "calls" });
    await killed.end("SIGKILL");
    const next = startProcess(CALLER, { env });
    await waitFor(() => next.lines().length > 100, { timeoutMs: PATIENCE_MS, what: "calls" });
    await next.end("SIGTERM");
    await archive.settled();
    const found = await archive.gaps();
    expect(found.map(({ kind }) => kind)).toEqual(["no_goodbye"]);
    expect(found[0]).toMatchObject({ producer: "gw-1", after: expect.any(String) });
    expect((await archive.alerts()).map(({ rule_id }) => rule_id)).toEqual([]);
    await collector.stop();
  });

  it("what the collector refuses is missing, and the producer says that it was refused", async () => {
    const key = await collector.enrol({ id: "gw-1", credentials: ["local:gw-1"] });
    const sender = createHttpSender({ url: collector.url, ingestKey: key });
    const refused = producer("gw-1", {
      sender: onTheWay((envelope, line) => {
        return envelope.producer.seq === 2 ? line.replace('"type":"call"', '"type":"no such type"') : line;
      })(sender),
    });
    await sent(refused, 5, 3);
    await archive.settled();
    const missing = (await archive.gaps()).filter(({ kind }) => kind === "missing");
    expect(missing.flatMap(({ ranges }) => ranges)).toEqual([{ first_seq: 2, last_seq: 2 }]);
    await collector.stop();
  });
});
