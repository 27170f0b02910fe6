import { createServer } from "node:http";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { TestResponder } from "../../test/support/revocations.ts";
import { TEST_KEY, TestCollector } from "../../test/support/test-collector.ts";
import type { RevocationSink, RevocationSource } from "./revocation-source.ts";
import { type ServerSentEvent, SseEvents } from "./sse-events.ts";
import { createSseSource } from "./sse-source.ts";
import { createTableSource, type TableLog } from "./table-source.ts";

class Notes implements RevocationSink {
  readonly said: string[] = [];
  contacts = 0;
  snapshotBegins(): void {
    this.said.push("begins");
  }
  entry(value: unknown): void {
    this.said.push(
      `entry ${value === undefined ? "unreadable" : JSON.stringify(Reflect.get(Object(value), "id"))}`,
    );
  }
  loaded(): void {
    this.said.push("loaded");
  }
  contact(): void {
    this.contacts += 1;
  }
  removed(id: string): void {
    this.said.push(`removed ${id}`);
  }
}

let source: RevocationSource | null = null;
afterEach(async () => {
  await source?.close();
});

describe("server-sent events", () => {
  it("are read the same however the bytes are cut, with any line ending", () => {
    const line = fc.constantFrom(
      "data: a",
      "data:b",
      "data",
      "event: revocation",
      "event:x",
      ": comment",
      "id: 7",
      "",
      "retry: 1",
      "data: ü",
    );
    fc.assert(
      fc.property(
        fc.array(line),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.nat(40)),
        (lines, ending, cuts) => {
          const text = lines.map((item) => item + ending).join("");
          const cut: ServerSentEvent[] = [];
          const whole: ServerSentEvent[] = [];
          const parser = new SseEvents((event) => cut.push(event));
          let at = 0;
          for (const size of cuts) {
            parser.push(text.slice(at, at + size));
            at += size;
          }
          parser.push(`${text.slice(at)}`);
          parser.push("\n\n");
          const plain = new SseEvents((event) => whole.push(event));
          plain.push(`${lines.join("\n")}\n\n\n`);
          expect(cut).toEqual(whole);
        },
      ),
    );
  });

  it("have a name, and data joined over lines", () => {
    const events: ServerSentEvent[] = [];
    new SseEvents((event) => events.push(event)).push("\uFEFFevent: a\ndata: 1\ndata:  2\n\ndata\n\n: x\n\n");
    expect(events).toEqual([
      { event: "a", data: "1\n 2" },
      { event: "message", data: "" },
    ]);
  });
});

describe("the collector's stream", () => {
  it("is followed through outages, with the whole list each time", async () => {
    const responder = new TestResponder();
    const collector = new TestCollector();
    await collector.start(20_300);
    const notes = new Notes();
    collector.entries.push(responder.sign({ id: "a" }));
    source = createSseSource({ url: collector.url, ingestKey: TEST_KEY, onWarning: () => undefined });
    source.start(notes);
    await waitFor(() => notes.said.includes("loaded"));
    collector.publish(responder.sign({ id: "b" }));
    await waitFor(() => notes.said.length === 4);
    await collector.stop();
    const again = new TestCollector();
    again.entries.push(...collector.entries);
    await again.start(20_300);
    await waitFor(() => notes.said.length === 8);
    expect(notes.said).toEqual([
      "begins",
      'entry "a"',
      "loaded",
      'entry "b"',
      "begins",
      'entry "a"',
      'entry "b"',
      "loaded",
    ]);
    await source.close();
    await again.stop();
  });

  it.each([503, 401])("is asked for again after an answer of %i, and the process goes on", async (status) => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      if (asked < 3) response.writeHead(status, { "content-type": "application/json" }).end('{"error":{}}');
      else
        response.writeHead(200, { "content-type": "text/event-stream" }).write("event: loaded\ndata: {}\n\n");
    });
    await new Promise<void>((resolve) => server.listen(21_290, "127.0.0.1", resolve));
    const notes = new Notes();
    source = createSseSource({
      url: "http://127.0.0.1:21290",
      ingestKey: TEST_KEY,
      onWarning: () => undefined,
    });
    source.start(notes);
    await waitFor(() => notes.said.includes("loaded"));
    expect(asked).toBe(3);
    await source.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("the revocations topic", () => {
  it("is read to its end and followed; what is no JSON reaches the list as such", async () => {
    let onEntry: Parameters<TableLog["readTable"]>[1] = () => undefined;
    const log: TableLog = {
      readTable: async (_topic, listener) => {
        onEntry = listener;
        listener({ key: "acme/credential/local:x/a", value: Buffer.from('{"id":"a"}') });
        return await Promise.resolve({
          loaded: Promise.resolve(),
          ended: new Promise<void>(() => undefined),
          close: async () => await Promise.resolve(),
        });
      },
      ping: async () => await Promise.resolve(),
    };
    const notes = new Notes();
    source = createTableSource({ log, onWarning: () => undefined });
    source.start(notes);
    await waitFor(() => notes.said.includes("loaded"));
    onEntry({ key: "acme/credential/key:acme/1/b", value: null });
    onEntry({ key: "k", value: Buffer.from("{") });
    expect(notes.said).toEqual(["begins", 'entry "a"', "loaded", "removed b", "entry unreadable"]);
  });

  it("can be let go of while it is being opened", async () => {
    const opening = Promise.withResolvers<void>();
    let closed = 0;
    const log: TableLog = {
      readTable: async () => {
        await opening.promise;
        return {
          loaded: Promise.resolve(),
          ended: new Promise<void>(() => undefined),
          close: async () => {
            closed += 1;
            await Promise.resolve();
          },
        };
      },
      ping: async () => await Promise.resolve(),
    };
    source = createTableSource({ log, onWarning: () => undefined });
    source.start(new Notes());
    const closing = source.close();
    opening.resolve();
    await closing;
    expect(closed).toBe(1);
  });
});
