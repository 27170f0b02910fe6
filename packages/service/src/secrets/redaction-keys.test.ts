import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRedactionKeys, ROTATION_OVERLAP_MS } from "./redaction-keys.ts";

let root: string;
let directory: string;
let now = 1_760_000_000_000;
const keys = () => createRedactionKeys({ directory, now: () => now });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tripline-keys-"));
  directory = join(root, "keys");
});
afterEach(() => rm(root, { recursive: true }));

describe("redaction keys", () => {
  it("are made on first use, one set a tenant, in private files", async () => {
    const acme = await keys().of("acme");
    expect(acme.keys).toEqual([{ id: acme.current, key: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    expect(await keys().of("acme")).toEqual(acme);
    expect((await keys().of("other")).keys).not.toEqual(acme.keys);
    expect((await stat(join(directory, "redaction-acme.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it("are the same for everybody who asks first at the same moment", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => keys().of("acme")));
    expect(new Set(all.map(({ current }) => current)).size).toBe(1);
    expect(await readdir(directory)).toEqual(["redaction-acme.json"]);
  });

  it("stay in force for a week after they were replaced", async () => {
    const before = await keys().of("acme");
    const rotated = await keys().rotate("acme");
    expect(rotated.current).not.toBe(before.current);
    expect(rotated.keys.map(({ id }) => id)).toEqual([before.current, rotated.current]);
    now += ROTATION_OVERLAP_MS;
    expect((await keys().of("acme")).keys.map(({ id }) => id)).toEqual([rotated.current]);
  });

  it("never name a file outside their directory, nor show what a damaged file holds", async () => {
    await expect(keys().of("../acme")).rejects.toThrow();
    await keys().of("acme");
    const path = join(directory, "redaction-acme.json");
    const { key } = JSON.parse(await readFile(path, "utf8")).keys[0];
    await writeFile(path, `{"v":1,"keys":[{"id":"a","key":"${key}"}`);
    const error = await keys()
      .of("acme")
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "TRIPLINE_REDACTION_KEYS" });
    expect(`${error}${error instanceof Error ? error.cause : ""}`).not.toContain(key);
  });
});
