import { expect, test } from "vitest";
import { checkRecord, MAX_LOG_RECORD_BYTES, recordBytes } from "../limits.ts";
import type { LogRecord } from "../log.ts";
import { DEAD_LETTER_HEADERS, deadLetter } from "./dead-letter.ts";

const record = (over: Partial<LogRecord>): LogRecord => ({
  topic: "in",
  partition: 2,
  offset: 7,
  appendTime: 1,
  key: "acme/local:a",
  value: Buffer.from([0xff, 0]),
  headers: { "ce-id": "1" },
  ...over,
});

test("a letter holds the original whole, and why it is one", () => {
  const letter = deadLetter(record({}), "archiver", "x".repeat(1000));
  expect(letter).toMatchObject({ key: "acme/local:a", value: Buffer.from([0xff, 0]) });
  expect(letter.headers).toMatchObject({
    "ce-id": "1",
    dead_letter_step: "archiver",
    dead_letter_offset: "7",
  });
  expect(letter.headers?.[DEAD_LETTER_HEADERS.reason]).toHaveLength(200);
  expect(letter.headers).not.toHaveProperty(DEAD_LETTER_HEADERS.cut);
});

test("what fills a record to the brim still has a letter that the log takes", () => {
  const full = { key: "k", value: Buffer.alloc(MAX_LOG_RECORD_BYTES - 65, "a") };
  expect(recordBytes(full)).toBe(MAX_LOG_RECORD_BYTES);
  const big: Partial<LogRecord>[] = [
    { ...full, headers: {} },
    { headers: { a: "b".repeat(MAX_LOG_RECORD_BYTES) }, value: Buffer.from("v") },
    { key: "k".repeat(MAX_LOG_RECORD_BYTES), value: Buffer.from("v") },
    { key: "€".repeat(MAX_LOG_RECORD_BYTES), value: null },
  ];
  for (const over of big) {
    const letter = deadLetter(record(over), "archiver", "invalid");
    expect(() => checkRecord("tripline.dead-letters", false, letter)).not.toThrow();
    expect(letter.headers?.[DEAD_LETTER_HEADERS.cut]).toBe(String(over.value?.byteLength ?? 0));
  }
});
