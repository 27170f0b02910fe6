import { type Envelope, IN_DOUBT_PRODUCER } from "@tripline/events";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Store } from "../store.ts";
import { at, id, insertRecords, openTemporaryStore, testRecord } from "../testing/index.ts";
import type { StoreReader } from "./types.ts";

let store: Store;
let reader: StoreReader;
beforeEach(async () => {
  store = await openTemporaryStore();
  reader = store.reader({ tenant: "acme", payloads: true });
});
afterEach(() => store.close());

const callOf = (n: number) => ({ id: id(2_000_000 + n), method: "tools/call" });

function intent(n: number) {
  return testRecord(n, { type: "call.intent", call: { ...callOf(n), deadline: at(n + 600) } });
}
function closing(n: number): { envelope: Envelope } {
  const { envelope } = testRecord(n, { call: { ...callOf(n), outcome: "in_doubt" }, time: at(n + 600) });
  const { payload_hash: _, ...rest } = envelope;
  return {
    envelope: { ...rest, id: id(5_000 + n), producer: { id: IN_DOUBT_PRODUCER, boot: id(3), seq: n } },
  };
}

const own = (n: number) => testRecord(n, { call: { ...callOf(n), outcome: "ok" }, id: id(6_000 + n) });

it("shows a call in doubt once, and by its own record once that came, with when it was in doubt", async () => {
  await insertRecords(store.writer, [intent(1), intent(2), closing(1), closing(2)]);
  const list = async () =>
    (await reader.searchCalls({}, { order: "oldest" })).rows.map(({ id: row, outcome }) => [row, outcome]);
  expect(await list()).toEqual([
    [id(5_001), "in_doubt"],
    [id(5_002), "in_doubt"],
  ]);
  expect(await reader.call(id(2_000_001))).toMatchObject({
    call: { envelope: { call: { outcome: "in_doubt" } } },
    in_doubt: { record_id: id(5_001), since: at(601) },
  });
  expect((await reader.activity({ since: at(0), until: at(10_000) })).outcomes).toEqual([
    { outcome: "in_doubt", calls: 2 },
  ]);

  await insertRecords(store.writer, [own(1)], 10);
  expect(await list()).toEqual([
    [id(6_001), "ok"],
    [id(5_002), "in_doubt"],
  ]);
  const doubtful = await reader.searchCalls({ outcome: "in_doubt", since: at(0), until: at(10_000) });
  expect(doubtful.rows.map((row) => row.id)).toEqual([id(5_002)]);
  expect(await reader.call(id(2_000_001))).toMatchObject({
    call: { envelope: { id: id(6_001), call: { outcome: "ok" } } },
    intent: { envelope: { type: "call.intent" } },
    in_doubt: { record_id: id(5_001), since: at(601) },
  });
  expect((await reader.session("s-1")).rows.map((row) => row.id)).toEqual([id(6_001), id(5_002)]);
  const { outcomes, minutes } = await reader.activity({ since: at(0), until: at(10_000) });
  expect(outcomes).toEqual([
    { outcome: "in_doubt", calls: 1 },
    { outcome: "ok", calls: 1 },
  ]);
  expect(minutes.map(({ calls, failed }) => [calls, failed])).toEqual([[2, 1]]);
  expect((await reader.producers(at(0))).map(({ producer }) => producer)).toEqual(["gw-1"]);
});

it("keeps the doubt that an interceptor itself recorded", async () => {
  await insertRecords(store.writer, [testRecord(1, { call: { ...callOf(1), outcome: "in_doubt" } })]);
  expect((await reader.searchCalls({ outcome: "in_doubt" })).rows).toHaveLength(1);
  expect(await reader.call(id(2_000_001))).toMatchObject({ in_doubt: null });
});
