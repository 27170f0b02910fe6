import { controlKey, type Mute, TOPIC_CLEANUP, TOPICS } from "@tripline/events";
import { createContext } from "@tripline/service";
import { createMemoryLog, type Log } from "@tripline/stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../../test/support/wait-for.ts";
import { ControlsView, ControlsWriter, followControls } from "./index.ts";

let log: Log;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  log = createMemoryLog();
  await log.ensureTopics([{ name: TOPICS.controls, partitions: 3, cleanup: TOPIC_CLEANUP[TOPICS.controls] }]);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await log.close();
});

const context = createContext({ service: "test", logLevel: "silent" });

function mute(id: string, changes: Partial<Mute> = {}): Mute {
  return {
    v: 1,
    kind: "mute",
    id,
    tenant: "acme",
    by: "ana",
    at: "2026-11-21T09:30:00.000Z",
    reason: "a planned migration",
    until: "2026-11-22T09:30:00.000Z",
    match: { rule: "call-burst" },
    ...changes,
  };
}

async function following(): Promise<ControlsView> {
  const view = new ControlsView();
  const table = await followControls({ log, view, context });
  closing.push(() => table.close());
  return view;
}

test("what one writes, it and all others see; what it removes is gone for all", async () => {
  const [own, other] = [new ControlsView(), await following()];
  const writer = new ControlsWriter({ log, view: own });
  await writer.write(mute("m-1"));
  await writer.write(mute("m-2", { at: "2026-11-20T09:30:00.000Z" }));
  expect(own.get("acme", "mute", "m-1")).toEqual(mute("m-1"));
  await waitFor(() => other.all("acme", "mute").length === 2);
  expect(other.all("acme", "mute").map(({ id }) => id)).toEqual(["m-2", "m-1"]);
  await writer.remove(mute("m-1"));
  expect(own.all("acme", "mute").map(({ id }) => id)).toEqual(["m-2"]);
  await waitFor(() => other.all("acme", "mute").length === 1);
  expect((await following()).all("acme", "mute")).toEqual(other.all("acme", "mute"));
});

test("a tenant's are its own, and so is each kind", async () => {
  const view = new ControlsView();
  await new ControlsWriter({ log, view }).write(mute("m-1"));
  expect(view.all("other", "mute")).toEqual([]);
  expect(view.get("other", "mute", "m-1")).toBeUndefined();
  expect(view.get("acme", "halt", "m-1")).toBeUndefined();
  expect(view.every("mute")).toHaveLength(1);
});

test("of one key the later entry counts, in whatever order they arrive", () => {
  const view = new ControlsView();
  view.remove(controlKey(mute("m-1")), 7);
  view.apply(mute("m-1"), 5);
  expect(view.all("acme", "mute")).toEqual([]);
  view.apply(mute("m-1"), 8);
  expect(view.all("acme", "mute")).toHaveLength(1);
});

test("what is no control, or stands under another's key, is not believed and holds nothing up", async () => {
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  await log.produce(TOPICS.controls, [
    { key: "acme/mute/x", value: bytes({ kind: "mute" }) },
    { key: "other/mute/m-1", value: bytes(mute("m-1")) },
    { key: controlKey(mute("m-2")), value: bytes(mute("m-2")) },
  ]);
  const view = await following();
  expect(view.every("mute").map(({ id }) => id)).toEqual(["m-2"]);
});
