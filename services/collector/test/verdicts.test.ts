import { TOPICS } from "@tripline/events";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { type RunningCollector, startCollector } from "./running-collector.ts";

const BOOT = "0192e8a0-0000-7000-8000-000000000001";
const OTHER_BOOT = "0192e8a0-0000-7000-8000-000000000002";
let collector: RunningCollector;
let key: string;

beforeAll(async () => {
  collector = await startCollector();
  key = await collector.enrol({ id: "gw" });
});
afterAll(() => collector.stop());

function verdict(over: Record<string, unknown> = {}) {
  return {
    v: 1,
    tenant: "acme",
    producer: "gw",
    boot: BOOT,
    seq: 7,
    record_id: "0192e8a0-0000-7000-8000-0000000000aa",
    verdict: "clear",
    judged_at: "2026-11-21T09:30:00.000Z",
    key_id: "d1",
    signature: "c2ln",
    ...over,
  };
}

async function publish(value: { tenant: string; producer: string }, recordKey?: string): Promise<void> {
  await collector.log.produce(TOPICS.verdicts, [
    { key: recordKey ?? `${value.tenant}/${value.producer}`, value: Buffer.from(JSON.stringify(value)) },
  ]);
}

/** Follows the stream as this boot does. */
async function follow(query: string) {
  const stop = new AbortController();
  const answer = await fetch(`${collector.url}/v1/revocations${query}`, {
    headers: { authorization: `Bearer ${key}` },
    signal: stop.signal,
  });
  const stream = { text: "", stop: () => stop.abort() };
  void (async () => {
    for await (const chunk of answer.body ?? []) stream.text += Buffer.from(chunk).toString();
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  await waitFor(() => stream.text.includes("event: loaded"));
  return stream;
}

it("passes a verdict to the boot that waits for it, and to nobody else", async () => {
  const mine = await follow(`?boot=${BOOT}`);
  const others = [await follow(`?boot=${OTHER_BOOT}`), await follow(""), await follow("?boot=nonsense")];
  await publish(verdict({ tenant: "evil" }));
  await publish(verdict({ producer: "other" }));
  await publish(verdict(), "acme/other");
  await publish({ ...verdict(), verdict: "perhaps" } as never);
  await publish(verdict());
  await waitFor(() => mine.text.includes("event: verdict"));
  const said = /event: verdict\ndata: (.*)\n/.exec(mine.text)?.[1] ?? "";
  expect(JSON.parse(said)).toEqual(verdict());
  await publish(verdict({ boot: OTHER_BOOT }));
  await waitFor(() => others[0]?.text.includes("event: verdict"));
  expect(mine.text.match(/event: verdict/g)).toHaveLength(1);
  expect(others.slice(1).some(({ text }) => text.includes("verdict"))).toBe(false);
  expect(await collector.metric("tripline_collector_verdicts_total")).toBe(2);
  expect(await collector.metric("tripline_collector_invalid_verdicts_total")).toBe(2);
  for (const stream of [mine, ...others]) stream.stop();
});
