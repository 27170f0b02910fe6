import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { revocationKey, TOPICS } from "@tripline/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { type RunningCollector, startCollector } from "./running-collector.ts";

let collector: RunningCollector;
let key: string;

beforeAll(async () => {
  collector = await startCollector();
  key = await collector.enrol({ id: "gw" });
});
afterAll(() => collector.stop());

function entry(id: string, over: Record<string, unknown> = {}) {
  return {
    v: 1,
    id,
    tenant: "acme",
    scope: "credential",
    subject: "local:demo",
    state: "active",
    reason: "a chain",
    by: "policy",
    decided_at: "2026-11-21T09:30:00.000Z",
    key_id: "r1",
    signature: "c2ln",
    ...over,
  };
}

const append = (target: RunningCollector, ...entries: ReturnType<typeof entry>[]) =>
  target.log.produce(
    TOPICS.revocations,
    entries.map((value) => ({ key: revocationKey(value), value: Buffer.from(JSON.stringify(value)) })),
  );

interface Event {
  event: string;
  data: Record<string, unknown>;
}

/** Follows the stream and collects its events until it ends. */
async function follow(target: RunningCollector, token: string) {
  const aborter = new AbortController();
  const answer = await fetch(`${target.url}/v1/revocations`, {
    headers: { authorization: `Bearer ${token}` },
    signal: aborter.signal,
  });
  const events: Event[] = [];
  let ended = false;
  const reading = (async () => {
    let text = "";
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) events.push({ event, data: JSON.parse(data) });
      }
    }
  })().catch((error: unknown) => {
    if (!aborter.signal.aborted) throw error;
  });
  reading.finally(() => {
    ended = true;
  });
  return { answer, events, stop: () => aborter.abort(), isEnded: () => ended };
}

describe("GET /v1/revocations", () => {
  it("sends the tenant's list, then `loaded`, then what comes; nobody else's and nothing forged", async () => {
    await append(collector, entry("first"), entry("other", { tenant: "evil" }));
    const forged = Buffer.from(JSON.stringify(entry("forged")));
    await collector.log.produce(TOPICS.revocations, [
      { key: "acme/credential/local:demo/elsewhere", value: forged },
      { key: "acme/credential/local:demo/broken", value: Buffer.from("{") },
    ]);
    const stream = await follow(collector, key);
    expect(stream.answer.headers.get("content-type")).toBe("text/event-stream");
    expect(stream.answer.headers.get("cache-control")).toBe("no-store");
    await waitFor(() => stream.events.length >= 2);
    expect(stream.events.map(({ event, data }) => [event, data.id])).toEqual([
      ["revocation", "first"],
      ["loaded", undefined],
    ]);

    await append(
      collector,
      entry("second", { tenant: "evil" }),
      entry("second"),
      entry("first", { state: "reinstated" }),
    );
    await waitFor(() => stream.events.length >= 4);
    expect(stream.events.slice(2).map(({ data }) => [data.id, data.state, data.tenant])).toEqual([
      ["second", "active", "acme"],
      ["first", "reinstated", "acme"],
    ]);
    expect(stream.events[2]?.data).toEqual(entry("second"));
    stream.stop();

    const later = await follow(collector, key);
    await waitFor(() => later.events.length >= 3);
    expect(later.events.map(({ data }) => [data.id, data.state])).toEqual([
      ["second", "active"],
      ["first", "reinstated"],
      [undefined, undefined],
    ]);
    later.stop();
  });

  it("wants a producer's key", async () => {
    const answer = (token: string) =>
      fetch(`${collector.url}/v1/revocations`, { headers: { authorization: `Bearer ${token}` } });
    expect((await answer("tlp_nobody")).status).toBe(401);
    expect((await answer(collector.administrator)).status).toBe(403);
  });

  it("ends every stream when it stops", async () => {
    const other = await startCollector();
    const stream = await follow(other, await other.enrol({ id: "gw" }));
    await waitFor(() => stream.events.length === 1);
    await other.stop();
    await waitFor(stream.isEnded);
  });

  it("cuts off a client that does not read, and serves the others on", async () => {
    const slow = await connectAndNeverRead(collector.url, key);
    const quick = await follow(collector, key);
    await waitFor(() => quick.events.some(({ event }) => event === "loaded"));
    const before = quick.events.length;
    let sent = 0;
    // The kernel takes a few MB on loopback before the collector sees that nobody reads.
    await waitFor(
      async () => {
        const many = Array.from({ length: 200 }, (_, i) =>
          entry(`bulk-${i}`, { reason: `${sent}`.padEnd(1_000, ".") }),
        );
        await append(collector, ...many);
        sent += many.length;
        return (await collector.metric("tripline_collector_slow_clients_total")) > 0;
      },
      { what: "the slow client to be cut off", timeoutMs: 20_000 },
    );
    await waitFor(() => quick.events.length === before + sent);
    quick.stop();
    slow.destroy();
  });
});

/** A client that takes the head of the answer and then nothing more. */
async function connectAndNeverRead(url: string, token: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.write(`GET /v1/revocations HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await once(socket, "data");
  socket.pause();
  return socket;
}
