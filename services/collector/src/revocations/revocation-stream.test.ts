import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { MAX_BUFFERED_BYTES, RevocationStream } from "./revocation-stream.ts";

const frame = (text: string) => Buffer.from(`data: ${text}\n\n`);
const NEVER_MS = 1e9;

describe("RevocationStream", () => {
  it("keeps what comes while the list is sent behind `loaded`", async () => {
    const stream = new RevocationStream([frame("a"), frame("b")]);
    stream.offer(frame("c"));
    let text = "";
    for await (const chunk of stream) {
      text += chunk;
      if (text.includes("data: c")) break;
    }
    expect(text).toBe("data: a\n\ndata: b\n\nevent: loaded\ndata: {}\n\ndata: c\n\n");
  });

  it("ends at once when it is told to, whatever comes after", async () => {
    const stream = new RevocationStream([frame("a")]);
    stream.finish();
    expect(stream.offer(frame("late"))).toBe(true);
    stream.finish();
    const chunks: string[] = [];
    for await (const chunk of stream) chunks.push(String(chunk));
    expect(chunks).toEqual([]);
  });

  it("cuts a client off that owes too much, and not one byte earlier", async () => {
    const stream = new RevocationStream([]);
    const half = Buffer.alloc(MAX_BUFFERED_BYTES / 2);
    expect([stream.offer(half), stream.offer(half)]).toEqual([true, true]);
    expect(stream.destroyed).toBe(false);
    expect(stream.offer(Buffer.alloc(1))).toBe(false);
    await once(stream, "close");
  });

  it("cuts a client off that took nothing for long, and leaves one alone that did", async () => {
    const stuck = new RevocationStream([]);
    stuck.offer(frame("a"));
    expect(stuck.comment(NEVER_MS)).toBe(true);
    expect(stuck.comment(-1)).toBe(false);
    expect(stuck.destroyed).toBe(true);

    const reading = new RevocationStream([]);
    const chunks: string[] = [];
    reading.on("data", (chunk) => chunks.push(String(chunk)));
    await once(reading, "data");
    expect(reading.comment(-1)).toBe(true);
    expect(chunks.join("")).toBe("event: loaded\ndata: {}\n\n: still here\n\n");
    reading.destroy();
  });
});
