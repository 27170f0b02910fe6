import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REVOCATION_SCOPES, type RevocationScope, type SignedRevocation } from "@tripline/events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TestResponder } from "../../test/support/revocations.ts";
import { type CallSubjects, DenyList } from "./deny-list.ts";
import { DenyListFile } from "./deny-list-file.ts";
import { EntryVerifier } from "./entry-verifier.ts";

const responder = new TestResponder();
const NOW = Date.parse("2026-11-21T09:30:00Z");
const LONG_AGO = "2026-01-05T09:30:00.000Z";

let folder: string;
let warned: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tripline-deny-"));
  warned = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function makeList(now: () => number, directory: string | undefined = folder): DenyList {
  return new DenyList({
    tenant: "acme",
    verifier: new EntryVerifier([responder.publicKey]),
    now,
    onWarning: ({ code }) => warned.push(code),
    directory,
  });
}

function callOf(scope: RevocationScope, subject: string): CallSubjects {
  const nobody = {
    credential: undefined,
    session: undefined,
    agent: undefined,
    principals: [],
    server: "-",
    tool: "-",
  };
  return scope === "principal" ? { ...nobody, principals: [subject] } : { ...nobody, [scope]: subject };
}

type Step =
  | {
      kind: "sign";
      id: number;
      scope: RevocationScope;
      subject: number;
      state: "active" | "reinstated";
      lastsS: number | null;
    }
  | { kind: "wait"; seconds: number }
  | { kind: "remove"; id: number }
  | { kind: "restart" };

const id = fc.nat({ max: 7 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("sign" as const),
      id,
      scope: fc.constantFrom(...REVOCATION_SCOPES),
      subject: fc.nat({ max: 2 }),
      state: fc.constantFrom("active" as const, "active" as const, "reinstated" as const),
      lastsS: fc.option(fc.integer({ min: 1, max: 60 })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), id }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

/** The rules in words: the newest of an id counts, a reinstated id never denies again, what is over does not deny. */
class Model {
  readonly known = new Map<string, SignedRevocation>();

  take(entry: SignedRevocation): void {
    if (this.known.get(entry.id)?.state !== "reinstated") this.known.set(entry.id, entry);
  }

  remove(removed: string, now: number): void {
    const entry = this.known.get(removed);
    if (entry !== undefined && !this.denies(entry, now)) this.known.delete(removed);
  }

  denies(entry: SignedRevocation, now: number): boolean {
    return entry.state === "active" && (entry.expires_at === undefined || Date.parse(entry.expires_at) > now);
  }

  refuses(scope: RevocationScope, subject: string, now: number): boolean {
    return [...this.known.values()].some(
      (entry) => entry.scope === scope && entry.subject === subject && this.denies(entry, now),
    );
  }
}

describe("a deny list", () => {
  it.each([
    ["in a file", () => folder],
    ["in memory", () => undefined],
  ])("%s denies what the entries say, through reinstatements, time and restarts", (_, directory) => {
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let now = NOW;
        run += 1;
        const path = join(folder, `copy-${run}.json`);
        const model = new Model();
        const file = new DenyListFile(path, ({ code }) => warned.push(code));
        let list = makeList(() => now, directory());
        list.loaded();
        for (const each of steps) {
          if (each.kind === "wait") now += each.seconds * 1000;
          else if (each.kind === "remove") {
            model.remove(`r${each.id}`, now);
            list.removed(`r${each.id}`);
          } else if (each.kind === "restart") {
            file.save(list, now);
            list.close();
            list = makeList(() => now, directory());
            new DenyListFile(path, ({ code }) => warned.push(code)).restoreInto(list);
            list.loaded();
          } else {
            const entry = responder.sign({
              id: `r${each.id}`,
              scope: each.scope,
              subject: `s${each.subject}`,
              state: each.state,
              ...(each.lastsS === null
                ? {}
                : { expires_at: new Date(now + each.lastsS * 1000).toISOString() }),
            });
            model.take(entry);
            list.entry(entry);
          }
          for (const scope of REVOCATION_SCOPES) {
            for (const subject of ["s0", "s1", "s2"]) {
              const refused = list.check(callOf(scope, subject)) !== null;
              expect(refused, `${scope} ${subject}`).toBe(model.refuses(scope, subject, now));
            }
          }
        }
        list.close();
      }),
      { numRuns: 60 },
    );
    expect(warned).toEqual([]);
  });

  it("keeps refusing when its file can't be read any more", () => {
    const list = makeList(() => NOW);
    list.entry(responder.sign({ id: "a" }));
    list.close();
    expect(list.check(callOf("credential", "local:demo"))).toMatchObject({ id: "unreadable" });
    expect(list.check(callOf("credential", "local:other"))).toBeNull();
  });
});

