import { createServer, type Server, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createHttpSender } from "./http-sender.ts";
import { createLogSender } from "./log-sender.ts";
import { type RecordSender, SendError } from "./record-sender.ts";

const PORT = 20_310;
let server: Server | null = null;
let sender: RecordSender | null = null;

afterEach(async () => {
  await sender?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  server = null;
});

async function answering(answer: (response: ServerResponse) => void): Promise<RecordSender> {
  server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server?.listen(PORT, "127.0.0.1", resolve));
  sender = createHttpSender({ url: `http://127.0.0.1:${PORT}`, ingestKey: "tlp_x", answerTimeoutMs: 200 });
  return sender;
}

async function failure(of: RecordSender): Promise<SendError> {
  try {
    await of.send(Buffer.from("{}\n"), new AbortController().signal);
  } catch (error) {
    if (error instanceof SendError) return error;
  }
  throw new Error("it did not fail as it should");
}

describe("the HTTP sender", () => {
  it("hands on what was accepted and refused", async () => {
    const refused = [{ line: 0, code: "TRIPLINE_RECORD_INVALID", message: "no" }];
    const made = await answering((response) => response.end(JSON.stringify({ accepted: 1, refused })));
    expect(await made.send(Buffer.from("{}\n{}\n"), new AbortController().signal)).toEqual({
      accepted: 1,
      refused,
    });
  });

  it.each<[string, (response: ServerResponse) => void, string]>([
    ["503", (response) => response.writeHead(503).end(), "unavailable"],
    ["429", (response) => response.writeHead(429, { "retry-after": "2" }).end(), "unavailable"],
    ["401", (response) => response.writeHead(401).end(), "unauthorized"],
    ["413", (response) => response.writeHead(413).end(), "rejected"],
    ["404", (response) => response.writeHead(404).end(), "unavailable"],
    ["200 with something else", (response) => response.end("<html>"), "unavailable"],
    ["silence", () => undefined, "unavailable"],
    ["a cut answer", (response) => response.destroy(), "unavailable"],
  ])("says what to make of %s", async (_, answer, expected) => {
    const error = await failure(await answering(answer));
    expect(error.failure).toBe(expected);
    expect(error.message).not.toContain("tlp_x");
  });

  it("says when to come back", async () => {
    const made = await answering((response) => response.writeHead(503, { "retry-after": "3" }).end());
    expect((await failure(made)).retryAfterMs).toBe(3000);
  });
});

describe("the log sender", () => {
  const envelope = {
    v: 1,
    id: "01933b2e-1111-7111-8111-111111111111",
    type: "tick",
    time: "2026-11-21T09:30:00.000Z",
    tenant: "acme",
    producer: { id: "console", boot: "01933b2e-1111-7111-8111-111111111112", seq: 0 },
  };

  it("stamps `received` in its place, keys and heads the record, and refuses what is none", async () => {
    const produced: { key: string | null; value: Uint8Array }[] = [];
    const log = {
      produce: async (_topic: string, records: readonly { key: string | null; value: Uint8Array }[]) => {
        produced.push(...records);
        return await Promise.resolve();
      },
    };
    const made = createLogSender({ log, now: () => Date.parse("2026-11-21T09:30:01Z") });
    const text = JSON.stringify({ envelope });
    const result = await made.send(Buffer.from(`{"envelope":{}}\n${text}\n`), new AbortController().signal);
    expect(result.accepted).toBe(1);
    expect(result.refused).toMatchObject([{ line: 0, code: "TRIPLINE_RECORD_INVALID" }]);
    expect(Buffer.from(produced[0]?.value ?? []).toString()).toBe(
      text.replace('"tenant"', '"received":"2026-11-21T09:30:01.000Z","tenant"'),
    );
    expect(produced[0]?.key).toBe("acme/console/");
  });

  it("is unavailable when the log is", async () => {
    const log = { produce: async () => await Promise.reject(new Error("down")) };
    const made = createLogSender({ log, now: Date.now });
    await expect(
      made.send(Buffer.from(`${JSON.stringify({ envelope })}\n`), new AbortController().signal),
    ).rejects.toMatchObject({ failure: "unavailable" });
  });
});
