import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { TestResponder } from "../../test/support/revocations.ts";
import {
  type AppliedEntry,
  type CallSubjects,
  DenyList,
  RELOAD_AFTER_MS,
  STALE_AFTER_MS,
} from "./deny-list.ts";
import { DenyListFile } from "./deny-list-file.ts";
import { EntryVerifier } from "./entry-verifier.ts";

const responder = new TestResponder();
const subjects: CallSubjects = {
  credential: "local:demo",
  session: "s1",
  agent: "agent-1",
  principals: ["sub_new", "sub_old"],
  server: "files",
  tool: "files/read",
};

let now: number;
let warned: string[];
let list: DenyList;
let applied: AppliedEntry[];

beforeEach(() => {
  now = Date.parse("2026-11-21T09:30:00Z");
  warned = [];
  list = make();
  applied = [];
  list.onApplied((entry) => applied.push(entry));
});

function make(): DenyList {
  return new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([responder.publicKey]),
    now: () => now,
    onWarning: ({ code }) => warned.push(code),
  });
}

describe("what denies", () => {
  it.each([
    ["credential", "local:demo"],
    ["session", "s1"],
    ["agent", "agent-1"],
    ["principal", "sub_old"],
    ["tool", "files/read"],
    ["server", "files"],
  ] as const)("is a live entry for the call's %s", (scope, subject) => {
    list.entry(responder.sign({ id: "other", scope, subject: "somebody-else" }));
    expect(list.check(subjects)).toBeNull();
    list.entry(responder.sign({ id: "this", scope, subject }));
    expect(list.check(subjects)?.id).toBe("this");
  });

  it("is not another tenant's entry", () => {
    list.entry(responder.sign({ id: "a", tenant: "umbrella" }));
    expect(list.check(subjects)).toBeNull();
  });

  it("ends with its expiry, and with nothing else of the same subject's", () => {
    list.entry(responder.sign({ id: "short", expires_at: "2026-11-21T09:31:00.000Z" }));
    list.entry(responder.sign({ id: "long", expires_at: "2026-11-21T09:40:00.000Z" }));
    now += 2 * 60_000;
    expect(list.check(subjects)?.id).toBe("long");
    now += 10 * 60_000;
    expect(list.check(subjects)).toBeNull();
    expect(list.size).toBe(0);
  });

  it("is lifted by its own reinstatement only, for good", () => {
    const first = responder.sign({ id: "first" });
    list.entry(first);
    list.entry(responder.sign({ id: "second" }));
    list.entry(responder.sign({ id: "first", state: "reinstated" }));
    expect(list.check(subjects)?.id).toBe("second");
    list.entry(responder.sign({ id: "second", state: "reinstated" }));
    expect(list.check(subjects)).toBeNull();
    list.entry(first);
    expect(list.check(subjects)).toBeNull();
    expect(applied.map(({ entry }) => `${entry.id} ${entry.state}`)).toEqual([
      "first active",
      "second active",
      "first reinstated",
      "second reinstated",
    ]);
  });

  it("is not lifted by a tombstone while it lives", () => {
    list.entry(responder.sign({ id: "a" }));
    list.removed("a");
    expect(list.check(subjects)?.id).toBe("a");
  });
});

describe("forgeries", () => {
  it("are refused and counted: unsigned, changed, by another key, under another key's id", () => {
    const genuine = responder.sign({ id: "a" });
    const { signature, ...unsigned } = genuine;
    list.entry(unsigned);
    list.entry({ ...genuine, subject: "local:victim" });
    list.entry(new TestResponder("other").sign({ id: "b" }));
    list.entry(new TestResponder("responder-1").sign({ id: "b" }));
    list.entry({ ...genuine, signature: signature.slice(0, -4) });
    list.entry("nonsense");
    expect(list.rejected).toBe(6);
    expect(list.size).toBe(0);
    expect(warned).toContain("TRIPLINE_REVOCATION_REJECTED");
    list.entry(responder.sign({ id: "a" }));
    list.entry({ ...genuine, state: "reinstated" });
    expect(list.check({ ...subjects })?.id).toBe("a");
  });
});

describe("status", () => {
  it("is empty until a whole list came, fresh while in touch, stale after a minute of silence", () => {
    expect(list.status()).toBe("empty");
    list.snapshotBegins();
    list.entry(responder.sign({ id: "a" }));
    expect(list.status()).toBe("empty");
    list.loaded();
    expect(list.status()).toBe("fresh");
    now += STALE_AFTER_MS;
    expect(list.status()).toBe("stale");
    list.contact();
    expect(list.status()).toBe("fresh");
  });
});

describe("the copy on disk", () => {
  let path: string;

  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), "tripline-deny-")), "deny-list.json");
    return () => rmSync(join(path, ".."), { recursive: true, force: true });
  });

  function file(): DenyListFile {
    return new DenyListFile(path, ({ code }) => warned.push(code));
  }

  function saved(): void {
    list.snapshotBegins();
    list.entry(responder.sign({ id: "a" }));
    list.loaded();
    file().save(list, now);
  }

  it("denies from the first call on, and says so of nothing that was said before", () => {
    saved();
    const restarted = make();
    restarted.onApplied((entry) => applied.push(entry));
    applied = [];
    file().restoreInto(restarted);
    expect(restarted.check(subjects)?.id).toBe("a");
    expect(restarted.status()).toBe("stale");
    expect(applied).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("is verified: what was put into it by hand does not count", () => {
    saved();
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("local:demo", "local:victim"));
    const restarted = make();
    file().restoreInto(restarted);
    expect(restarted.check({ ...subjects, credential: "local:victim" })).toBeNull();
    expect(restarted.rejected).toBe(1);
    expect(restarted.size).toBe(0);
  });

  it.each([
    ["kept beside a snapshot without it when it is young", RELOAD_AFTER_MS - 1000, "a"],
    ["replaced by the snapshot when it is older than a day", RELOAD_AFTER_MS + 1000, undefined],
  ])("is %s", (_, age, expected) => {
    saved();
    const restarted = make();
    file().restoreInto(restarted);
    now += age;
    restarted.snapshotBegins();
    expect(restarted.check(subjects)?.id).toBe("a");
    restarted.loaded();
    expect(restarted.check(subjects)?.id).toBe(expected);
  });

  it("that is damaged is a warning", () => {
    writeFileSync(path, "{");
    file().restoreInto(list);
    expect(list.status()).toBe("empty");
    expect(warned).toEqual(["TRIPLINE_DENY_LIST_COPY"]);
  });
});