describe("old entries of a first list", () => {
  it("deny, are announced to nobody, and are proven when a call meets them", () => {
    const list = makeList(() => NOW);
    const announced: string[] = [];
    list.onApplied(({ entry }) => announced.push(entry.id));
    const genuine = responder.sign({ id: "old", decided_at: LONG_AGO });
    const forged = {
      ...responder.sign({ id: "forged", subject: "local:x", decided_at: LONG_AGO }),
      subject: "local:y",
    };
    list.snapshotBegins();
    list.entry(genuine);
    list.entry(forged);
    list.entry(responder.sign({ id: "new", subject: "local:new", decided_at: "2026-11-21T09:29:00.000Z" }));
    list.loaded();
    expect(announced).toEqual(["new"]);
    expect(list.check(callOf("credential", "local:demo"))?.id).toBe("old");
    expect(list.rejected).toBe(0);
    expect(list.check(callOf("credential", "local:y"))).toBeNull();
    expect(list.rejected).toBe(1);
    expect(list.check(callOf("credential", "local:new"))?.id).toBe("new");
  });

  it("a forged reinstatement in the copy lifts nothing", () => {
    const active = responder.sign({ id: "a" });
    const path = join(folder, "copy.json");
    const lines = [
      { v: 2, synced_ms: NOW - 1000 },
      { ...active, state: "reinstated" },
    ];
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const list = makeList(() => NOW);
    new DenyListFile(path, ({ code }) => warned.push(code)).restoreInto(list);
    list.entry({ ...active });
    list.entry(responder.sign({ id: "a", reason: "again" }));
    expect(list.check(callOf("credential", "local:demo"))?.id).toBe("a");
  });
});

describe("the copy", () => {
  it("grows by what changed, and is read with the news beside it", () => {
    const path = join(folder, "copy.json");
    const list = makeList(() => NOW);
    const file = new DenyListFile(path, ({ code }) => warned.push(code));
    list.loaded();
    for (let n = 0; n < 50; n += 1) list.entry(responder.sign({ id: `r${n}`, subject: `local:${n}` }));
    file.save(list, NOW);
    const whole = statSync(path);
    list.entry(responder.sign({ id: "r7", subject: "local:7", state: "reinstated" }));
    list.entry(responder.sign({ id: "r50", subject: "local:50" }));
    file.save(list, NOW);
    expect(statSync(path).mtimeMs).toBe(whole.mtimeMs);
    expect(statSync(`${path}.news`).size).toBeLessThan(whole.size / 10);
    writeFileSync(`${path}.news`, '{"id": "half a li', { flag: "a" });
    const again = makeList(() => NOW);
    new DenyListFile(path, ({ code }) => warned.push(code)).restoreInto(again);
    expect(again.size).toBe(50);
    expect(again.check(callOf("credential", "local:7"))).toBeNull();
    expect(again.check(callOf("credential", "local:50"))?.id).toBe("r50");
    expect(warned).toEqual([]);
  });

  it("that was written as one object is read", () => {
    const path = join(folder, "copy.json");
    writeFileSync(path, JSON.stringify({ synced_ms: NOW, entries: [responder.sign({ id: "a" })] }));
    const list = makeList(() => NOW);
    new DenyListFile(path, ({ code }) => warned.push(code)).restoreInto(list);
    expect(list.check(callOf("credential", "local:demo"))?.id).toBe("a");
    expect(list.status()).toBe("stale");
  });
});
