import { mkdir, mkdtemp, readFile, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TriplineError } from "@tripline/events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { waitFor } from "../../../test/support/wait-for.ts";
import { createContext } from "./create-context.ts";
import { FollowedFile } from "./followed-file.ts";
import { parseYaml } from "./yaml-text.ts";

const { logger } = createContext({ service: "test", logLevel: "silent" });
const schema = z.strictObject({ n: z.number().default(0) });
const parse = (text: string) => parseYaml(text, schema, { name: "n.yaml", code: "TRIPLINE_TEST_INVALID" }).n;

describe("a followed file", () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tripline-followed-"));
    path = join(directory, "n.yaml");
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("that is missing means what an empty one does, or is written for its owner only", async () => {
    const file = await FollowedFile.open({ path, parse, logger });
    expect(file.settings).toBe(0);
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
    const initial = await FollowedFile.open({ path, parse, logger, initial: "n: 7 # days\n" });
    expect(initial.settings).toBe(7);
    expect(await readFile(path, "utf8")).toBe("n: 7 # days\n");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("takes effect when it changes, once for each change, until it is no longer followed", async () => {
    const file = await FollowedFile.open({ path, parse, logger });
    const seen: number[] = [];
    file.follow((n) => seen.push(n));
    await writeFile(path, "n: 1\n");
    await waitFor(() => seen.length > 0);
    await file.reload();
    await rm(path);
    await file.reload();
    expect(seen).toEqual([1, 0]);
    await file.stop();
    await writeFile(path, "n: 2\n");
    await file.reload();
    expect(seen).toEqual([1, 0]);
  });

  it("with a mistake keeps the last good settings, and says so until it is mended", async () => {
    await writeFile(path, "n: 1\n");
    const file = await FollowedFile.open({ path, parse, logger });
    await writeFile(path, "n: 1\nm: 2\n");
    await file.reload();
    expect(file.settings).toBe(1);
    expect(file.health()).toMatchObject({ state: "degraded", detail: expect.stringContaining("line 2, m:") });
    await writeFile(path, "n: 1\n");
    await file.reload();
    expect(file.health()).toEqual({ state: "ready" });
  });

  it("that can't be read for a while is no longer reported when it can", async () => {
    const file = await FollowedFile.open({ path, parse, logger });
    await mkdir(path);
    await file.reload();
    expect(file.problem).toContain("can't be read");
    await rmdir(path);
    await file.reload();
    expect(file.problem).toBeUndefined();
  });

  it("with a mistake stops the start", async () => {
    await writeFile(path, "n: many\n");
    await expect(FollowedFile.open({ path, parse, logger })).rejects.toThrow("n.yaml: line 1, n:");
  });

  it("is edited one change at a time, and not at all when the outcome has a mistake", async () => {
    await writeFile(path, "n: 1\n");
    const file = await FollowedFile.open({ path, parse, logger });
    const increment = (text: string) => text.replace(/\d+/, (n) => String(Number(n) + 1));
    await Promise.all([file.edit(increment), file.edit(increment), file.edit(increment)]);
    expect(file.settings).toBe(4);
    await expect(file.edit(() => "n: x\n")).rejects.toBeInstanceOf(TriplineError);
    expect([file.settings, await readFile(path, "utf8"), file.problem]).toEqual([4, "n: 4\n", undefined]);
  });
});
